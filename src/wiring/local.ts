/** Joins `bai local` to the emulator, which runs in a process of its own. */

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { claimLocalState, readLocalState, removeLocalState } from '../config/local-state.ts';
import { findPlaces } from '../config/places.ts';
import type { Context, Environment } from '../context.ts';
import { BaiError, InterruptedError, systemCode } from '../errors.ts';
import { makeOwnFolder } from '../files/own-file.ts';
import { checkReplaceable } from '../files/plain-file.ts';
import { createManagerClient } from '../manager/client.ts';
import { createNetwork } from '../manager/network.ts';
import type {
  LocalManagerDeps,
  LocalManagerState,
  LocalUpRequest,
  SpawnedManager,
} from '../services/local-manager.ts';
import type { ServeLocalDeps } from '../services/serve-local.ts';

export function localManagerDeps(context: Context, environment: Environment): LocalManagerDeps {
  const { localManager, stateDir } = findPlaces(environment);
  const logPath = join(stateDir, 'local.log');
  return {
    reporter: context.reporter,
    signal: context.signal,
    logPath,
    readState: () => readLocalState(localManager),
    removeState: (pid) => removeLocalState(localManager, pid),
    answers: (state) => answers(state, context.signal),
    spawn: (request) => spawnManager(request, logPath),
    stop: (pid) => void process.kill(pid, 'SIGTERM'),
    isAlive,
    pause: (ms) => delay(ms, undefined, { signal: context.signal }),
  };
}

export function serveLocalDeps(environment: Environment): Omit<ServeLocalDeps, 'signal'> {
  const { localManager, stateDir } = findPlaces(environment);
  return {
    homesRoot: join(stateDir, 'local'),
    startEmulator: async (options) => (await import('../emulator/emulator.ts')).startEmulator(options),
    newKeys: () => ({
      accessKey: `AKIA${randomBytes(8).toString('hex').toUpperCase()}`,
      secretKey: randomBytes(20).toString('hex'),
    }),
    claimState: (state) => claimLocalState(localManager, state, { isRunning }),
    removeState: (pid) => removeLocalState(localManager, pid),
    pid: process.pid,
  };
}

async function answers(state: LocalManagerState, signal: AbortSignal): Promise<boolean> {
  const network = createNetwork({ skipTlsVerify: false, connectTimeoutMs: 2_000, readTimeoutMs: 2_000 });
  const client = createManagerClient({
    endpoints: [new URL(state.endpoint)],
    key: state,
    domain: 'default',
    userAgent: 'bai',
    network,
    now: () => new Date(),
  });
  try {
    const call = {
      what: 'ask the local manager',
      method: 'GET',
      path: 'auth',
      query: { echo: 'bai' },
      signal,
    } as const;
    (await client.open(call)).resume();
    return true;
  } catch (error) {
    if (error instanceof BaiError && !(error instanceof InterruptedError)) return false;
    throw error;
  } finally {
    network.close();
  }
}

async function spawnManager({ port, release }: LocalUpRequest, logPath: string): Promise<SpawnedManager> {
  await makeOwnFolder(dirname(logPath));
  await checkReplaceable(logPath);
  const log = openSync(logPath, 'w', 0o600);
  const launcher = fileURLToPath(new URL('../bin/bai.cjs', import.meta.url));
  const options = [
    ...(port === undefined ? [] : ['--port', String(port)]),
    ...(release === undefined ? [] : ['--release', release]),
  ];
  const args = [launcher, 'local', 'serve', ...options];
  const child = spawn(process.execPath, args, { detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  child.unref();
  return {
    status: () => child.exitCode ?? (child.signalCode === null ? undefined : 1),
    lastWords: () => lastError(readFileSync(logPath, 'utf8')),
    kill: () => void child.kill('SIGTERM'),
  };
}

function lastError(log: string): string {
  const lines = log.trim().split('\n');
  return lines.findLast((line) => line.startsWith('error: '))?.slice('error: '.length) ?? lines.at(-1) ?? '';
}

/** What a crashed one left behind is nobody's. */
async function isRunning(other: LocalManagerState): Promise<boolean> {
  return isAlive(other.pid) && (await answers(other, AbortSignal.timeout(5_000)));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ESRCH') return false;
    throw error;
  }
}
