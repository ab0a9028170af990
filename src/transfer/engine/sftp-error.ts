/** SFTP status codes as errors a user understands. */

import { sanitizeLine } from '../../core/text/sanitize.ts';
import {
  type BaiError,
  DeniedError,
  NotFoundError,
  ProtocolError,
  TransferError,
  UnreachableError,
} from '../../errors.ts';

export const SftpStatus = {
  endOfFile: 1,
  noSuchFile: 2,
  permissionDenied: 3,
  failure: 4,
  badMessage: 5,
  noConnection: 6,
  connectionLost: 7,
  unsupported: 8,
} as const;

/** The status the server answered with, or nothing when the error did not come from an answer. */
export function sftpStatus(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const source = 'code' in error && typeof error.code === 'number' ? error : error.cause;
  return source instanceof Error && 'code' in source && typeof source.code === 'number'
    ? source.code
    : undefined;
}

/** The server did not open what it was asked for and gave no reason; too many open files would be one. */
export class OpenRefusedError extends TransferError {}

/** For the `catch` of a request that opens something. */
export function refusedToOpen(error: unknown): never {
  if (!(error instanceof TransferError) || sftpStatus(error) !== SftpStatus.failure) throw error;
  const { message, code, hint, cause } = error;
  throw new OpenRefusedError(message, { code, cause, ...(hint !== undefined && { hint }) });
}

/** Whether the server has answered, and with a no: a loss or Ctrl-C says nothing about what was asked for. */
export function isRefusal(error: unknown): boolean {
  return sftpStatus(error) !== undefined && !(error instanceof UnreachableError);
}

/** `action` reads as in "cannot write x". */
export function sftpError(error: unknown, action: string, path: string): BaiError {
  const what = `cannot ${action} ${path} in the session`;
  switch (sftpStatus(error)) {
    case SftpStatus.noSuchFile:
      return new NotFoundError(`${what}: no such file or folder`, { cause: error });
    case SftpStatus.permissionDenied:
      return new DeniedError(`${what}: permission denied`, { cause: error });
    case SftpStatus.unsupported:
      return new TransferError(`${what}: the server does not support it`, {
        code: 'unsupported',
        cause: error,
      });
    case SftpStatus.badMessage:
      // OpenSSH's word for ENAMETOOLONG and EINVAL.
      return new TransferError(`${what}: the server does not take such a name or value`, {
        hint: 'a name may be too long for the disk there (most take 255 bytes): choose a shorter one',
        cause: error,
      });
    case SftpStatus.failure:
      return new TransferError(`${what}: ${serverWords(error)}`, {
        hint: 'check whether the disk or a quota in the session is full, and whether something else is in the way',
        cause: error,
      });
    case SftpStatus.noConnection:
    case SftpStatus.connectionLost:
    case undefined:
      return lostError(error);
    default:
      return new TransferError(`${what}: ${serverWords(error)}`, { cause: error });
  }
}

export function lostError(cause?: unknown): UnreachableError {
  return new UnreachableError('the connection to the session was lost', {
    code: 'connection-lost',
    hint: 'run the same command again; files that are not whole were not put in place',
    cause,
  });
}

export function strangeAnswer(action: string, path: string): ProtocolError {
  return new ProtocolError(`the server gave an unexpected answer: cannot ${action} ${path}`);
}

function serverWords(error: unknown): string {
  const words = error instanceof Error ? sanitizeLine(error.message).slice(0, 200) : '';
  return words === '' || words === 'Failure' ? 'the server reports a failure' : `the server says "${words}"`;
}
