/** Creates a session, or takes the one of that name, and waits until it runs. */

import { requireFeature } from '../../core/session/features.ts';
import type { CreatedSession, CreateRequest } from '../../core/session/provider.ts';
import type { SessionRef } from '../../core/session/session.ts';
import { limitTime, startStopwatch } from '../../core/time-limit.ts';
import { BaiError, TimeoutError, UnsureError, UsageError } from '../../errors.ts';
import type { SessionTools } from './session-tools.ts';
import { watchSession } from './wait-session.ts';

export interface CreateSessionRequest {
  readonly session: CreateRequest;
  readonly wait: boolean;
  /** Nobody is asked. */
  readonly yes?: boolean;
  readonly timeoutMs?: number | undefined;
}

export interface CreateSessionResult extends SessionRef {
  readonly created: boolean;
  readonly image: string;
}

export async function createSession(
  request: CreateSessionRequest,
  tools: SessionTools,
): Promise<CreateSessionResult> {
  using watch = startStopwatch();
  const session = await createInTime(request, tools);
  if (session.created) await remember(session, tools);
  else tools.reporter.info(`session ${session.name} already exists and is reused`);
  if (!request.wait) return session;
  const { timeoutMs } = request;
  const { elapsedMs } = watch;
  const running = await watchSession({ session, timeoutMs, elapsedMs }, tools);
  const { id, name, created, image } = session;
  return { id, name, status: running.status, created, image };
}

/** For the next time that somebody is asked for an image. */
async function remember({ image }: CreatedSession, { provider, lastImage }: SessionTools): Promise<void> {
  if (provider.images !== undefined) await lastImage?.write(image);
}

/** The time allowed counts from the start: a server may take long to answer. */
async function createInTime(request: CreateSessionRequest, tools: SessionTools): Promise<CreatedSession> {
  const { session, timeoutMs } = request;
  if (timeoutMs === undefined) return create(request, tools);
  using limit = limitTime(tools.signal, timeoutMs);
  try {
    return await create(request, { ...tools, signal: limit.signal });
  } catch (error) {
    if (!limit.isOver || tools.signal.aborted) throw error;
    throw tooLate(session.name ?? '', timeoutMs / 1000, error);
  }
}

function create({ session, yes }: CreateSessionRequest, tools: SessionTools): Promise<CreatedSession> {
  const { provider, reporter, signal } = tools;
  return requireFeature(provider, 'create')(session, {
    signal,
    confirm: (question) => confirm(question, yes === true, tools),
    info: (message) => reporter.info(message),
    step: (text) => reporter.step(text),
  });
}

async function confirm(question: string, yes: boolean, { ask }: SessionTools): Promise<void> {
  if (yes) return;
  if (ask === undefined) {
    throw new UsageError(`refusing without --yes (no terminal): ${question}`, {
      code: 'not-confirmed',
      hint: 'pass --yes when that is what you want',
    });
  }
  if (await ask(question)) return;
  throw new BaiError('nothing was created', {
    code: 'not-confirmed',
    hint: '--yes creates it without a question',
  });
}

function tooLate(name: string, seconds: number, cause: unknown): TimeoutError | UnsureError {
  if (cause instanceof UnsureError)
    return new UnsureError(
      new TimeoutError(`the manager did not answer within ${seconds} s`, { cause }),
      cause.doubt,
    );
  return new TimeoutError(
    `${name === '' ? 'the session' : `session ${name}`} was not created within ${seconds} s`,
    {
      hint: '--timeout allows more time; without it there is no limit',
      cause,
    },
  );
}
