/** The sources of a transfer: names with wildcards become the files they match, before anything is moved. */

import { expandGlob, type GlobEntry, type GlobPlace, hasWildcards } from '../../core/sftp/glob.ts';
import { entryNameProblem, joinRemote, meansFolder, remotePath } from '../../core/sftp/remote-path.ts';
import { sharedName, type TransferProblem } from '../../core/sftp/transfer-plan.ts';
import { undefinedIfMissing } from '../../core/undefined-if-missing.ts';
import { NotFoundError, ProtocolError, UsageError } from '../../errors.ts';
import type { LocalFiles } from '../../transfer/local/local-files.ts';
import type { RemoteFiles } from '../../transfer/remote-files.ts';

interface Sources {
  readonly paths: readonly string[];
  /** Names that match and that the server must not choose. */
  readonly refused: readonly TransferProblem[];
}

/** A server can make a pattern match without end. */
const mostNames = 1_000_000;

/** Most shells have done it already; what is there under the very name is never taken for a pattern. */
export async function expandLocal(written: readonly string[], local: LocalFiles): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const source of written) {
    const pattern = local.isWindows ? source.replaceAll('\\', '/') : source;
    if (!hasWildcards(pattern) || (await local.exists(source))) paths.push(source);
    else paths.push(...(await matches(pattern, localPlace(local), 'on this machine')));
  }
  return paths;
}

export async function expandRemote(
  written: readonly string[],
  files: RemoteFiles,
  windows: boolean,
): Promise<Sources> {
  const paths: string[] = [];
  const refused: TransferProblem[] = [];
  const place = remotePlace(files, windows, refused);
  for (const source of written) {
    if (!hasWildcards(source) || (await place.exists(remotePath(source)))) paths.push(source);
    else {
      const pattern = remotePath(source) + (meansFolder(source) ? '/' : '');
      const known = refused.length;
      const found = await matches(pattern, place, 'in the session', () => refused.length > known);
      paths.push(...found);
    }
  }
  return { paths, refused };
}

/** In one folder the second would replace the first. */
export function refuseSharedNames(names: readonly (string | undefined)[]): void {
  const twice = sharedName(names);
  if (twice === undefined) return;
  throw new UsageError(`two of the sources are called "${twice}", so one would replace the other`, {
    hint: 'move them in two commands, into different folders',
  });
}

async function matches(
  pattern: string,
  place: GlobPlace,
  where: string,
  hasOthers: () => boolean = () => false,
): Promise<string[]> {
  const found = await expandGlob(pattern, place);
  if (found.length > 0 || hasOthers()) return found;
  throw new NotFoundError(`nothing ${where} matches ${pattern}`, {
    code: 'no-match',
    hint: 'quote the pattern so that your shell leaves it alone, and check the path',
  });
}

function localPlace(local: LocalFiles): GlobPlace {
  return {
    join: (folder, name) => (folder === '' || folder === '/' ? folder + name : `${folder}/${name}`),
    exists: (path) => local.exists(path),
    isFolder: async (path) => (await local.stat(path))?.kind === 'folder',
    async *list(folder) {
      for await (const { name, kind } of local.list(folder, false))
        yield { name, isFolder: folderness(kind) };
    },
  };
}

function remotePlace(files: RemoteFiles, windows: boolean, refused: TransferProblem[]): GlobPlace {
  let seen = 0;
  return {
    join: joinRemote,
    exists: async (path) => (await undefinedIfMissing(files.lstat(path))) !== undefined,
    isFolder: async (path) => (await undefinedIfMissing(files.stat(path)))?.kind === 'folder',
    async *list(folder): AsyncGenerator<GlobEntry> {
      for await (const { name, attributes } of files.list(folder)) {
        seen += 1;
        if (seen > mostNames) throw new ProtocolError(`the server lists more than ${mostNames} names`);
        const isFolder = folderness(attributes.kind);
        yield { name, isFolder, problem: entryNameProblem(name, windows) };
      }
    },
    refused: (path, reason) => refused.push({ path, reason, code: 'refused-name' }),
  };
}

function folderness(kind: string): boolean | undefined {
  return kind === 'file' || kind === 'folder' || kind === 'other' ? kind === 'folder' : undefined;
}
