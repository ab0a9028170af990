/** What people type into the clients they have: command lines for PuTTY and WinSCP, the fields of FileZilla's dialog. */

import { linesFor, type ReadyLine, type Shell } from '../text/shells.ts';

export const clientPrograms = ['openssh', 'putty', 'plink', 'psftp', 'pscp', 'winscp', 'filezilla'] as const;

export type ClientProgram = (typeof clientPrograms)[number];

/** Those that read PuTTY's key files, and no others. */
export type PuttyLike = Exclude<ClientProgram, 'openssh'>;

export interface HostKey {
  readonly type: string;
  /** `SHA256:…` */
  readonly sha256: string;
  /** `MD5:aa:bb:…` */
  readonly md5: string;
}

export interface ClientTarget {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly keyFile: string;
  /** The pinned ones; no other is to be accepted. */
  readonly hostKeys: readonly HostKey[];
  readonly home: string;
}

/** None for FileZilla, which has a dialog. */
export function clientCommands(program: PuttyLike, target: ClientTarget, shell: Shell): readonly ReadyLine[] {
  return commandsOf(program, target).flatMap((words) => linesFor(shell, words));
}

function commandsOf(program: PuttyLike, target: ClientTarget): readonly (readonly string[])[] {
  const remote = `${target.user}@${target.host}`;
  const options = puttyOptions(target);
  switch (program) {
    case 'putty':
      return [['putty', '-ssh', ...options, remote]];
    case 'plink':
      // The question whether what follows is really the session comes after the host key was checked, and stops scripts.
      return [['plink', '-ssh', '-no-antispoof', ...options, remote]];
    case 'psftp':
      return [['psftp', ...options, remote]];
    case 'pscp':
      return [['pscp', ...options, '-r', 'FILE', `${remote}:${target.home}/`]];
    case 'winscp':
      return winscpCommands(target);
    case 'filezilla':
      return [];
  }
}

function puttyOptions({ port, keyFile, hostKeys }: ClientTarget): string[] {
  return ['-P', String(port), '-i', keyFile, ...hostKeys.flatMap(({ sha256 }) => ['-hostkey', sha256])];
}

/** In a window, and as a script. The short form of a fingerprint has no spaces, so it stands in URLs too. */
function winscpCommands(target: ClientTarget): readonly (readonly string[])[] {
  const { host, port, user, keyFile, home } = target;
  const url = `sftp://${encodeURIComponent(user)}@${host}:${port}${home}/`;
  const keys = target.hostKeys.map(winscpFingerprint).join(';');
  const script = ['open', url, `-privatekey=${scriptWord(keyFile)}`, `-hostkey=${scriptWord(keys)}`];
  return [
    ['winscp.exe', winscpUrl(target), `/privatekey=${keyFile}`],
    ['winscp.com', '/command', script.join(' ')],
  ];
}

/** Opens a session in WinSCP's window, with the host key it must have; a key file does not go into it. */
export function winscpUrl({ user, host, port, home, hostKeys }: ClientTarget): string {
  const [key] = hostKeys;
  const fingerprint = key === undefined ? '' : `;fingerprint=${winscpFingerprint(key)}`;
  return `sftp://${encodeURIComponent(user)}${fingerprint}@${host}:${port}${home}/`;
}

function winscpFingerprint({ type, sha256 }: HostKey): string {
  const digest = sha256.replace('SHA256:', '').replaceAll('+', '-').replaceAll('/', '_');
  return `${type}-${digest}`;
}

/** WinSCP's own quotes, in which a doubled one stands for one. */
function scriptWord(word: string): string {
  return /[\s"]/.test(word) ? `"${word.replaceAll('"', '""')}"` : word;
}

/** FileZilla's Site Manager, field by field, as its dialog names them. */
export function filezillaFields(target: ClientTarget): Readonly<Record<string, string>> {
  const [key] = target.hostKeys;
  return {
    Protocol: 'SFTP - SSH File Transfer Protocol',
    Host: target.host,
    Port: String(target.port),
    'Logon Type': 'Key file',
    User: target.user,
    'Key file': target.keyFile,
    'Default remote directory': target.home,
    ...(key !== undefined && { 'Host key': `${key.sha256} (${key.md5})` }),
  };
}
