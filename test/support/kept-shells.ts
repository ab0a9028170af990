/** The shells that `bai ssh --persist` keeps in tmux, of servers that are no containers: in the folder that all of this machine share. */

import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';

export function endKeptShell(name: string): void {
  endTmux(['-L', name]);
  rmSync(join('/tmp', `tmux-${process.getuid?.()}`, name), { force: true });
}

/** `where`: the options that name the server. */
export function endTmux(where: readonly string[], env: NodeJS.ProcessEnv = process.env): void {
  try {
    execFileSync('tmux', [...where, 'kill-server'], { stdio: 'ignore', env });
  } catch {
    // It has ended by itself.
  }
}
