/** Creates a session, or takes the one of that name, and waits until it runs. */

import { checkCreateRequest } from '../../core/session/create-check.ts';
import type { SessionRef } from '../../core/session/session.ts';
import type { CreatedSession, CreateRequest } from '../../core/session/session-api.ts';
import { limitTime, startStopwatch } from '../../core/time-limit.ts';
import { BaiError, TimeoutError, UnsureError } from '../../errors.ts';
import { createUnderName } from './create-under-name.ts';
import { explainCreation, isAboutImage } from './explain-creation.ts';
import { findImage } from './find-image.ts';
import type { SessionDeps } from './session-deps.ts';
import { watchSession } from './wait-session.ts';

export interface CreateSessionRequest {
  readonly session: CreateRequest;
  readonly wait: boolean;
  readonly timeoutMs?: number | undefined;
}

export interface CreateSessionResult extends SessionRef {
  readonly created: boolean;
  readonly image: string;
}

export async function createSession(
  request: CreateSessionRequest,
  deps: SessionDeps,
): Promise<CreateSessionResult> {
  checkCreateRequest(request.session);
  using watch = startStopwatch();
  const { session, image } = await createInTime(request, deps);
  if (!session.created) deps.reporter.info(`session ${session.name} is already there and is used again`);
  if (!request.wait) return { ...session, image };
  const { timeoutMs } = request;
  const { elapsedMs } = watch;
  const running = await watchSession({ session, timeoutMs, elapsedMs }, deps);
  return { id: session.id, name: session.name, status: running.status, created: session.created, image };
}

/** The time allowed counts from the start: a manager may take long to answer. */
async function createInTime(
  request: CreateSessionRequest,
  deps: SessionDeps,
): ReturnType<typeof createFromImage> {
  const { timeoutMs, session } = request;
  if (timeoutMs === undefined) return createFromImage(session, deps);
  using limit = limitTime(deps.signal, timeoutMs);
  try {
    return await createFromImage(session, { ...deps, signal: limit.signal });
  } catch (error) {
    if (!limit.isOver || deps.signal.aborted) throw error;
    throw tooLate(session.name, timeoutMs / 1000, error);
  }
}

function tooLate(name: string, seconds: number, cause: unknown): TimeoutError | UnsureError {
  if (cause instanceof UnsureError)
    return new UnsureError(
      new TimeoutError(`the manager did not answer within ${seconds} s`, { cause }),
      cause.doubt,
    );
  return new TimeoutError(`session ${name} was not created within ${seconds} s`, {
    hint: '--timeout allows more time; without it there is no limit',
    cause,
  });
}

/**
 * The manager wants the image's full name and takes its own machine's architecture for granted. Only when
 * it does not know the image are its images looked through for the one that was meant.
 */
async function createFromImage(
  session: CreateRequest,
  deps: SessionDeps,
): Promise<{ session: CreatedSession; image: string }> {
  try {
    return { session: await createUnderName(session, deps), image: session.image };
  } catch (error) {
    if (!(error instanceof BaiError)) throw error;
    const refusal = await explainCreation(error, session, deps);
    const meant =
      refusal === error && isAboutImage(error) ? await findImage(session, error, deps) : undefined;
    if (meant === undefined) throw refusal;
    const exact = { ...session, image: meant.reference, architecture: meant.architecture };
    const created = await createUnderName(exact, deps);
    deps.reporter.info(`image: ${meant.reference} (${meant.architecture})`);
    return { session: created, image: meant.reference };
  }
}
