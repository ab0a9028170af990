/** Runs the emulator until it is told to end, and tells others where it is. */

import { atMost } from '../../core/time-limit.ts';
import type { Emulator, EmulatorOptions } from '../../emulator/emulator.ts';
import { ConflictError, systemCode } from '../../errors.ts';
import type { LocalManagerState, LocalUpRequest } from './local-manager.ts';

export interface ServeLocalTools {
  readonly homesRoot: string;
  readonly pid: number;
  readonly signal: AbortSignal;
  newKeys(): { readonly accessKey: string; readonly secretKey: string };
  startEmulator(options: EmulatorOptions): Promise<Emulator>;
  /** What shows a challenger that this process knows the secret key. */
  prove(secretKey: string, challenge: { readonly challenge: string; readonly port: number }): unknown;
  /** False, and nothing changed, when another manager that answers has written its own. */
  claimState(state: LocalManagerState, signal: AbortSignal): Promise<boolean>;
  removeState(pid: number): Promise<void>;
  /** The end of its sessions and their programs may take longer than that of other commands. */
  takeTimeToEnd(): Disposable;
}

const newestRelease = '26.9.6';

export async function serveLocal(
  { port, release = newestRelease }: LocalUpRequest,
  tools: ServeLocalTools,
): Promise<void> {
  using _time = tools.takeTimeToEnd();
  const keys = tools.newKeys();
  const emulator = await startOn(port, tools, {
    homesRoot: tools.homesRoot,
    release,
    accounts: [{ email: 'you@localhost', role: 'user', sshKeypair: 'made', ...keys }],
    prove: (challenge, at) => tools.prove(keys.secretKey, { challenge, port: at }),
  });
  try {
    const { endpoint } = emulator;
    if (!(await tools.claimState({ pid: tools.pid, endpoint, release, ...keys }, tools.signal))) {
      throw new ConflictError('another local manager was quicker', { code: 'local-manager-running' });
    }
    await untilAborted(tools.signal);
  } finally {
    // The process ends in any case, and whoever asks finds it for as long as it lives.
    await atMost(closingMs, emulator[Symbol.asyncDispose]());
    await tools.removeState(tools.pid);
  }
}

const closingMs = 5_000;

async function startOn(
  port: number | undefined,
  tools: ServeLocalTools,
  options: EmulatorOptions,
): Promise<Emulator> {
  try {
    return await tools.startEmulator({ ...options, ...(port !== undefined && { port }) });
  } catch (cause) {
    if (systemCode(cause) !== 'EADDRINUSE') throw cause;
    throw new ConflictError(`port ${port} on this machine is taken`, {
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
