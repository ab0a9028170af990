/** Creates a session, or takes the one of that name, and waits until it runs. */

import { type SessionRef, sessionNameProblem } from '../core/session.ts';
import type { CreatedSession, CreateRequest, ImageSummary } from '../core/session-api.ts';
import { similarNames } from '../core/similar.ts';
import { limitTime, startStopwatch } from '../core/time-limit.ts';
import {
  type BaiError,
  InterruptedError,
  NotFoundError,
  TimeoutError,
  UnreachableError,
  UsageError,
} from '../errors.ts';
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
  checkRequest(request.session);
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
    const said = `the manager did not answer within ${timeoutMs / 1000} s`;
    throw maybeCreated(session, new TimeoutError(said, { cause: error }));
  }
}

function checkRequest(session: CreateRequest): void {
  const problem = sessionNameProblem(session.name);
  if (problem) throw new UsageError(`"${session.name}" cannot be a session's name`, { hint: problem });
  if (session.type === 'batch' && !session.startupCommand) {
    throw new UsageError('a batch session needs a command', { hint: 'give it with --startup-command' });
  }
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
    return { session: await deps.api.create(session, deps.signal), image: session.image };
  } catch (error) {
    if (
      error instanceof UnreachableError ||
      error instanceof TimeoutError ||
      error instanceof InterruptedError
    )
      throw maybeCreated(session, error);
    if (!(error instanceof NotFoundError)) throw error;
    const meant = await findImage(session, error, deps);
    const exact = { ...session, image: meant.reference, architecture: meant.architecture };
    const created = await deps.api.create(exact, deps.signal);
    deps.reporter.info(`image: ${meant.reference} (${meant.architecture})`);
    return { session: created, image: meant.reference };
  }
}

type NoAnswer = UnreachableError | TimeoutError | InterruptedError;

/** Without an answer nobody knows whether the session was made; the same name finds it, or makes it now. */
function maybeCreated({ name }: CreateRequest, error: NoAnswer): BaiError {
  const Failure = [InterruptedError, TimeoutError].find((each) => error instanceof each) ?? UnreachableError;
  return new Failure(`${error.message}; session ${name} may have been created`, {
    code: error.code,
    cause: error,
    hint: `${error.hint === undefined ? '' : `${error.hint}; `}\`bai session wait ${name}\` tells, and --name ${name} takes it again`,
    details: { ...error.details, name },
  });
}

async function findImage(
  session: CreateRequest,
  refusal: BaiError,
  deps: SessionDeps,
): Promise<ImageSummary> {
  const images = (await deps.api.images(deps.signal)).filter(
    (image) => session.architecture === undefined || image.architecture === session.architecture,
  );
  const same = images.filter(
    (image) => image.reference === session.image || image.aliases.includes(session.image),
  );
  const only = same[0];
  if (only && only.reference === session.image && session.architecture !== undefined) throw refusal;
  if (only && same.every((image) => image.reference === only.reference)) return only;
  const meant = images.filter((image) => isMeant(session.image, image.reference));
  const [first, ...others] = meant;
  if (first && others.length === 0) return first;
  throw unknownImage(session.image, refusal, meant.length > 0 ? meant : images);
}

/** `python:3.11` means `registry/project/python:3.11-ubuntu22.04`; a name without a tag means any tag. */
function isMeant(wanted: string, reference: string): boolean {
  const [name = '', tag = ''] = wanted.split(':');
  const at = reference.lastIndexOf(':');
  const [path, theirTag] = [reference.slice(0, at), reference.slice(at + 1)];
  return (
    (path === name || path.endsWith(`/${name}`)) &&
    (theirTag === tag || tag === '' || theirTag.startsWith(`${tag}-`))
  );
}

function unknownImage(wanted: string, refusal: BaiError, images: readonly ImageSummary[]): BaiError {
  const names = images.flatMap((image) => [image.reference, ...image.aliases]);
  const near = [...new Set([...similarNames(wanted, names), ...names])].slice(0, 5);
  // Without any image in sight the refusal may be about the project or the resource group.
  if (near.length === 0) return refusal;
  return new NotFoundError(`there is no image ${wanted}`, {
    code: 'image-not-found',
    hint: `images you can use: ${near.join(', ')}`,
    cause: refusal,
  });
}
