/** `bai local`: a manager and its sessions on this machine, in a process of its own. */

import type { Reporter } from '../../core/reporter.ts';
import { startStopwatch } from '../../core/time-limit.ts';
import {
  BaiError,
  ConflictError,
  ExitCode,
  LocalSystemError,
  NotFoundError,
  TimeoutError,
  UnreachableError,
} from '../../errors.ts';

/** What the local manager's process writes for others to find it; 0600, for it holds keys. Empty where there is no such thing. */
export interface LocalManagerState {
  readonly pid: number;
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** In place of the keys, on platforms that have tokens. */
  readonly token: string;
  readonly release: string;
  /** Of the web console before it, and with what to sign in there. */
  readonly consoleEndpoint: string;
  readonly email: string;
  readonly password: string;
}

export interface LocalManagerTools {
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  readState(): Promise<LocalManagerState | undefined>;
  /** Only what this process left behind: that of another manager stays. */
  removeState(pid: number): Promise<void>;
  /** Whether the process of this state answers there, and proves that it knows the keys. */
  answers(state: LocalManagerState): Promise<boolean>;
  /** Starts the process; it goes on when this one ends. Rejects when it could not be started. */
  spawn(request: LocalUpRequest): Promise<SpawnedManager>;
  stop(pid: number): void;
  /** Whether its process lives and is the manager: the number may be another program's by now. */
  isManager(state: LocalManagerState): Promise<boolean>;
  /** By their names, whoever's they are. */
  liveSessions(state: LocalManagerState): Promise<readonly string[]>;
  /** Nothing where nobody can answer. */
  readonly ask?: ((question: string) => Promise<boolean>) | undefined;
  pause(ms: number): Promise<void>;
  /** Where its log is, for errors. */
  readonly logPath: string;
}

export interface SpawnedManager {
  /** Its exit status once it has ended. */
  status(): number | undefined;
  /** The last error of its log. */
  lastWords(): string;
  kill(): void;
}

export interface LocalUpRequest {
  readonly port: number | undefined;
  readonly release: string | undefined;
  /** Whether a web console is wanted, too. */
  readonly console: boolean;
}

interface LocalUpResult {
  readonly state: LocalManagerState;
  readonly started: boolean;
}

const startLimitMs = 20_000;
const stopLimitMs = 10_000;
const lookEveryMs = 50;

export async function localUp(request: LocalUpRequest, tools: LocalManagerTools): Promise<LocalUpResult> {
  const running = await runningManager(tools);
  if (running) return { state: reuse(running, request), started: false };
  const busy = tools.reporter.busy('starting the local manager');
  const manager = await tools.spawn(request);
  try {
    return { state: await untilItAnswers(manager, tools), started: true };
  } catch (error) {
    // Whoever gives up waiting must not leave a manager behind that nobody knows of.
    manager.kill();
    throw error;
  } finally {
    busy.stop();
  }
}

/** Of two that start at the same time one steps back; its command uses the other's. */
async function untilItAnswers(manager: SpawnedManager, tools: LocalManagerTools): Promise<LocalManagerState> {
  using watch = startStopwatch();
  while (watch.elapsedMs < startLimitMs) {
    const status = manager.status();
    const state = await runningManager(tools);
    if (state) return state;
    if (status !== undefined) {
      const Failure = status === ExitCode.conflict ? ConflictError : LocalSystemError;
      throw new Failure(`the local manager did not start: ${manager.lastWords()}`, {
        code: 'local-manager-failed',
        hint: `${tools.logPath} has all it said`,
      });
    }
    await tools.pause(lookEveryMs);
  }
  throw new TimeoutError(`the local manager did not start within ${startLimitMs / 1000} s`, {
    hint: `look at ${tools.logPath} for the reason`,
  });
}

function reuse(running: LocalManagerState, request: LocalUpRequest): LocalManagerState {
  const otherPort = request.port !== undefined && !running.endpoint.endsWith(`:${request.port}`);
  const otherRelease = request.release !== undefined && request.release !== running.release;
  const lacksConsole = request.console && running.consoleEndpoint === '';
  if (!otherPort && !otherRelease && !lacksConsole) return running;
  const without = lacksConsole ? ', without a web console' : '';
  throw new ConflictError(
    `a local manager ${running.release} already runs at ${running.endpoint}${without}`,
    {
      code: 'local-manager-running',
      hint: 'end it with `bai local down` first; that ends its sessions too',
    },
  );
}

/** Nothing when none runs; what a crashed one left behind does not count. */
async function runningManager(tools: LocalManagerTools): Promise<LocalManagerState | undefined> {
  const state = await tools.readState();
  return state !== undefined && (await tools.answers(state)) ? state : undefined;
}

/** Whether there was one to end. Never signals a process that is not known to be the manager. */
export async function localDown(
  { isConfirmed }: { readonly isConfirmed: boolean },
  tools: LocalManagerTools,
): Promise<boolean> {
  const state = await tools.readState();
  if (state === undefined || !(await tools.isManager(state))) return false;
  if (!isConfirmed) await confirmDown(state, tools);
  tools.stop(state.pid);
  using watch = startStopwatch();
  while (await tools.isManager(state)) {
    if (watch.elapsedMs > stopLimitMs) {
      throw new UnreachableError(`the local manager (process ${state.pid}) does not end`, {
        hint: `kill ${state.pid}`,
      });
    }
    await tools.pause(lookEveryMs);
  }
  await tools.removeState(state.pid);
  return true;
}

const mostNamed = 5;

/** What runs in a session ends with it; one that does not answer is ended without a question. */
async function confirmDown(state: LocalManagerState, tools: LocalManagerTools): Promise<void> {
  const { ask } = tools;
  if (ask === undefined || !(await tools.answers(state))) return;
  const names = await tools.liveSessions(state);
  if (names.length === 0) return;
  const more = names.length - mostNamed;
  const named = `${names.slice(0, mostNamed).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  const sessions = names.length === 1 ? `session ${named}` : `sessions ${named}`;
  if (await ask(`This ends ${sessions} as well. End the local manager?`)) return;
  throw new BaiError('the local manager goes on', { code: 'not-confirmed' });
}

export async function localStatus(tools: LocalManagerTools): Promise<LocalManagerState> {
  const state = await tools.readState();
  if (state && (await tools.answers(state))) return state;
  if (state && (await tools.isManager(state))) {
    throw new UnreachableError(`the local manager (process ${state.pid}) runs and does not answer`, {
      code: 'local-manager-silent',
      hint: `it may be ending; \`bai local down\` ends it, or \`kill -9 ${state.pid}\``,
    });
  }
  throw new NotFoundError('no local manager is running', {
    code: 'local-manager-down',
    hint: '`bai local up` starts one',
  });
}
