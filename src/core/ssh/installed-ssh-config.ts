/** What stands in the file that `sshConfigText` wrote, perhaps long ago and with other settings. */

import { ProtocolError } from '../../errors.ts';
import type { Provider } from '../session/provider.ts';
import type { SessionRef } from '../session/session.ts';
import { splitWords } from '../text/shell-words.ts';
import { hostPatterns, hostSuffixOf, partOf, usualProfile } from './config-sections.ts';
import { setOption } from './proxy-command.ts';
import { hostOfId, isHostName, type SshConfigFacts } from './ssh-config.ts';

export interface InstalledSshConfig {
  readonly profile: string;
  readonly user: string | undefined;
  /** What chooses the manager when ssh starts bai: options such as `--profile`. */
  readonly choice: readonly string[];
  /** Host → id of the session it was listed for. */
  readonly listed: ReadonlyMap<string, string>;
}

/** Nothing for a file that does not end with the hosts of all sessions. */
export function readInstalled(file: string, profile = usualProfile): InstalledSshConfig | undefined {
  const text = partOf(file, profile) ?? '';
  const [pattern] = hostPatterns(profile).flatMap((line) => text.split(`\n${line}`).slice(1));
  const user = /^ {2}User (.+)$/m.exec(pattern ?? '')?.[1];
  const command = /^ {2}ProxyCommand (.+)$/m.exec(pattern ?? '')?.[1];
  if (command === undefined) return undefined;
  const words = splitWords(command.replaceAll('%%', '%'));
  const listed = text.matchAll(/^Host (\S+)\n {2}HostKeyAlias \S+\n.*\n {2}ProxyCommand .* -- (\S+)$/gm);
  return {
    profile,
    user,
    choice: managerChoice(words.slice(0, words.lastIndexOf('--stdio') - 2)),
    listed: new Map([...listed].map(([, host = '', id = '']) => [host, id])),
  };
}

/** Whether ssh starts bai with the options it has now, so that a name means the same session to both. */
export function choosesAlike(
  { choice, profile }: Pick<InstalledSshConfig, 'choice' | 'profile'>,
  { bai }: Pick<SshConfigFacts, 'bai'>,
): boolean {
  // An option says whose hosts they are, or a variable does.
  const others = (words: readonly string[]): string => {
    const at = words.findIndex((word, index) => word === '--profile' && words[index + 1] === profile);
    return JSON.stringify(at < 0 ? words : words.toSpliced(at, 2));
  };
  return others(choice) === others(managerChoice(bai));
}

/** Behind the absolute paths of node and launcher, and what Windows has no `env` for; those may be others now, and work all the same. */
function managerChoice(bai: readonly string[]): readonly string[] {
  const first = bai.findIndex((word) => word.startsWith('--'));
  const options = first < 0 ? [] : bai.slice(first);
  const isSet = (index: number): boolean => options[index] === setOption;
  return options.filter((_, index) => !isSet(index) && !isSet(index - 1));
}

/**
 * A host name that means this session and no other. Not its own name when that is none for a host, when the user gave an id
 * (another session may have the name as well), or when the file lists another session under it, such as one that has ended.
 */
export function hostOfSession(
  { id, name }: SessionRef,
  reference: string,
  { listed, isId, profile }: Pick<InstalledSshConfig, 'listed' | 'profile'> & Pick<Provider, 'isId'>,
): string {
  const host = `${name}${hostSuffixOf(profile)}`;
  const isPlain = isHostName(name) && !isId(name) && !isId(reference);
  if (isPlain && (listed.get(host) ?? id) === id) return host;
  if (!isId(id)) throw new ProtocolError(`the manager calls "${id}" the id of session ${name}`);
  return hostOfId(id, profile);
}
