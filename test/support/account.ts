/** Programs in whose eyes the account's home folder is one of the test's: ssh takes that from the password file, not from HOME. */

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { inNamespace } from './namespace.ts';

/** Why it cannot be had here, or nothing. */
export const accountMissing: string | undefined = ((): string | undefined => {
  try {
    execFileSync('unshare', [...inNamespace, 'true'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'no mount namespaces';
  }
})();

/** What stands in front of a command for that. `passwd` is a new file's path. */
export function withHome(home: string, passwd: string): string[] {
  const { username, uid, gid } = userInfo();
  const others = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .filter((line) => !line.startsWith(`${username}:`));
  writeFileSync(passwd, [`${username}:x:${uid}:${gid}::${home}:/bin/sh`, ...others].join('\n'));
  return ['unshare', ...inNamespace, 'sh', '-c', 'mount --bind "$0" /etc/passwd && exec "$@"', passwd];
}
