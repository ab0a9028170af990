/** A session's home folder: made with its keys when the session is prepared, removed when it ends. */

import { chmod, mkdir, realpath, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder } from '../../files/make-folder.ts';
import type { SshKeypair } from '../model/accounts.ts';

/** A home folder of this machine, and where clients believe it to be. */
export interface Home {
  /** Its real path. */
  readonly folder: string;
  /** `/home/work` */
  readonly path: string;
}

/** Where clients believe the home of a session to be. */
export const clientHome = '/home/work';

interface HomeRequest {
  readonly root: string;
  /** Its name below the root. */
  readonly folder: string;
  readonly hostname: string;
  readonly keypair: SshKeypair;
  /** The account's pair also becomes `~/.ssh/id_rsa`; one the session made does not. */
  readonly keypairOfAccount: boolean;
  /** Folders inside the home, relative to it. */
  readonly mounts: readonly string[];
}

/** Makes the home of a session of Backend.AI and returns its real path. */
export async function makeHome(request: HomeRequest): Promise<string> {
  const { publicKey, privateKey } = request.keypair;
  const home = await makePlainHome({
    root: request.root,
    folder: request.folder,
    prompt: `work@${request.hostname}:\\w\\$ `,
    authorizedKeys: publicKey,
  });
  if (request.keypairOfAccount) await writeFile(join(home, '.ssh', 'id_rsa'), privateKey, secret);
  await writeFile(join(home, 'id_container'), privateKey, secret);
  for (const mount of request.mounts) await makeFolder(join(home, mount));
  return home;
}

interface PlainHomeRequest {
  readonly root: string;
  /** Its name below the root. */
  readonly folder: string;
  /** As bash reads PS1, without quotes. */
  readonly prompt: string;
  /** The whole file; nothing: there is none, and nobody gets in. */
  readonly authorizedKeys: string | undefined;
}

/** Makes the folder (0700) with what sshd and bash look for in it, and returns its real path. */
export async function makePlainHome(request: PlainHomeRequest): Promise<string> {
  await makeFolder(request.root, 0o700);
  const home = join(await realpath(request.root), request.folder);
  await mkdir(home, { mode: 0o700 });
  await chmod(home, 0o700);
  await mkdir(join(home, '.ssh'), { mode: 0o700 });
  const keys = request.authorizedKeys;
  if (keys !== undefined) await writeFile(join(home, '.ssh', 'authorized_keys'), keys, secret);
  await writeFile(join(home, '.bashrc'), `PS1='${request.prompt}'\n`, { mode: 0o644 });
  await writeFile(join(home, '.bash_profile'), '. ~/.bashrc\n', { mode: 0o644 });
  return home;
}

const secret = { mode: 0o600, flag: 'wx' };

export async function removeHome(home: string): Promise<void> {
  // Something a user left running may still write while the folder is emptied.
  await rm(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}

/** Maps a mount's target, as clients write it, into the home; undefined when it would lie elsewhere. */
export function mountFolder(name: string, target: string | undefined): string | undefined {
  const path = target ?? name;
  const relative = path.startsWith('/') ? insideClientHome(path) : path;
  if (relative === undefined || relative === '') return undefined;
  const parts = relative.split('/').filter((part) => part !== '' && part !== '.');
  const first = parts[0];
  if (first === undefined || parts.includes('..') || reserved.has(first)) return undefined;
  return parts.join('/');
}

const reserved = new Set(['.ssh', '.bashrc', '.bash_profile', 'id_container', '.jupyter', '.config']);

function insideClientHome(path: string): string | undefined {
  if (dirname(path) === path) return undefined;
  return path.startsWith(`${clientHome}/`) ? path.slice(clientHome.length + 1) : undefined;
}
