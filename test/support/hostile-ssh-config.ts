/** Every option that this machine's ssh knows, with values that break or bend what a session needs. */

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempFolder } from './temp-folder.ts';

/** Of options that are not broken by the values for all. */
const special: Readonly<Record<string, readonly string[]>> = {
  addkeystoagent: ['yes', 'confirm'],
  addressfamily: ['inet6'],
  bindaddress: ['192.0.2.1'],
  bindinterface: ['nosuch0'],
  canonicaldomains: ['example.invalid'],
  canonicalizemaxdots: ['0'],
  canonicalizehostname: ['always'],
  canonicalizepermittedcnames: ['*.example:*.example'],
  gssapikexalgorithms: ['gss-group14-sha256-'],
  casignaturealgorithms: ['ssh-ed25519'],
  ciphers: ['aes256-gcm@openssh.com', '3des-cbc'],
  connectionattempts: ['1'],
  connecttimeout: ['1'],
  controlmaster: ['auto', 'yes'],
  controlpath: ['/nonexistent/%C'],
  dynamicforward: ['1'],
  escapechar: ['none', '^]'],
  fingerprinthash: ['md5'],
  forwardagent: ['yes', '/nonexistent'],
  globalknownhostsfile: ['/nonexistent'],
  hostbasedacceptedalgorithms: ['ssh-ed25519'],
  hostkeyalgorithms: ['ssh-ed25519', 'ecdsa-sha2-nistp256'],
  hostkeyalias: ['elsewhere'],
  hostname: ['192.0.2.1', '%h.example.invalid'],
  identityfile: ['/nonexistent', 'none'],
  ignoreunknown: ['*'],
  ipqos: ['none', 'af11'],
  kbdinteractivedevices: ['pam'],
  kexalgorithms: ['sntrup761x25519-sha512@openssh.com', 'diffie-hellman-group18-sha512'],
  knownhostscommand: ['/bin/false', '/bin/sleep 600'],
  localcommand: ['/bin/false'],
  localforward: ['1 127.0.0.1:1'],
  loglevel: ['QUIET', 'DEBUG3'],
  logverbose: ['*'],
  macs: ['umac-64-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com'],
  numberofpasswordprompts: ['1'],
  obscurekeystroketiming: ['interval:10'],
  permitremoteopen: ['none'],
  pkcs11provider: ['/nonexistent'],
  port: ['1'],
  preferredauthentications: ['password', 'gssapi-with-mic'],
  proxycommand: ['/bin/false', '/bin/sleep 600'],
  proxyjump: ['nowhere.invalid'],
  pubkeyacceptedalgorithms: ['ssh-ed25519', 'ecdsa-sha2-nistp256'],
  rekeylimit: ['16', '1K 1'],
  remotecommand: ['/bin/false', '/bin/sleep 600'],
  remoteforward: ['1 127.0.0.1:1'],
  requesttty: ['force', 'no'],
  requiredrsasize: ['4096'],
  revokedhostkeys: ['/nonexistent'],
  securitykeyprovider: ['/nonexistent'],
  sendenv: ['*'],
  serveralivecountmax: ['0', '1'],
  serveraliveinterval: ['1'],
  sessiontype: ['none', 'subsystem'],
  setenv: ['A=b'],
  streamlocalbindmask: ['0777'],
  stricthostkeychecking: ['ask', 'no'],
  syslogfacility: ['AUTH'],
  tunnel: ['yes', 'ethernet'],
  tunneldevice: ['0:0'],
  user: ['nobody'],
  userknownhostsfile: ['/nonexistent', 'none'],
  xauthlocation: ['/nonexistent'],
};

const forAll = ['yes', 'no', 'none'] as const;

export interface HostileOption {
  /** In lower case. */
  readonly name: string;
  /** Those that this ssh takes. */
  readonly values: readonly string[];
}

export function hostileOptions(): readonly HostileOption[] {
  using folder = tempFolder();
  const path = join(folder.path, 'config');
  const isTaken = (name: string, value: string): boolean => {
    writeFileSync(path, `Host *\n  ${name} ${value}\n`);
    try {
      execFileSync('ssh', ['-G', '-F', path, '-o', 'CanonicalizeHostname=no', '127.0.0.1'], {
        stdio: 'ignore',
      });
      return true;
    } catch {
      return false;
    }
  };
  return knownOptions().map((name) => ({
    name,
    values: (special[name] ?? forAll).filter((value) => isTaken(name, value)),
  }));
}

/** What `ssh -G` prints and the manual lists; a manual may not be installed. */
function knownOptions(): readonly string[] {
  const printed = execFileSync('ssh', ['-G', '-F', 'none', 'x'], { encoding: 'utf8', stdio: 'pipe' });
  const names = printed.split('\n').map((line) => line.split(' ')[0] ?? '');
  const all = new Set([...names, ...manual(), ...Object.keys(special)].map((name) => name.toLowerCase()));
  // No options: what they apply to, other files, and what ssh was asked for.
  for (const other of ['', 'host', 'match', 'include']) all.delete(other);
  return [...all].sort();
}

function manual(): readonly string[] {
  try {
    const env = { ...process.env, MANPAGER: 'cat', PAGER: 'cat', MANWIDTH: '80' };
    const text = execFileSync('man', ['ssh_config'], { encoding: 'utf8', stdio: 'pipe', env });
    return [
      ...text
        .replaceAll(new RegExp(`.${String.fromCharCode(8)}`, 'g'), '')
        .matchAll(/^ {5}([A-Z][A-Za-z0-9]+)$/gm),
    ].map(([, name]) => name ?? '');
  } catch {
    return [];
  }
}
