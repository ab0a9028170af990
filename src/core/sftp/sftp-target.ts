/** Reads `SESSION:PATH` and its relatives out of the arguments of `bai sftp`. */

import { UsageError } from '../../errors.ts';

export interface SftpTarget {
  readonly session: string;
  /** As written: empty is the home. */
  readonly path: string;
}

export interface SftpPaths {
  readonly session: string;
  readonly paths: readonly string[];
}

/** A name or id of any platform, as scp tells hosts from files: without a slash. One letter is a drive of Windows. */
const session = /^(?![A-Za-z]$|\.{1,2}$)[^/\\:@\p{Cc}]{1,128}$/u;

const localHint = 'a local file with a colon in its name is written ./NAME:…';

/** `SESSION:PATH`, or nothing when the argument is a path on this machine (`./a:b`, `C:\x`, `data.tar`). */
export function parseTarget(argument: string): SftpTarget | undefined {
  const colon = argument.indexOf(':');
  const name = argument.slice(0, colon);
  return colon > 0 && session.test(name) ? { session: name, path: argument.slice(colon + 1) } : undefined;
}

/** `put LOCAL... SESSION:[REMOTE]`. */
export function parsePutArguments(args: readonly string[]): {
  readonly sources: readonly string[];
  readonly target: SftpTarget;
} {
  const sources = args.slice(0, -1);
  const target = parseTarget(args.at(-1) ?? '');
  if (target === undefined) {
    throw new UsageError(`the target must be SESSION:PATH, not "${args.at(-1) ?? ''}"`, {
      hint: 'write for example: bai sftp put data.tar demo:',
    });
  }
  if (sources.length === 0) throw new UsageError('nothing to put: name at least one local file');
  const remote = sources.find((source) => parseTarget(source) !== undefined);
  if (remote !== undefined) {
    throw new UsageError(`"${remote}" is in a session, but put takes local files`, { hint: localHint });
  }
  return { sources, target };
}

/** `get SESSION:REMOTE... [LOCAL]`; without LOCAL the current folder. */
export function parseGetArguments(args: readonly string[]): SftpPaths & { readonly target: string } {
  const last = args.at(-1) ?? '';
  const hasTarget = args.length > 1 && parseTarget(last) === undefined;
  const sources = hasTarget ? args.slice(0, -1) : args;
  return { ...sameSession(sources.map(requireTarget)), target: hasTarget ? last : '.' };
}

export interface SyncEnds {
  readonly direction: 'put' | 'get';
  readonly local: string;
  readonly remote: SftpTarget;
}

/** `sync LOCAL SESSION:PATH` or `sync SESSION:PATH LOCAL`. */
export function parseSyncArguments(source: string, target: string): SyncEnds {
  const [from, to] = [parseTarget(source), parseTarget(target)];
  if (from === undefined && to !== undefined) return { direction: 'put', local: source, remote: to };
  if (from !== undefined && to === undefined) return { direction: 'get', local: target, remote: from };
  throw new UsageError(
    from === undefined ? 'neither end is SESSION:PATH' : 'one of the ends must be a folder of this machine',
    { hint: 'write for example: bai sftp sync src demo:src' },
  );
}

/** `SESSION:PATH...` or `SESSION PATH...`; SESSION alone is its home. */
export function parsePathArguments(args: readonly string[]): SftpPaths {
  const [first = '', ...rest] = args;
  if (parseTarget(first) !== undefined) return sameSession(args.map(requireTarget));
  if (!session.test(first)) {
    throw new UsageError(`"${first}" is neither SESSION:PATH nor a session`, {
      hint: 'a session goes by its name or id, which has no slash and no colon',
    });
  }
  return { session: first, paths: rest.length === 0 ? [''] : rest };
}

/** As `parsePathArguments`, for the commands that take one path. */
export function parseOnePath(args: readonly string[], command: string): SftpTarget {
  const { session: name, paths } = parsePathArguments(args);
  const [path, ...others] = paths;
  if (path === undefined || others.length > 0) {
    throw new UsageError(`${command} takes one path, not ${paths.length}`);
  }
  return { session: name, path };
}

/** `mv SESSION:OLD SESSION:NEW`, `mv SESSION:OLD NEW` or `mv SESSION OLD NEW`. */
export function parseMoveArguments(args: readonly string[]): SftpTarget & { readonly newPath: string } {
  const [first = '', second = ''] = args;
  const isBareNew =
    args.length === 2 && parseTarget(first) !== undefined && parseTarget(second) === undefined;
  const { session: name, paths } = isBareNew ? requireTargetAnd(first, second) : parsePathArguments(args);
  const [path, newPath] = paths;
  if (paths.length !== 2 || path === undefined || newPath === undefined) {
    throw new UsageError('mv takes an old and a new path', {
      hint: 'write for example: bai sftp mv demo:old.txt demo:new.txt',
    });
  }
  return { session: name, path, newPath };
}

function requireTargetAnd(first: string, second: string): SftpPaths {
  const { session: name, path } = requireTarget(first);
  return { session: name, paths: [path, second] };
}

function requireTarget(argument: string): SftpTarget {
  const target = parseTarget(argument);
  if (target === undefined) {
    throw new UsageError(`"${argument}" must be written SESSION:PATH`, {
      hint: 'a session goes by its name or id, which has no slash and no colon',
    });
  }
  return target;
}

function sameSession(targets: readonly SftpTarget[]): SftpPaths {
  const [first, ...others] = targets;
  if (first === undefined) throw new UsageError('name at least one SESSION:PATH');
  const other = others.find((target) => target.session !== first.session);
  if (other !== undefined) {
    throw new UsageError(
      `all paths must be in one session, not in "${first.session}" and "${other.session}"`,
      {
        hint: 'run the command once for each session',
      },
    );
  }
  return { session: first.session, paths: targets.map((target) => target.path) };
}
