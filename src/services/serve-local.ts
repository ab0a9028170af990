/** Runs the emulator until it is told to end, and tells others where it is. */

import type { Emulator, EmulatorOptions } from '../emulator/emulator.ts';
import type { LocalManagerState, LocalUpRequest } from './local-manager.ts';

export interface ServeLocalDeps {
  readonly homesRoot: string;
  readonly pid: number;
  readonly signal: AbortSignal;
  newKeys(): { readonly accessKey: string; readonly secretKey: string };
  startEmulator(options: EmulatorOptions): Promise<Emulator>;
  writeState(state: LocalManagerState): Promise<void>;
  removeState(): Promise<void>;
}

const newestRelease = '26.9.6';

export async function serveLocal(
  { port, release = newestRelease }: LocalUpRequest,
  deps: ServeLocalDeps,
): Promise<void> {
  const keys = deps.newKeys();
  await using emulator = await deps.startEmulator({
    homesRoot: deps.homesRoot,
    release,
    accounts: [{ email: 'you@localhost', role: 'user', ...keys }],
    ...(port !== undefined && { port }),
  });
  await deps.writeState({ pid: deps.pid, endpoint: emulator.endpoint, release, ...keys });
  try {
    await untilAborted(deps.signal);
  } finally {
    await deps.removeState();
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
