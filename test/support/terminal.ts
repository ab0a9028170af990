/** A shell on a real terminal. */

import { type IPty, spawn as spawnOnTerminal } from '@lydell/node-pty';
import { until } from '../contract/app-bed.ts';
import { type BaiOptions, cleanEnvironment } from './bai.ts';

export interface Terminal extends Disposable {
  readonly pty: IPty;
  /** The status of what ran there; it may have ended before anybody asks. */
  readonly ended: Promise<number>;
  /** Everything on the screen so far, control sequences included. */
  screen(): string;
  type(text: string): void;
  /** Waits for a match in what came after the last one. */
  see(pattern: RegExp): Promise<RegExpExecArray>;
}

/** A shell on a terminal of its own, from which the tests run bai as people do. */
export function openTerminal(
  { home, env: own }: Pick<BaiOptions, 'home' | 'env'>,
  [shell = '/bin/sh', ...words]: readonly string[] = ['/bin/sh', '-i'],
): Terminal {
  const env = {
    ...cleanEnvironment(own === undefined ? { home } : { home, env: own }),
    TERM: 'xterm-256color',
    PS1: 'local$ ',
  };
  const pty = spawnOnTerminal(shell, [...words], { cols: 100, rows: 30, cwd: home, env });
  let screen = '';
  let seen = 0;
  pty.onData((data) => {
    screen += data;
  });
  const ended = new Promise<number>((resolve) => pty.onExit(({ exitCode }) => resolve(exitCode)));
  return {
    pty,
    ended,
    screen: () => screen,
    type: (text) => pty.write(text),
    async see(pattern) {
      let match: RegExpExecArray | null = null;
      await until(() => {
        match = pattern.exec(screen.slice(seen));
        return match !== null;
      }, `${pattern} on the screen`).catch((error: unknown) => {
        throw new Error(`${String(error)}; the screen: ${JSON.stringify(screen.slice(seen))}`);
      });
      const found = pattern.exec(screen.slice(seen));
      if (found === null) throw new Error('the match is gone');
      seen += found.index + found[0].length;
      return found;
    },
    [Symbol.dispose]: () => pty.kill('SIGKILL'),
  };
}
