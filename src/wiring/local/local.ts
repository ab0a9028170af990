/** Joins `bai local` to the emulator, which runs in a process of its own. */

import { execFile, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { readFile, readlink, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { claimLocalState, readLocalState, removeLocalState } from '../../config/local-state.ts';
import { findOwnPaths, localStatePath } from '../../config/paths.ts';
import type { Context, Environment, ProcessFacts } from '../../context.ts';
import type { ProviderName } from '../../core/settings/setting-parsers.ts';
import { BaiError, InterruptedError, systemCode } from '../../errors.ts';
import { makeOwnFolder } from '../../files/own-file.ts';
import { checkReplaceable } from '../../files/plain-file.ts';
import { connectProven } from '../../providers/backend-ai/manager/local-proof.ts';
import type {
  LocalManagerState,
  LocalManagerTools,
  LocalUpRequest,
  SpawnedManager,
} from '../../services/local/local-manager.ts';
import type { ServeLocalTools } from '../../services/local/serve-local.ts';
import { programPath } from '../../ssh/programs.ts';
import { ownProgram } from '../process/own-program.ts';

interface LocalParts extends Pick<LocalManagerTools, 'ask'> {
  readonly environment: Environment;
  readonly provider: ProviderName;
}

export function localManagerTools(
  context: Context,
  { environment, provider, ask }: LocalParts,
): LocalManagerTools {
  const paths = findOwnPaths(environment);
  const statePath = localStatePath(paths, provider);
  const logPath = join(paths.stateDir, provider === 'backend.ai' ? 'local.log' : `local-${provider}.log`);
  return {
    reporter: context.reporter,
    signal: context.signal,
    logPath,
    readState: () => readLocalState(statePath),
    removeState: (pid) => removeLocalState(statePath, pid),
    answers: (state) => answers(state, context.signal),
    spawn: (request) => spawnManager({ ...request, provider }, logPath),
    stop: (pid) => void process.kill(pid, 'SIGTERM'),
    isManager: (state) => isManager(state, { logPath, environment, signal: context.signal }),
    liveSessions: (state) => liveSessions(state, provider, context),
    ask,
    pause: (ms) => delay(ms, undefined, { signal: context.signal }),
  };
}

export function serveLocalTools(
  { environment, takeTimeToEnd }: Pick<ProcessFacts, 'environment' | 'takeTimeToEnd'>,
  provider: ProviderName,
): Omit<ServeLocalTools, 'signal'> {
  const paths = findOwnPaths(environment);
  const statePath = localStatePath(paths, provider);
  return {
    async startEmulator(request) {
      const { emulators, homesRootOf } = await import('./emulators.ts');
      return emulators[provider](request, homesRootOf(paths.stateDir, provider));
    },
    claimState: (state, signal) =>
      claimLocalState(statePath, state, { isRunning: (other) => isRunning(other, signal) }),
    removeState: (pid) => removeLocalState(statePath, pid),
    pid: process.pid,
    takeTimeToEnd,
  };
}

/** Each connection begins with its proof, as with everything that is asked of it. */
async function liveSessions(
  { endpoint, accessKey, secretKey, token }: LocalManagerState,
  provider: ProviderName,
  context: Context,
): Promise<readonly string[]> {
  const account = token === '' ? { accessKey, secretKey } : { token };
  context.overrideSettings({ provider, endpoint, ...account });
  const sessions = await (await context.provider()).list(
    { statuses: 'live', owner: 'everyone' },
    context.signal,
  );
  return sessions.map(({ name }) => name);
}

/** What a process that was started here knows and nobody else. */
function secretOf({ secretKey, token }: Pick<LocalManagerState, 'secretKey' | 'token'>): string {
  return secretKey || token;
}

/** Another user may listen on the port of a manager that was killed, and another process may have its number. */
async function answers(state: LocalManagerState, signal: AbortSignal): Promise<boolean> {
  const { hostname, port } = new URL(state.endpoint);
  try {
    const target = { host: hostname, port: Number(port), secretKey: secretOf(state) };
    const { socket, pid } = await connectProven(target, signal);
    socket.destroy();
    return pid === state.pid;
  } catch (error) {
    const isOver = error instanceof Error && error.name === 'TimeoutError';
    if (isOver || (error instanceof BaiError && !(error instanceof InterruptedError))) return false;
    throw error;
  }
}

interface SpawnRequest extends LocalUpRequest {
  readonly provider: ProviderName;
}

async function spawnManager(
  { provider, port, release, console: wantsConsole }: SpawnRequest,
  logPath: string,
): Promise<SpawnedManager> {
  await makeOwnFolder(dirname(logPath));
  await checkReplaceable(logPath);
  const log = openSync(logPath, 'w', 0o600);
  const [program, ...before] = ownProgram();
  const options = [
    ...(provider === 'backend.ai' ? [] : ['--provider', provider]),
    ...(port === undefined ? [] : ['--port', String(port)]),
    ...(release === undefined ? [] : ['--release', release]),
    ...(wantsConsole ? ['--console'] : []),
  ];
  const args = [...before, 'local', 'serve', ...options];
  // A window of its own is what Windows would give it.
  const apart = { detached: true, windowsHide: true } as const;
  const child = spawn(program, args, { ...apart, stdio: ['ignore', log, log] });
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
async function isRunning(other: LocalManagerState, signal: AbortSignal): Promise<boolean> {
  // It has two seconds to answer.
  return isAlive(other.pid) && (await answers(other, signal));
}

interface Surroundings {
  readonly logPath: string;
  readonly environment: Environment;
  readonly signal: AbortSignal;
}

/** By what it was started as, and by its log: another user of this machine, or another folder, may have one as well. */
async function isManager(
  state: LocalManagerState,
  { logPath, environment, signal }: Surroundings,
): Promise<boolean> {
  const { pid } = state;
  if (!isAlive(pid)) return false;
  const words = await commandLine(pid, environment);
  if (words === undefined) return await answers(state, signal);
  if (!/\blocal\s+serve\b/.test(words)) return false;
  const output = await readlink(`/proc/${pid}/fd/1`).catch(() => undefined);
  return output === undefined || output === (await realpath(logPath).catch(() => logPath));
}

/** Empty for a process that has ended and whose end nobody has taken note of; nothing where the system does not tell. */
async function commandLine(pid: number, environment: Environment): Promise<string | undefined> {
  try {
    return (await readFile(`/proc/${pid}/cmdline`, 'latin1')).replaceAll('\0', ' ');
  } catch {
    const ps = promisify(execFile)(programPath('ps', environment), ['-o', 'args=', '-p', String(pid)]);
    return await ps.then(
      ({ stdout }) => stdout,
      () => undefined,
    );
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ESRCH') return false;
    // Somebody else's.
    if (systemCode(error) === 'EPERM') return true;
    throw error;
  }
}
