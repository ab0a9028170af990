/** Turns whatever was thrown into what a person reads and what a script parses. */

import { sanitizeLine, sanitizeText } from '../core/text/sanitize.ts';
import { BaiError, ExitCode, LocalSystemError, localCode, systemCode } from '../errors.ts';

interface DescribedError {
  readonly exitCode: number;
  readonly code: string;
  /** One line, whatever a server put into it; so is the hint. */
  readonly message: string;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;
  /** Only for what bai cannot explain: the stack goes into the report of a bug. */
  readonly stack: string | undefined;
}

export function describeError(error: unknown): DescribedError {
  const known = error instanceof BaiError ? error : explainSystemError(error);
  if (known !== undefined) {
    return {
      exitCode: known.exitCode,
      code: known.code,
      message: sanitizeLine(known.message),
      hint: known.hint === undefined ? undefined : sanitizeLine(known.hint),
      details: known.details,
      stack: undefined,
    };
  }
  const text = error instanceof Error ? error.message : String(error);
  return {
    exitCode: ExitCode.bug,
    code: 'bug',
    message: sanitizeLine(`this is a bug in bai: ${text}`),
    hint: 'report it with the lines above and the command you ran (never with your keys)',
    details: {},
    stack: error instanceof Error ? stackOf(error) : undefined,
  };
}

/** The message in it may be a server's: it makes no line that could be taken for a call. */
function stackOf({ stack = '', message }: Error): string {
  return sanitizeText(message === '' ? stack : stack.replace(message, () => sanitizeLine(message)));
}

/** What the operating system says about this machine's files is no bug of bai's wherever it comes up. */
const systemHints: Readonly<Record<string, readonly [string, string]>> = {
  ENOSPC: ['no space is left on the disk', 'free some space and run the same command again'],
  EDQUOT: ['the disk quota is used up', 'free some space and run the same command again'],
  EROFS: ['the file system is read-only', 'choose another folder'],
  EACCES: ['permission denied', 'check who owns the file and its folder'],
  EPERM: ['the operation is not permitted', 'check who owns the file and its folder'],
  EMFILE: ['too many files are open', 'raise the limit (ulimit -n) or do less at once'],
  ENOTDIR: ['a part of the path is not a folder', 'check the path'],
  EISDIR: ['it is a folder, not a file', 'check the path'],
  EIO: ['the disk reports an error', 'check the disk, or choose another one'],
  ELOOP: ['too many symbolic links', 'check the path'],
  EADDRINUSE: ['the port is taken', 'choose another --port'],
  ENOENT: ['no such file or folder', 'check the path'],
  ENAMETOOLONG: ['the name is too long', 'choose a shorter one'],
};

/** Nothing for what is none of its errors. */
export function explainSystemError(error: unknown): LocalSystemError | undefined {
  const code = systemCode(error);
  const known = systemHints[code ?? ''];
  if (!(error instanceof Error) || code === undefined || known === undefined) return undefined;
  const [what, hint] = known;
  const path = (error as NodeJS.ErrnoException).path;
  const message = path === undefined ? what : `${path}: ${what}`;
  return new LocalSystemError(message, { code: localCode(code), hint, cause: error });
}
