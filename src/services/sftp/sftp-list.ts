/** `bai sftp ls`: what is in a folder of a session. */

import type { Table } from '../../core/reporter.ts';
import { remotePath } from '../../core/sftp/remote-path.ts';
import type { SftpTarget } from '../../core/sftp/sftp-target.ts';
import { shownTime } from '../../core/text/shown-time.ts';
import type { RemoteEntry, RemoteFiles } from '../../transfer/remote-files.ts';
import { describeEntry, modeText } from './sftp-entry.ts';
import type { SftpTools } from './sftp-tools.ts';

interface ListRequest extends SftpTarget {
  readonly long: boolean;
  /** Also names that begin with a dot. */
  readonly all: boolean;
}

export async function listFiles(request: ListRequest, tools: SftpTools): Promise<void> {
  await using files = await tools.open(request.session);
  const entries = await readEntries(request, files);
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  const path = remotePath(request.path);
  tools.reporter.result(
    { session: request.session, path, entries: entries.map(describeEntry) },
    request.long && entries.length > 0 ? longTable(entries) : entries.map((entry) => entry.name),
  );
}

/** Several names that a pattern matched; what is in folders among them is not looked at. */
export async function listMatches(
  { session, pattern, long }: { readonly session: string; readonly pattern: string; readonly long: boolean },
  matches: readonly { readonly path: string; readonly name: string }[],
  tools: SftpTools,
): Promise<void> {
  await using files = await tools.open(session);
  const read = matches.map(async ({ path, name }) => ({ name, attributes: await files.lstat(path) }));
  const entries = await Promise.all(read);
  tools.reporter.result(
    { session, path: pattern, entries: entries.map(describeEntry) },
    long ? longTable(entries) : entries.map(({ name }) => name),
  );
}

async function readEntries({ path, all }: ListRequest, files: RemoteFiles): Promise<RemoteEntry[]> {
  const attributes = await files.stat(path);
  if (attributes.kind !== 'folder') return [{ name: remotePath(path), attributes }];
  const entries: RemoteEntry[] = [];
  for await (const entry of files.list(path)) if (all || !entry.name.startsWith('.')) entries.push(entry);
  return entries;
}

function longTable(entries: readonly RemoteEntry[]): Table {
  return {
    // A name that is cut names nothing, so a long one goes on in the next line, as with `ls`.
    columns: ['MODE', 'SIZE', 'MODIFIED', 'NAME'].map((title) => ({ title, whole: true })),
    rows: entries.map((entry) => [
      modeText(entry.attributes),
      entry.attributes.size?.toString(),
      shownTime(describeEntry(entry).modifiedAt ?? ''),
      entry.name,
    ]),
  };
}
