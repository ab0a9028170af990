/** Ends the login of a profile at its web console: what keeps it in use first, for the end of a tunnel brings a login back. */

import { setTimeout as delay } from 'node:timers/promises';
import type { LoginHolder } from '../../config/login-holders.ts';
import { startStopwatch } from '../../core/time-limit.ts';
import { BaiError } from '../../errors.ts';
import type { SignInTools, StoredLogin } from './sign-in-tools.ts';

interface Program {
  readonly pid: number;
  /** Such as `forward of demo on port 12345`. */
  readonly what: string;
}

export interface EndedLogin {
  /** Whether there was a login, and it is over. */
  readonly loginEnded: boolean;
  /** Processes of bai that went by it. */
  readonly ended: readonly Program[];
  /** Those that did not end. */
  readonly left: readonly Program[];
}

export const nothingEnded: EndedLogin = { loginEnded: false, ended: [], left: [] };

type Tools = Pick<SignInTools, 'storedLogin' | 'reporter' | 'signal'>;

/** Whatever comes of it, the secrets may leave this machine. */
export async function endStoredLogin(profile: string | undefined, tools: Tools): Promise<EndedLogin> {
  const { reporter, signal } = tools;
  let programs: Pick<EndedLogin, 'ended' | 'left'> = nothingEnded;
  try {
    const login = await tools.storedLogin(profile);
    if (login === undefined) return nothingEnded;
    programs = await endHolders(login, tools);
    const loginEnded = await login.end(programs.ended.length > 0);
    if (!loginEnded) reporter.warn('the web console still takes the login', whoHolds(programs.left));
    return { ...programs, loginEnded };
  } catch (error) {
    if (signal.aborted || !(error instanceof BaiError)) throw error;
    reporter.warn(
      `the login could not be ended at the web console: ${error.message}`,
      'it ends by itself in time',
    );
    return { ...programs, loginEnded: false };
  }
}

function whoHolds(left: readonly Program[]): string {
  const known = left.map(({ what, pid }) => `${what} (process ${pid})`).join(', ');
  const programs = known === '' ? '' : `, such as ${known}`;
  return `it counts as long as a program goes through it${programs}: end that, then sign out at the console itself`;
}

/** A bai that is told to end takes less than two seconds. */
const endLimitMs = 5_000;
const lookEveryMs = 50;

async function endHolders(login: StoredLogin, tools: Tools): Promise<Pick<EndedLogin, 'ended' | 'left'>> {
  const all = await Promise.all(
    (await login.holders()).map(async (each) => [each, await each.fate()] as const),
  );
  const alive = all.flatMap(([holder, fate]) => (fate === 'alive' ? [holder] : []));
  for (const { process } of alive) login.stop(process.pid);
  using watch = startStopwatch();
  using _shown = tools.reporter.wait('waiting for connections to end', endLimitMs);
  const outcomes = await Promise.all(
    alive.map(async (each) => [each, await hasEnded(each, () => watch.elapsedMs, tools.signal)] as const),
  );
  const unknown = all.flatMap(([holder, fate]) => (fate === 'unknown' ? [holder] : []));
  await tellUnknown(unknown, tools);
  return tell(outcomes, unknown, tools);
}

async function hasEnded(
  { fate }: LoginHolder,
  elapsedMs: () => number,
  signal: AbortSignal,
): Promise<boolean> {
  while ((await fate()) === 'alive') {
    if (elapsedMs() > endLimitMs) return false;
    await delay(lookEveryMs, undefined, { signal });
  }
  return true;
}

/** Nothing proves that the process of that number is still the one that is meant, so it is left alone. */
async function tellUnknown(holders: readonly LoginHolder[], { reporter }: Tools): Promise<void> {
  for (const { what, process, forget } of holders) {
    reporter.warn(
      `${what} (process ${process.pid} on ${process.host}) may still go by this login`,
      'end it there, where it still runs',
    );
    await forget();
  }
}

function tell(
  outcomes: readonly (readonly [LoginHolder, boolean])[],
  unknown: readonly LoginHolder[],
  { reporter }: Tools,
): Pick<EndedLogin, 'ended' | 'left'> {
  const shown = ({ what, process }: LoginHolder): Program => ({ pid: process.pid, what });
  const ended = outcomes.flatMap(([holder, hasEnded]) => (hasEnded ? [shown(holder)] : []));
  const stuck = outcomes.flatMap(([holder, hasEnded]) => (hasEnded ? [] : [shown(holder)]));
  for (const { what } of ended) reporter.info(`ended: ${what}`);
  for (const { what, pid } of stuck)
    reporter.warn(`${what} (process ${pid}) does not end`, `\`kill -9 ${pid}\` ends it`);
  return { ended, left: [...stuck, ...unknown.map(shown)] };
}
