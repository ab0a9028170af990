/** A manager that can be killed and started again, in front of a session's genuine SSH server. */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { untilPrinted } from '../support/bai.ts';
import type { ManagerFacts, ManagerOrder } from './manager-process.ts';

export interface KillableManager extends AsyncDisposable {
  /** Environment variables for bai. */
  readonly env: Readonly<Record<string, string>>;
  readonly session: string;
  /** SIGKILL, without a word to anybody. */
  kill(): void;
  /** The same address, keys and session as before. */
  startAgain(): Promise<void>;
}

export interface ManagerOptions {
  readonly program: string;
  readonly launcher: string;
  readonly folder: string;
  /** Where the session's SSH server is reached. */
  readonly sshPort: number;
}

export async function startManager(options: ManagerOptions): Promise<KillableManager> {
  const home = join(options.folder, 'manager-home');
  await mkdir(home, { recursive: true });
  const { launcher, sshPort, folder } = options;
  const order: ManagerOrder = { port: 0, homesRoot: join(folder, 'homes'), home, launcher, sshPort };
  let running = await start(options.program, order);
  const { endpoint, accessKey, secretKey, sessionId } = running.facts;
  const kill = (): void => {
    running.child.kill('SIGKILL');
  };
  return {
    env: { BACKEND_ENDPOINT: endpoint, BACKEND_ACCESS_KEY: accessKey, BACKEND_SECRET_KEY: secretKey },
    session: 'demo',
    kill,
    startAgain: async () => {
      if (running.child.exitCode === null && running.child.signalCode === null) {
        const gone = once(running.child, 'exit');
        kill();
        await gone;
      }
      running = await start(options.program, { ...order, port: Number(new URL(endpoint).port), sessionId });
    },
    [Symbol.asyncDispose]: async () => kill(),
  };
}

interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly facts: ManagerFacts;
}

async function start(program: string, order: ManagerOrder): Promise<Running> {
  const child = spawn(process.execPath, [program, JSON.stringify(order)]);
  child.stdin.on('error', () => {});
  child.stderr.pipe(process.stderr);
  const [line] = await untilPrinted(child, 'stdout', /^\{.*\}$/m);
  return { child, facts: JSON.parse(line) as ManagerFacts }; // Printed by manager-process.ts.
}
