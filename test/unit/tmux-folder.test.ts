import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeTmuxFolder, removeTmuxFolder } from '../../src/emulator/machine/tmux-folder.ts';
import { tempFolder } from '../support/temp-folder.ts';

const tmux = (socket: string, ...words: readonly string[]): string =>
  execFileSync('tmux', ['-f', '/dev/null', '-S', socket, ...words], { encoding: 'utf8', stdio: 'pipe' });

const isMissing = ((): boolean => {
  try {
    execFileSync('tmux', ['-V'], { stdio: 'ignore' });
    return false;
  } catch {
    return true;
  }
})();

test.skipIf(isMissing)(
  'the tmux servers of a session end with it, those that it links to go on',
  async () => {
    using elsewhere = tempFolder();
    const folder = await makeTmuxFolder();
    const own = join(folder, 'tmux-0', 'own');
    const others = join(elsewhere.path, 'others');
    mkdirSync(join(folder, 'tmux-0'), { mode: 0o700 });
    symlinkSync(elsewhere.path, join(folder, 'tmux-1'));
    for (const socket of [own, others]) tmux(socket, 'new-session', '-d', 'sleep 60');
    try {
      await removeTmuxFolder(folder);
      expect(existsSync(folder)).toBe(false);
      expect(() => tmux(own, 'has-session')).toThrow();
      expect(tmux(others, 'display-message', '-p', 'alive')).toBe('alive\n');
    } finally {
      tmux(others, 'kill-server');
    }
  },
);
