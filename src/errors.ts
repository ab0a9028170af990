/** Every failure bai can explain, and the exit status each one ends with (docs/exit-codes.md). */

import { constants } from 'node:os';
import type { ErrorCode } from './error-codes/index.ts';

export const ExitCode = {
  ok: 0,
  failure: 1,
  usage: 2,
  denied: 3,
  notFound: 4,
  unreachable: 5,
  conflict: 6,
  sessionError: 10,
  sessionCancelled: 11,
  sessionTerminated: 12,
  bug: 70,
  hungUp: 129,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

export interface ErrorFacts {
  readonly code?: ErrorCode;
  /** The next step, as one imperative sentence. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** Extra fields of the JSON form. Never a secret. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** A failure the user can act on: `message` says what happened and to what, `hint` what to do next. */
export class BaiError extends Error {
  readonly exitCode: number = ExitCode.failure;
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(message: string, facts: ErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = new.target.name;
    this.code = facts.code ?? 'failure';
    this.hint = facts.hint;
    this.details = facts.details ?? {};
  }
}

/** The command line itself is wrong. */
export class UsageError extends BaiError {
  override readonly exitCode = ExitCode.usage;
  constructor(message: string, facts: ErrorFacts = {}) {
    super(message, { code: 'usage', ...facts });
  }
}

/** Not signed in, a wrong key, or signed in and refused. */
export class DeniedError extends BaiError {
  override readonly exitCode = ExitCode.denied;
  constructor(message: string, facts: ErrorFacts = {}) {
    super(message, { code: 'denied', ...facts });
  }
}

/** The session, app or file is not there. */
export class NotFoundError extends BaiError {
  override readonly exitCode = ExitCode.notFound;
  constructor(message: string, facts: ErrorFacts = {}) {
    super(message, { code: 'not-found', ...facts });
  }
}

/** No answer: refused, unknown host, TLS, connection lost. */
export class UnreachableError extends BaiError {
  override readonly exitCode = ExitCode.unreachable;
  constructor(message: string, facts: ErrorFacts = {}) {
    super(message, { code: 'unreachable', ...facts });
  }
}

/** The time the user allowed is over. */
export class TimeoutError extends BaiError {
  override readonly exitCode = ExitCode.unreachable;
  constructor(message: string, facts: ErrorFacts = {}) {
    super(message, { code: 'timeout', ...facts });
  }
}

/** Something else is already there: a name, a port, a file, a different host key. */
export class ConflictError extends BaiError {
  override readonly exitCode = ExitCode.conflict;
  constructor(message: string, facts: ErrorFacts = {}) {
    super(message, { code: 'conflict', ...facts });
  }
}

export type SessionEnd = 'ERROR' | 'CANCELLED' | 'TERMINATED';

const ends = {
  ERROR: { code: 'session-error', exitCode: ExitCode.sessionError },
  CANCELLED: { code: 'session-cancelled', exitCode: ExitCode.sessionCancelled },
  TERMINATED: { code: 'session-terminated', exitCode: ExitCode.sessionTerminated },
} as const satisfies Record<SessionEnd, { readonly code: ErrorCode; readonly exitCode: ExitCode }>;

/** The session that was waited for ended instead of running; each end has its own exit status. */
export class SessionEndedError extends BaiError {
  override readonly exitCode: number;
  constructor(end: SessionEnd, message: string, facts: ErrorFacts = {}) {
    super(message, { code: ends[end].code, ...facts });
    this.exitCode = ends[end].exitCode;
  }
}

/** A file could not be moved, or not all of it. */
export class TransferError extends BaiError {
  constructor(message: string, facts: ErrorFacts = {}) {
    super(message, { code: 'transfer', ...facts });
  }
}

/** This machine refused: a full disk, a folder that is not writable, a program that is not there. */
export class LocalSystemError extends BaiError {
  constructor(message: string, facts: ErrorFacts = {}) {
    super(message, { code: 'local-system', ...facts });
  }
}

/** The server answered with something its protocol does not allow. */
export class ProtocolError extends BaiError {
  constructor(message: string, facts: ErrorFacts = {}) {
    super(message, { code: 'protocol', ...facts });
  }
}

/** Ctrl-C, SIGTERM or SIGHUP. */
export class InterruptedError extends BaiError {
  override readonly exitCode: number;
  constructor(message = 'interrupted', facts: ErrorFacts = {}, exitCode: number = ExitCode.interrupted) {
    super(message, { code: 'interrupted', ...facts });
    this.exitCode = exitCode;
  }
}

/** What an aborted signal stands for: wherever a wait ended, the status is that of the process's own signal. */
export function interruptedBy(signal: AbortSignal, error?: Error): InterruptedError {
  const { reason } = signal;
  const status = reason instanceof InterruptedError ? reason.exitCode : ExitCode.interrupted;
  if (error === undefined && reason instanceof InterruptedError) return reason;
  if (!(error instanceof BaiError)) return new InterruptedError('interrupted', { cause: error }, status);
  const { message, code, hint, details } = error;
  const facts = { code, details, cause: error, ...(hint !== undefined && { hint }) };
  return new InterruptedError(message, facts, status);
}

/** Whether it is the end of a wait by a signal, and no failure of its own. */
export function isAbort(error: unknown): error is Error {
  if (error instanceof InterruptedError) return true;
  if (error instanceof BaiError) return error.exitCode === ExitCode.interrupted;
  return error instanceof Error && error.name === 'AbortError';
}

/**
 * What a wait fails with that this signal has ended. The user's interrupt comes as the signal's reason, from the one place that
 * hears it; a limit of bai's own is never taken for it.
 */
export function reasonOf({ reason }: AbortSignal): Error {
  if (!(reason instanceof Error)) return new InterruptedError('interrupted', { cause: reason });
  return reason.name === 'TimeoutError' && !(reason instanceof BaiError)
    ? new TimeoutError('there was no answer in time', { cause: reason })
    : reason;
}

/** What another process of bai has failed with. */
export class RelayedError extends BaiError {
  override readonly exitCode: number;
  constructor(message: string, facts: ErrorFacts, exitCode: number) {
    super(message, facts);
    this.exitCode = exitCode;
  }
}

/** A failure with more to say than where it was thrown: its exit status stays. */
export class RetoldError extends BaiError {
  override readonly exitCode: number;
  constructor(error: BaiError, message: string, facts: Pick<ErrorFacts, 'hint' | 'details'>) {
    super(message, { code: error.code, ...facts, cause: error });
    this.exitCode = error.exitCode;
  }
}

/** What may have happened all the same, when no answer tells whether it did. */
export interface Doubt {
  /** Behind the failure, e.g. `session demo may have been created`. */
  readonly words: string;
  /** How to find out. */
  readonly hint: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Something was to be changed, the request may have arrived, and nothing tells what became of it. */
export class UnsureError extends RetoldError {
  readonly doubt: Doubt;
  constructor(error: BaiError, doubt: Doubt) {
    super(error, `${error.message.replace(/\.$/, '')}; ${doubt.words}`, {
      hint: error.hint === undefined ? doubt.hint : `${doubt.hint}; ${error.hint}`,
      details: { ...error.details, ...doubt.details },
    });
    this.doubt = doubt;
  }
}

/** Whether the same may go well a little later: no answer, that of a gateway before the manager, or a failure inside of it. */
export function mayPass(error: unknown): error is BaiError {
  return (
    error instanceof UnreachableError ||
    error instanceof TimeoutError ||
    (error instanceof BaiError && error.code === 'server-error')
  );
}

/** The error code for a system code such as `ENOSPC`. */
export function localCode(code: string): ErrorCode {
  return `local-e${code.toLowerCase().replace(/^e/, '')}`;
}

/** Of a number that Node has no text for, such as that of a quota that is used up. */
function nameOf(errno: number | undefined): string | undefined {
  if (errno === undefined || errno >= 0) return undefined;
  return Object.entries(constants.errno).find(([, number]) => number === -errno)?.[0];
}

/** The error's system code (`ENOENT`, `ECONNREFUSED`, …), looked for along its causes. */
export function systemCode(error: unknown): string | undefined {
  for (let current = error, depth = 0; current instanceof Error && depth < 5; depth += 1) {
    const { code, errno } = current as NodeJS.ErrnoException;
    if (typeof code === 'string' && /^E[A-Z0-9]+$/.test(code)) return code;
    const name = nameOf(errno);
    if (name !== undefined) return name;
    if (current instanceof AggregateError && current.errors.length > 0) current = current.errors[0];
    else current = current.cause;
  }
  return undefined;
}
