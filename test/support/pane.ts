/** A shell in a terminal that is drawn as a real one is: tmux knows what a person sees now. */

import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type BaiOptions, cleanEnvironment, launcher } from './bai.ts';
import { until } from './until.ts';

export const hasTmux = spawnSync('tmux', ['-V']).status === 0;

export interface Pane extends Disposable {
  type(text: string): void;
  /** What a person sees now, without blank lines at the end; a line that is wrapped is one. */
  shown(): string;
}

/** In it `bai` is on the PATH. `name` tells the panes of one home apart. */
export function openPane(
  { home, env }: Pick<BaiOptions, 'home' | 'env'>,
  name = 'pane',
  [columns, rows]: readonly [number, number] = [80, 24],
): Pane {
  const socket = join(home, `${name}.tmux`);
  const clean = cleanEnvironment({ home, env: { ...env, TERM: 'xterm-256color' } });
  const path = [programFolder(home), clean['PATH']].join(delimiter);
  const tmux = (...args: string[]): string =>
    execFileSync('tmux', ['-S', socket, '-f', '/dev/null', ...args], {
      ...{ cwd: home, encoding: 'utf8', env: { ...clean, PATH: path } },
    });
  const size = ['-x', String(columns), '-y', String(rows)];
  tmux('new-session', '-d', ...size, "env PS1='local$ ' /bin/sh -i");
  return {
    type: (text) => void tmux('send-keys', '-l', text),
    shown: () => tmux('capture-pane', '-p', '-J').replaceAll(/ +$/gm, '').trimEnd(),
    [Symbol.dispose]: () => void spawnSync('tmux', ['-S', socket, 'kill-server']),
  };
}

function programFolder(home: string): string {
  const folder = join(home, 'programs');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'bai'), `#!/bin/sh\nexec '${process.execPath}' '${launcher}' "$@"\n`);
  chmodSync(join(folder, 'bai'), 0o755);
  return folder;
}

export interface Recording {
  /**
   * On a screen that is empty but for this line; returns what stands there once its command has ended. `answers`: what is typed at
   * each question that comes before.
   */
  step(
    this: void,
    line: string,
    answers?: readonly (readonly [question: RegExp, answer: () => string | Promise<string>])[],
  ): Promise<string>;
  /** All screens so far, those with questions included. */
  screens(this: void): readonly string[];
}

/** What stands on the screen after each thing that is typed. */
export function record(pane: Pane): Recording {
  const kept: string[] = [];
  const see = async (pattern: RegExp): Promise<string> => {
    await until(() => pattern.test(pane.shown()), `${pattern} on the screen`, 100_000).catch(
      (error: unknown) => {
        throw new Error([String(error), ...kept, pane.shown()].join('\n────\n'));
      },
    );
    kept.push(pane.shown());
    return pane.shown();
  };
  return {
    screens: () => kept,
    async step(line, answers = []) {
      pane.type('clear\r');
      await until(() => pane.shown() === 'local$', 'the screen is empty');
      pane.type(`${line}; echo "ended with $?"\r`);
      for (const [question, answer] of answers) {
        await see(question);
        pane.type(`${await answer()}\r`);
      }
      return await see(/^ended with \d+$/m);
    },
  };
}
