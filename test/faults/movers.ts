/** One transfer, by the engine in this process or by bai in a process of its own, and how it ended. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { BaiError, InterruptedError } from '../../src/errors.ts';
import { openSshConnection } from '../../src/ssh/connection.ts';
import { openSftp } from '../../src/ssh/sftp.ts';
import type { SftpConnection } from '../../src/transfer/engine/sftp-connection.ts';
import { createRemoteFiles } from '../../src/transfer/remote-files.ts';
import { watch } from '../e2e/transfer-session.ts';
import { cleanEnvironment } from '../support/bai.ts';
import type { TestSshd } from '../support/sshd.ts';

export interface Move {
  readonly direction: 'put' | 'get';
  readonly source: string;
  readonly target: string;
}

export interface Ending {
  readonly isDone: boolean;
  /** In words; with a failure, its code or what nobody expected. */
  readonly how: string;
  /** Whether the failure is one that bai knows. */
  readonly isNamed: boolean;
  readonly resumed: number;
  readonly retries: number;
}

export interface EngineOptions {
  readonly server: TestSshd;
  /** Of the relay in front of it. */
  readonly port: number;
  readonly stateFolder: string;
  readonly isOneRun: boolean;
  readonly stallMs: number;
  readonly limitMs: number;
}

export async function moveHere(move: Move, options: EngineOptions): Promise<Ending> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(new InterruptedError('hung')), options.limitMs);
  const { signal } = limit;
  const dial = (): Promise<SftpConnection> => dialServer(options, signal);
  try {
    const connection = await dial();
    const resume = { folder: options.stateFolder, peer: 'x' };
    const { stallMs } = options;
    await using files = createRemoteFiles(connection, {
      ...{ signal, resume, stallMs },
      ...(options.isOneRun ? { dial } : {}),
    });
    const job = { sources: [move.source], target: move.target, recursive: false };
    const summary = await files[move.direction](job, watch());
    return { ...summary, isDone: true, how: 'done', isNamed: true };
  } catch (error) {
    const isNamed = error instanceof BaiError && !signal.aborted;
    const how = isNamed ? error.code : signal.aborted ? 'hung' : String((error as Error).stack ?? error);
    return { isDone: false, how, isNamed, resumed: 0, retries: 0 };
  } finally {
    clearTimeout(timer);
  }
}

async function dialServer({ server, port }: EngineOptions, signal: AbortSignal): Promise<SftpConnection> {
  const stream = connect(port, '127.0.0.1').setNoDelay();
  stream.on('error', () => {});
  const ssh = await openSshConnection({
    session: 'demo',
    user: server.user,
    stream,
    privateKey: readFile(server.privateKeyPath),
    verifyHostKey: async () => {},
    signal,
  });
  return openSftp(ssh, 'demo');
}

export interface ProgramOptions {
  readonly launcher: string;
  readonly home: string;
  readonly keyPath: string;
  readonly user: string;
  readonly session: string;
  readonly env: Readonly<Record<string, string>>;
  readonly uid: number | undefined;
  readonly limitMs: number;
  readonly onStart: (child: ChildProcess) => void;
}

export async function moveByProgram(move: Move, options: ProgramOptions): Promise<Ending> {
  const { direction, source, target } = move;
  const far = (path: string): string => `${options.session}:${path}`;
  const paths = direction === 'put' ? [source, far(target)] : [far(source), target];
  const env = { ...options.env, BAI_USER: options.user, BAI_IDENTITY: options.keyPath };
  const child = spawn(process.execPath, [options.launcher, '--json', 'sftp', direction, ...paths], {
    env: cleanEnvironment({ home: options.home, env }),
    cwd: options.home,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: options.limitMs,
    killSignal: 'SIGABRT',
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  });
  options.onStart(child);
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  if (code === 0) return { ...readSummary(stdout), isDone: true, how: 'done', isNamed: true };
  const errorCode = /"code": ?"([^"]+)"/.exec(stdout + stderr)?.[1];
  // What the boundary makes of an error that nobody has named.
  const isRaw = errorCode === undefined || /^local-e[a-z]+$/.test(errorCode);
  const isNamed = signal === 'SIGKILL' || (code !== null && code !== 70 && !isRaw);
  const how = signal ?? `exit ${code}: ${errorCode ?? stderr.slice(-600)}`;
  return { isDone: false, how, isNamed, resumed: 0, retries: 0 };
}

function readSummary(stdout: string): { resumed: number; retries: number } {
  const answer: unknown = JSON.parse(stdout);
  const count = (name: string): number => {
    const value: unknown = typeof answer === 'object' && answer !== null ? Reflect.get(answer, name) : 0;
    return typeof value === 'number' ? value : 0;
  };
  return { resumed: count('resumed'), retries: count('retries') };
}
