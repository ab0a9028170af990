/** Waits for somebody at a terminal, and what somebody at a terminal sees of other waits. */

import { join } from 'node:path';
import { spawn } from '@lydell/node-pty';
import { until } from '../contract/app-bed.ts';
import { cleanEnvironment, launcher } from '../support/bai.ts';
import { makeKey } from '../support/ssh-agent.ts';
import type { Place } from './waits-bed.ts';

export interface TypedWait {
  readonly name: string;
  readonly covers: readonly string[];
  readonly args: readonly string[];
  readonly prompt: RegExp;
  /** Ctrl-C drops a line that is typed, and no more. */
  readonly keepsOn?: true;
  readonly prepare?: (place: Place) => void;
  readonly env?: Readonly<Record<string, string>>;
}

const withKey = ({ folder }: Place): void => void makeKey(join(folder, 'own'), ['-t', 'rsa'], '');

export const typedWaits: TypedWait[] = [
  {
    name: 'an answer to a question',
    covers: ['yes-or-no.ts'],
    args: ['key', 'upload', 'own', '--allow-http'],
    prompt: /\[y\/N\] /,
    prepare: withKey,
  },
  {
    name: 'a passphrase',
    covers: ['read-secret.ts'],
    args: ['key', 'generate', '--output', 'made'],
    prompt: /New passphrase[^\n]*: $/,
  },
  {
    name: 'an address to sign in at',
    covers: ['ask-line.ts'],
    args: ['login'],
    prompt: /Address [^\n]*: /,
  },
  {
    name: 'a choice from a list that is drawn',
    covers: ['drawn.ts'],
    args: ['session', 'create'],
    prompt: /Type:.* to search/,
  },
  {
    name: 'a choice from a numbered list',
    covers: ['numbered.ts'],
    args: ['session', 'create'],
    env: { ACCESSIBLE: '1' },
    prompt: /number or part of a name \[1 python:[^\n]*: $/,
  },
  {
    name: 'a command for files',
    covers: ['sftp-shell-lines.ts'],
    args: ['sftp', 'demo'],
    prompt: /sftp> /,
    keepsOn: true,
  },
];

export interface TerminalRun extends Disposable {
  screen(): string;
  see(pattern: RegExp): Promise<void>;
  type(text: string): void;
  /** Sends it, and tells how the program ended. */
  end(signal: NodeJS.Signals): Promise<number>;
  /** How it ended. */
  ended(): Promise<number>;
}

/** bai itself on a terminal, without a shell. */
export function onTerminal(
  args: readonly string[],
  { bed, folder }: Place,
  own: Readonly<Record<string, string>> = {},
): TerminalRun {
  const env = {
    ...cleanEnvironment({ home: bed.home, env: { ...bed.env, ...own } }),
    TERM: 'xterm-256color',
  };
  const pty = spawn(process.execPath, [launcher, ...args], { cols: 120, rows: 30, cwd: folder, env });
  let screen = '';
  let status: number | undefined;
  pty.onData((data) => {
    screen += data;
  });
  pty.onExit(({ exitCode, signal }) => {
    status = signal ? 128 + signal : exitCode;
  });
  const ended = async (): Promise<number> => {
    await until(() => status !== undefined, `bai ends; the screen: ${JSON.stringify(screen)}`);
    return status ?? -1;
  };
  return {
    screen: () => screen,
    see: (pattern) =>
      until(() => pattern.test(screen), `${pattern} on the screen`, 20_000).catch((error: unknown) => {
        throw new Error(`${String(error)}: ${JSON.stringify(screen)}`);
      }),
    type: (text) => pty.write(text),
    end(signal) {
      pty.kill(signal);
      return ended();
    },
    ended,
    [Symbol.dispose]: () => pty.kill('SIGKILL'),
  };
}
