/** `bai ssh --persist`: a shell in tmux, and the way back to it whenever the connection was lost. */

import { setTimeout as delay } from 'node:timers/promises';
import type { SessionRef } from '../../core/session/session.ts';
import type { SshWork } from '../../core/ssh/ssh-arguments.ts';
import { connectionFailed } from '../../core/ssh/ssh-client.ts';
import {
  mayPass,
  type PersistMode,
  persistArguments,
  persistLine,
  persistOptions,
  persistPause,
  persistSilence,
  persistSilenceMs,
  persistStatus,
} from '../../core/ssh/tmux-shell.ts';
import { limitTime } from '../../core/time-limit.ts';
import { InterruptedError, interruptedBy, TimeoutError, UsageError } from '../../errors.ts';
import { openRunningSession } from '../session/open-session.ts';
import { failedWith, openBuiltin } from './connect-builtin.ts';
import { watchDisconnect } from './diagnose-disconnect.ts';
import { enterNode } from './enter-node.ts';
import { connectSystem, openOrCreate, type SshCommandRequest, workOfBuiltin } from './run-ssh-command.ts';
import type { SshTools } from './ssh-tools.ts';

interface PersistRequest extends SshCommandRequest {
  /** Of the shell; a session may have several. */
  readonly name: string;
  /** The command line that comes back to it. */
  readonly wayBack: string;
}

interface Lost {
  /** Why, where the user has not been told; of a connection that stood it is enough that it was lost. */
  readonly lost: string | undefined;
  /** Whether there was a connection. */
  readonly stood: boolean;
}

type Outcome = { readonly status: number } | Lost;

interface Attempt {
  readonly session: SessionRef;
  readonly request: PersistRequest;
  readonly options: readonly string[];
  /** Nothing when the system's ssh is to do it. */
  readonly work: SshWork | undefined;
  readonly mode: PersistMode;
}

/** Of one try. */
const answerLimitMs = 15_000;
/** A line that held for so long is not one that breaks each time. */
const steadyMs = 30_000;

/** As `connectSsh`; and 0 when the user leaves the shell to itself. */
export async function persistSsh(request: PersistRequest, patientTools: SshTools): Promise<number> {
  const tools = watchful(patientTools);
  const options = persistOptions(request.sshArguments);
  if (!tools.system.isTerminal) {
    throw new UsageError('--persist keeps a shell on a terminal, and stdin is not one', {
      hint: 'leave out --persist; `nohup` or tmux in the session keeps a program without a terminal',
    });
  }
  const work = await workOfBuiltin(withLine({ request, options }, 'open'), tools);
  const session = await openOrCreate(request, tools);
  const attempt = { session, request, options, work };
  const first = await connectOnce({ ...attempt, mode: 'open' }, tools);
  const status = 'lost' in first ? await comeBack(first, { ...attempt, mode: 'back' }, tools) : first.status;
  return statusOf(status, request, tools);
}

/** A dead line is found early: another is made for it. */
function watchful(tools: SshTools): SshTools {
  const silenceMs = persistSilenceMs;
  const { client } = tools;
  return {
    ...tools,
    access: (session) => tools.access(session, { silenceMs }),
    client: {
      ...client,
      open: (request) => client.open({ ...request, silenceMs }),
      openStreams: (request) => client.openStreams({ ...request, silenceMs }),
    },
  };
}

function withLine(
  { request, options }: Pick<Attempt, 'request' | 'options'>,
  mode: PersistMode,
): PersistRequest {
  return { ...request, sshArguments: persistArguments(options, persistLine(request.name, mode)) };
}

/** Until the shell is left, has ended, or cannot be reached ever again. */
async function comeBack(first: Lost, attempt: Attempt, tools: SshTools): Promise<number> {
  let outcome: Outcome = first;
  let told: string | undefined;
  try {
    for (let failed = 0; 'lost' in outcome; failed += 1) {
      told = tell(outcome, told, { name: attempt.session.name, tools });
      await pause(persistPause(failed, Math.random()), attempt.session.name, tools);
      const began = performance.now();
      outcome = await tryAgain(attempt, tools);
      if (performance.now() - began > steadyMs) failed = -1;
    }
    return outcome.status;
  } catch (error) {
    if (!tools.signal.aborted) throw error;
    const hint = `\`${attempt.request.wayBack}\` returns to the shell`;
    const { exitCode } = interruptedBy(tools.signal);
    throw new InterruptedError('interrupted while there was no connection', { hint }, exitCode);
  }
}

interface Teller {
  /** Of the session. */
  readonly name: string;
  readonly tools: SshTools;
}

/** Each reason once, and each loss. */
function tell(
  { lost, stood }: Lost,
  before: string | undefined,
  { name, tools }: Teller,
): string | undefined {
  if (stood) {
    tools.reporter.warn(
      `the connection to session ${name} was lost; what was typed last may not have arrived`,
      'bai reconnects automatically; Ctrl-C stops that',
    );
    return undefined;
  }
  if (lost !== undefined && lost !== before) tools.reporter.warn(lost);
  return lost;
}

/** By the session's id: another one may have its name by now. */
async function tryAgain(attempt: Attempt, tools: SshTools): Promise<Outcome> {
  try {
    await findAgain(attempt.session, tools);
    return await connectOnce(attempt, tools);
  } catch (error) {
    if (!mayPass(error)) throw error;
    return { lost: error.message, stood: false };
  }
}

/** A connection that was kept may be as dead as the line, and is silent for ever then. */
async function findAgain({ id }: SessionRef, tools: SshTools): Promise<void> {
  using limit = limitTime(tools.signal, answerLimitMs);
  try {
    await openRunningSession(id, { ...tools, signal: limit.signal });
  } catch (error) {
    throw limit.isOver && !tools.signal.aborted ? noAnswer() : error;
  }
}

function noAnswer(): TimeoutError {
  return new TimeoutError(`the manager does not answer within ${answerLimitMs / 1000} s`, {
    hint: 'check your network (VPN, proxy, firewall)',
  });
}

/** A node is entered anew each time: the way through main1 is lost with the line. */
async function connectOnce(attempt: Attempt, tools: SshTools): Promise<Outcome> {
  const { work, mode, request } = attempt;
  await using place = await enterNode(attempt.session, request.node, tools);
  const inside = { ...attempt, session: place.session };
  if (work === undefined) return await connectSystemOnce(inside, place.tools);
  const command = persistLine(request.name, mode);
  return await connectBuiltinOnce({ ...inside, work: { ...work, command } }, place.tools);
}

async function connectSystemOnce(attempt: Attempt, tools: SshTools): Promise<Outcome> {
  const { session, mode } = attempt;
  const watch = watchDisconnect(persistSilence(attempt.options), tools);
  const request = { ...withLine(attempt, mode), isPastAsking: () => watch.wasSilent() };
  const status = await connectSystem(session, request, watch.tools);
  if (status !== connectionFailed || tools.signal.aborted) return { status };
  const { isLost, stood } = watch.verdict();
  // What went wrong on the way was told with ssh's end.
  return isLost && (stood || mode === 'back') ? { lost: undefined, stood } : { status };
}

interface BuiltinAttempt extends Attempt {
  readonly work: SshWork;
}

async function connectBuiltinOnce(
  { session, work, mode }: BuiltinAttempt,
  tools: SshTools,
): Promise<Outcome> {
  let stood = false;
  try {
    await using connection = await openBuiltin(session, { work }, tools);
    stood = true;
    return { status: await connection.run(work) };
  } catch (error) {
    // A port in the session is freed only once the lost connection is noticed there; the first time nothing frees it.
    const isRefused = mayPass(error) && error.code === 'forward-refused';
    if (mayPass(error) && (mode === 'back' || (stood && !isRefused)))
      return { lost: error.message, stood: stood && !isRefused };
    return { status: failedWith(error, tools) };
  }
}

/** With a count-down where somebody watches. */
async function pause(seconds: number, name: string, { reporter, signal }: SshTools): Promise<void> {
  for (let left = seconds; left > 0; left -= 1) {
    const shown = reporter.busy(`reconnecting to ${name} in ${left} s; Ctrl-C stops it`, 'now');
    try {
      await delay(1_000, undefined, { signal });
    } finally {
      shown.stop();
    }
  }
}

/** What bai ends with. */
function statusOf(status: number, { wayBack }: PersistRequest, { reporter }: SshTools): number {
  if (status === persistStatus.detached) {
    reporter.info(`the shell keeps running in the session; \`${wayBack}\` returns to it`);
    return 0;
  }
  if (status !== persistStatus.gone) return status;
  reporter.warn(
    'there is no shell to return to: it has ended, or was not in tmux',
    `\`${wayBack}\` starts a new one`,
  );
  return connectionFailed;
}
