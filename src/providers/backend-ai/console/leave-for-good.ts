/** After a logout: tunnels may end over there a moment after they have ended here, and bring the login back. */

import { setTimeout as delay } from 'node:timers/promises';
import type { ConsoleCalls } from './console-calls.ts';

/** When the server is asked whether a login came back, in milliseconds from one time to the next. */
const looksMs = [100, 300, 600] as const;

/** Whether the login is over. */
export async function leaveForGood(
  id: string,
  { check, logout }: Pick<ConsoleCalls, 'check' | 'logout'>,
  signal: AbortSignal,
): Promise<boolean> {
  let counts = false;
  for (const ms of looksMs) {
    await delay(ms, undefined, { signal });
    counts = await check(id, signal);
    if (counts) await logout(id, signal);
  }
  return !counts || !(await check(id, signal));
}
