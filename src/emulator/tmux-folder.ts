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
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries) if (entry.isSocket()) await endServer(join(entry.parentPath, entry.name));
  await rm(folder, { recursive: true, force: true });
}

async function endServer(socket: string): Promise<void> {
  const program = systemProgram('tmux');
  // There is no tmux on this machine, and so no server.
  if (program === undefined) return;
  const tmux = spawn(program, ['-S', socket, 'kill-server'], { stdio: 'ignore' });
  tmux.on('error', () => undefined);
  await once(tmux, 'close').catch(() => undefined);
}
