/** An SFTP server that says whatever a test wants. */

import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2, { type Attributes, type Connection, type ServerChannel, type SFTPWrapper } from 'ssh2';
import type { ServerAddress } from '../e2e/transfer-session.ts';
import { generateKey } from '../support/sshd.ts';

export interface Lies {
  /** It answers no request at all. */
  readonly isSilent?: boolean;
  /** What a folder lists, in the order of the parts it comes in. Unknown paths are files. */
  readonly folders?: Readonly<Record<string, readonly ListedName[]>>;
  /** Instead of the end of a listing. */
  readonly moreNames?: (request: Request) => void;
  /** What a file reports of itself. */
  readonly attributes?: Partial<Attributes>;
  readonly onRead?: (request: Request, position: number, length: number) => void;
  readonly onWrite?: (request: Request, data: Buffer) => void;
  readonly onOpen?: (request: Request, path: string) => void;
  readonly onRename?: (request: Request, from: string, to: string) => void;
  /** Without it no program can be run. */
  readonly onExec?: (channel: ServerChannel, command: string) => void;
  readonly onStat?: (request: Request, path: string) => void;
  /** Of the name itself; as `onStat` unless said otherwise. */
  readonly onLstat?: (request: Request, path: string) => void;
  readonly onFstat?: (request: Request, path: string) => void;
  readonly onRealpath?: (request: Request, path: string) => void;
  readonly onFsetstat?: (request: Request, path: string) => void;
}

export interface ListedName {
  readonly name: string;
  /** With the type bits; an ordinary file unless said otherwise. */
  readonly mode?: number;
}

export interface Request {
  readonly sftp: SFTPWrapper;
  readonly id: number;
}

export interface Liar extends ServerAddress, AsyncDisposable {
  /** Paths that were opened, for reading or writing. */
  readonly opened: readonly string[];
  /** Paths of every request that changes something. */
  readonly changed: readonly string[];
}

export const fileMode = 0o100_644;
export const folderMode = 0o040_755;
export const linkMode = 0o120_777;
export const fileText = 'from the liar';

/** What nobody listens for ssh2 answers by itself. */
const requestNames = [
  ...['OPEN', 'READ', 'WRITE', 'FSTAT', 'FSETSTAT', 'CLOSE', 'OPENDIR', 'READDIR', 'LSTAT', 'STAT', 'REMOVE'],
  ...['RMDIR', 'REALPATH', 'READLINK', 'SETSTAT', 'MKDIR', 'RENAME', 'SYMLINK', 'EXTENDED'],
] as const;

const { OK, EOF, OP_UNSUPPORTED } = ssh2.utils.sftp.STATUS_CODE;

export async function startLiar(lies: Lies): Promise<Liar> {
  const folder = await mkdtemp(join(tmpdir(), 'bai-liar-'));
  const privateKeyPath = join(folder, 'key');
  await writeFile(privateKeyPath, generateKey().private, { mode: 0o600 });
  const opened: string[] = [];
  const changed: string[] = [];
  const connections = new Set<Connection>();
  const server = new ssh2.Server({ hostKeys: [generateKey().private] }, (connection) => {
    connections.add(connection);
    connection.on('error', () => {});
    connection.on('authentication', (context) => context.accept());
    connection.on('session', (accept) => {
      const session = accept().on('sftp', (acceptSftp) => lie(acceptSftp(), { lies, opened, changed }));
      const { onExec } = lies;
      if (onExec) session.on('exec', (acceptExec, _, { command }) => onExec(acceptExec(), command));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as { port: number }).port,
    user: 'work',
    privateKeyPath,
    opened,
    changed,
    [Symbol.asyncDispose]: async () => {
      for (const connection of connections) connection.end();
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface Lying {
  readonly lies: Lies;
  readonly opened: string[];
  readonly changed: string[];
}

function lie(sftp: SFTPWrapper, lying: Lying): void {
  const { lies, changed } = lying;
  sftp.on('error', () => {});
  if (lies.isSilent === true) {
    for (const name of requestNames) sftp.on(name, () => {});
    return;
  }
  answerHandles(sftp, lying);
  const stat = (id: number, path: string): void => {
    if (lies.onStat) lies.onStat({ sftp, id }, path);
    else sftp.attrs(id, attributesOf(path, lies));
  };
  sftp.on('STAT', stat);
  sftp.on('LSTAT', (id, path) => (lies.onLstat ? lies.onLstat({ sftp, id }, path) : stat(id, path)));
  sftp.on('REALPATH', (id, path) => {
    if (lies.onRealpath) lies.onRealpath({ sftp, id }, path);
    else sftp.name(id, [named(path, fileMode)]);
  });
  const change = (id: number, path: string): void => {
    changed.push(path);
    sftp.status(id, OK);
  };
  for (const event of ['REMOVE', 'RMDIR', 'MKDIR', 'SETSTAT', 'SYMLINK']) sftp.on(event, change);
  sftp.on('RENAME', (id, from, to) => {
    if (lies.onRename) lies.onRename({ sftp, id }, from, to);
    else change(id, from);
  });
  sftp.on('EXTENDED', (id) => sftp.status(id, OP_UNSUPPORTED));
}

/** A handle is the number of the open request: paths are longer than ssh2 lets a handle be. */
function answerHandles(sftp: SFTPWrapper, { lies, opened }: Lying): void {
  const paths: string[] = [];
  const listed = new Set<number>();
  const open = (id: number, path: string): void => sftp.handle(id, Buffer.from(`${paths.push(path) - 1}`));
  const pathOf = (handle: Buffer): string => paths[Number(handle)] ?? '';
  sftp.on('OPEN', (id, path) => {
    opened.push(path);
    if (lies.onOpen) lies.onOpen({ sftp, id }, path);
    else open(id, path);
  });
  sftp.on('OPENDIR', open);
  sftp.on('READDIR', (id, handle) => {
    const names = lies.folders?.[pathOf(handle)] ?? [];
    if (!listed.has(Number(handle)) && names.length > 0) {
      listed.add(Number(handle));
      sftp.name(
        id,
        names.map(({ name, mode }) => named(name, mode ?? fileMode)),
      );
    } else if (lies.moreNames) lies.moreNames({ sftp, id });
    else sftp.status(id, EOF);
  });
  sftp.on('FSTAT', (id, handle) => {
    if (lies.onFstat) lies.onFstat({ sftp, id }, pathOf(handle));
    else sftp.attrs(id, attributesOf(pathOf(handle), lies));
  });
  sftp.on('FSETSTAT', (id, handle) => {
    if (lies.onFsetstat) lies.onFsetstat({ sftp, id }, pathOf(handle));
    else sftp.status(id, OK);
  });
  sftp.on('READ', (id, _, position, length) => {
    if (lies.onRead) lies.onRead({ sftp, id }, position, length);
    else if (position >= fileText.length) sftp.status(id, EOF);
    else sftp.data(id, Buffer.from(fileText).subarray(position, position + length));
  });
  sftp.on('WRITE', (id, _, __, data) => {
    if (lies.onWrite) lies.onWrite({ sftp, id }, data);
    else sftp.status(id, OK);
  });
  sftp.on('CLOSE', (id) => sftp.status(id, OK));
}

export function named(
  filename: string,
  mode: number,
): { filename: string; longname: string; attrs: Attributes } {
  return { filename, longname: filename, attrs: { ...attributesFor(mode) } };
}

function attributesOf(path: string, lies: Lies): Attributes {
  if (lies.folders && Object.hasOwn(lies.folders, path)) return attributesFor(folderMode);
  return { ...attributesFor(fileMode), ...lies.attributes };
}

function attributesFor(mode: number): Attributes {
  return { mode, uid: 0, gid: 0, size: fileText.length, atime: 0, mtime: 0 };
}
