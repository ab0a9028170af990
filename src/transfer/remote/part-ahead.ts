/** The part of a small file that is made along with the first look at its target, before anybody knows whether it is wanted. */

import type { NewPart } from '../../core/sftp/look-ahead.ts';
import { remoteName } from '../../core/sftp/remote-path.ts';
import type { TransferOptions } from '../../core/sftp/transfer-options.ts';
import { BaiError } from '../../errors.ts';
import type { PooledChannel } from '../engine/pooled-channel.ts';
import { requestBytes } from '../engine/sftp-channel.ts';
import type { RemoteHandle, SftpRequests } from '../engine/sftp-requests.ts';
import { discardPart, inTime, newPartFlags, remotePartPath } from './remote-part.ts';

/** The server's umask (or default ACL) shows in what it makes of 0666; 0600 hides what is to have another mode in the end. */
export const partModes = { shown: 0o666, hidden: 0o600 } as const;

/** Only for what goes in one piece, and replaces whatever file is there. */
export function partAhead(
  target: string,
  source: { readonly size: number },
  options: TransferOptions,
): NewPart | undefined {
  const isOnePiece = source.size <= requestBytes && options.bytesPerSecond === undefined;
  if (!isOnePiece || options.ifExists !== 'overwrite' || remoteName(target) === undefined) return undefined;
  const mode = options.preserve ? partModes.hidden : partModes.shown;
  return { path: remotePartPath(target), flags: newPartFlags, mode };
}

/**
 * The part at this path, where it was made so and nobody can open it who may not read the file in the end. Another one that
 * was made is taken away: what is asked of the lane next finds it gone.
 */
export async function takePartAhead(
  lane: PooledChannel,
  path: string,
  mode: { readonly atFirst: number; readonly final: number | undefined },
): Promise<RemoteHandle | undefined> {
  const made = lane.partAhead;
  if (made?.path !== path) return undefined;
  const [handle, found] = await Promise.all([
    openMade(lane.requests, made),
    lane.requests.lstat(path).catch(noAnswer),
  ]);
  if (handle === undefined) return undefined;
  if (made.mode === mode.atFirst) return handle;
  const shown = found?.mode ?? made.mode;
  if (mode.final !== undefined && (shown & ~mode.final & 0o777) === 0) return handle;
  void discardPart(lane.cleanup, path, handle);
  return undefined;
}

/** Takes away what was made and is not wanted. Never throws, and does not take long. */
export async function dropPartAhead(lanes: readonly PooledChannel[]): Promise<void> {
  for (const { partAhead: made, cleanup } of lanes) {
    if (made === undefined) continue;
    const dropped = openMade(cleanup, made).then(async (handle) => {
      if (handle !== undefined) await discardPart(cleanup, made.path, handle);
    });
    if (!(await inTime(dropped))) cleanup.left(made.path);
  }
}

/** Nothing where it could not be made: whoever needs it tries again, and says why. */
async function openMade(requests: SftpRequests, made: NewPart): Promise<RemoteHandle | undefined> {
  return await requests.open(made.path, made.flags, made.mode).catch(noAnswer);
}

function noAnswer(error: unknown): undefined {
  if (!(error instanceof BaiError)) throw error;
}
