/** Runs the emulator until it is told to end, and tells others where it is. */

import { atMost } from '../../core/time-limit.ts';
import { ConflictError, systemCode } from '../../errors.ts';
import type { LocalManagerState, LocalUpRequest } from './local-manager.ts';

export interface ServeLocalTools {
  readonly pid: number;
  readonly signal: AbortSignal;
  /** With a new account, whose keys nobody else knows. */
  startEmulator(request: LocalUpRequest): Promise<LocalEmulator>;
  /** False, and nothing changed, when another manager that answers has written its own. */
  claimState(state: LocalManagerState, signal: AbortSignal): Promise<boolean>;
  removeState(pid: number): Promise<void>;
  /** The end of its sessions and their programs may take longer than that of other commands. */
  takeTimeToEnd(): Disposable;
}

export interface LocalEmulator extends AsyncDisposable {
  readonly state: Omit<LocalManagerState, 'pid'>;
}

export async function serveLocal(request: LocalUpRequest, tools: ServeLocalTools): Promise<void> {
  using _time = tools.takeTimeToEnd();
  const emulator = await start(request, tools);
  try {
    if (!(await tools.claimState({ pid: tools.pid, ...emulator.state }, tools.signal))) {
      throw new ConflictError('another local manager was started first', { code: 'local-manager-running' });
    }
    await untilAborted(tools.signal);
  } finally {
    // The process ends in any case, and whoever asks finds it for as long as it lives.
    await atMost(closingMs, emulator[Symbol.asyncDispose]());
    await tools.removeState(tools.pid);
  }
}

const closingMs = 5_000;

async function start(request: LocalUpRequest, tools: ServeLocalTools): Promise<LocalEmulator> {
  try {
    return await tools.startEmulator(request);
  } catch (cause) {
    if (systemCode(cause) !== 'EADDRINUSE') throw cause;
    throw new ConflictError(`port ${request.port} on this machine is taken`, {
      code: 'port-taken',
      hint: 'choose another --port, or omit it',
      cause,
    });
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
