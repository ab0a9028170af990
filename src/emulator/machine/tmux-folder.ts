/**
 * Where the tmux servers of one session have their sockets. Without containers all sessions would share those of the
 * machine, and a server, which leaves the group of the shell it began in, would outlive its session.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemProgram } from './shell-process.ts';

/** Not in the home: the path of a socket is short. */
export function makeTmuxFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'bai-tmux-'));
}

export async function removeTmuxFolder(folder: string): Promise<void> {
  for await (const socket of socketsBelow(folder)) await endServer(socket);
  await rm(folder, { recursive: true, force: true });
}

/** Step by step: the recursive `readdir` of Node 26 follows links, and a session can link to the sockets of others. */
async function* socketsBelow(folder: string): AsyncGenerator<string> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isSocket()) yield path;
    if (entry.isDirectory()) yield* socketsBelow(path);
  }
}

async function endServer(socket: string): Promise<void> {
  const program = systemProgram('tmux');
  // There is no tmux on this machine, and so no server.
  if (program === undefined) return;
  const tmux = spawn(program, ['-S', socket, 'kill-server'], { stdio: 'ignore' });
  tmux.on('error', () => undefined);
  await once(tmux, 'close').catch(() => undefined);
}
