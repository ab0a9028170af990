/** Whether a file that is already there is replaced, by the rule of `--if-exists`. */

import { haveSameTime, isBeyondSftp, isTelling } from '../../core/sftp/file-time.ts';
import type { TransferOptions } from '../../core/sftp/transfer-options.ts';
import { ConflictError, TransferError } from '../../errors.ts';

/** What is known of a file, on either side. */
export interface ExistingFile {
  readonly size: number | undefined;
  /** Seconds since 1970. */
  readonly modifiedAt: number | undefined;
}

export interface Replacement {
  readonly source: ExistingFile;
  readonly existing: ExistingFile & { readonly path: string };
  readonly ifExists: TransferOptions['ifExists'];
}

/** `compare`: only the bytes can tell. */
export type Choice =
  | { readonly choice: 'replace' | 'compare' }
  | { readonly choice: 'keep'; readonly reason: string };

const replace: Choice = { choice: 'replace' };
const compare: Choice = { choice: 'compare' };
const sameContent = 'the existing file has the same content';

/** Throws ConflictError for `fail`. */
export function chooseReplacement({ source, existing, ifExists }: Replacement): Choice {
  switch (ifExists) {
    case 'overwrite':
      return replace;
    case 'skip':
      return { choice: 'keep', reason: 'it already exists' };
    case 'newer':
      return chooseNewer(source, existing);
    case 'different':
      return chooseDifferent(source, existing);
    case 'fail':
      throw new ConflictError(`${existing.path} already exists`, { code: 'exists' });
  }
}

/** Why a file is left as it is, or nothing when it is to be replaced. Throws a BaiError where nothing tells which it should be. */
export async function reasonToSkip(
  replacement: Replacement,
  haveSameBytes: () => Promise<boolean>,
): Promise<string | undefined> {
  const { source, existing, ifExists } = replacement;
  const chosen = chooseReplacement(replacement);
  if (chosen.choice === 'keep') return chosen.reason;
  if (chosen.choice === 'replace') return undefined;
  if (source.size === existing.size && (await haveSameBytes())) return sameContent;
  if (ifExists === 'different' || isBeyondSftp(source.modifiedAt ?? 0)) return undefined;
  throw new TransferError(
    `which is newer, the source or ${existing.path}, cannot be determined: a time before 1970, after 2037 or none at all says nothing`,
    {
      code: 'time-unknown',
      hint: 'compare by content with --if-exists different, or replace it with overwrite',
    },
  );
}

function chooseNewer(source: ExistingFile, existing: ExistingFile): Choice {
  if (!isTelling(source.modifiedAt) || !isTelling(existing.modifiedAt)) {
    return haveSameTime(source.modifiedAt, existing.modifiedAt) === true ? notOlder : compare;
  }
  return Math.floor(source.modifiedAt) > Math.floor(existing.modifiedAt) ? replace : notOlder;
}

const notOlder: Choice = { choice: 'keep', reason: 'the existing file is not older' };

function chooseDifferent(source: ExistingFile, existing: ExistingFile): Choice {
  if (source.size !== existing.size) return replace;
  const isSameTime = haveSameTime(source.modifiedAt, existing.modifiedAt);
  if (isSameTime === undefined) return compare;
  return isSameTime ? { choice: 'keep', reason: 'the existing file has the same size and time' } : replace;
}
