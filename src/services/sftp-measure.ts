/** How much a put will move, counted while it runs: the total of many files makes a time left out of a rate. */

import { setTimeout as after } from 'node:timers/promises';
import type { TransferProgress } from '../core/reporter.ts';
import type { TransferOptions } from '../core/transfer-options.ts';
import type { LocalFiles } from '../transfer/local-files.ts';
import { listLocalTree } from './sftp-tree.ts';

export interface Measured {
  readonly sources: readonly string[];
  readonly recursive: boolean;
  readonly options: TransferOptions;
}

/** A transfer that is over by then needs no total. */
const startAfterMs = 1_500;

/** Tells `progress` once all is counted; ends when disposed of. What cannot be counted the transfer itself tells. */
export function measure(measured: Measured, local: LocalFiles, progress: TransferProgress): Disposable {
  const over = new AbortController();
  count(measured, untilOver(local, over.signal), over.signal).then(
    (total) => {
      if (total !== undefined && !over.signal.aborted) progress.expect(total.files, total.bytes);
    },
    () => {},
  );
  return { [Symbol.dispose]: () => over.abort() };
}

interface Total {
  files: number;
  bytes: number;
}

async function count(measured: Measured, local: LocalFiles, signal: AbortSignal): Promise<Total | undefined> {
  const { sources, recursive, options } = measured;
  // Of what is there already nobody knows yet how much will be left out.
  if (options.ifExists !== 'overwrite' || (sources.length === 1 && !recursive)) return undefined;
  await after(startAfterMs, undefined, { signal, ref: false });
  const total: Total = { files: 0, bytes: 0 };
  for (const source of sources) {
    const found = await local.stat(source);
    if (found?.kind === 'file') add(total, found.size);
    if (found?.kind !== 'folder' || !recursive) continue;
    const { entries } = await listLocalTree(source, local, { accepts: options.accepts, follow: true });
    for (const { path, kind, size } of entries)
      if (kind === 'file' && options.accepts(path, false)) add(total, size ?? 0);
  }
  return total;
}

function add(total: Total, bytes: number): void {
  total.files += 1;
  total.bytes += bytes;
}

/** Listings that end early, so that a large tree is not read on after the transfer. */
function untilOver(local: LocalFiles, signal: AbortSignal): LocalFiles {
  return {
    ...local,
    async *list(folder, follow) {
      for await (const entry of local.list(folder, follow)) {
        if (signal.aborted) return;
        yield entry;
      }
    },
  };
}
