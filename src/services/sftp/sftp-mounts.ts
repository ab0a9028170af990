/** Says when what is written into a session goes where nothing outlives it: outside of its mounted folders. */

import { isInEverySession, isWithinMount } from '../../core/session/mounts.ts';
import type { SessionRef } from '../../core/session/session.ts';
import type { NewPart } from '../../core/sftp/look-ahead.ts';
import { joinRemote, remoteFolder, remoteName, remotePath } from '../../core/sftp/remote-path.ts';
import type { SftpTarget } from '../../core/sftp/sftp-target.ts';
import type { TransferSummary } from '../../core/sftp/transfer-plan.ts';
import { atMost } from '../../core/time-limit.ts';
import { undefinedIfMissing } from '../../core/undefined-if-missing.ts';
import { BaiError } from '../../errors.ts';
import type { RemoteFiles, TreeObserver } from '../../transfer/remote-files.ts';
import type { SftpTools } from './sftp-tools.ts';

interface WrittenTarget extends SftpTarget {
  readonly names?: readonly (string | undefined)[];
  readonly looksFirst?: boolean;
  readonly part?: NewPart | undefined;
}

export interface OpenedToWrite extends AsyncDisposable {
  readonly files: RemoteFiles;
  /** The work's own summary. Where it moves something, the warning comes while it goes on, and is not waited for much longer. */
  warning(
    observer: TreeObserver,
    work: (observer: TreeObserver) => Promise<TransferSummary>,
  ): Promise<TransferSummary>;
}

/**
 * As `tools.open`; the mounts are asked for while the connection is made. `names` are those that the sources will have
 * when the target is a folder; `looksFirst`: the target itself is looked at before anything else.
 * `part`: made with that look, for a file that is likely to be written.
 */
export async function openToWrite(target: WrittenTarget, tools: SftpTools): Promise<OpenedToWrite> {
  let asked: Asked | undefined;
  const found = (session: SessionRef): void => {
    if (tools.mountsOf !== undefined) asked = { session, mounts: tools.mountsOf(session) };
    asked?.mounts.catch(() => {});
  };
  const files = await tools.open(target.session, {
    found,
    ahead: { paths: target.looksFirst ? [remotePath(target.path)] : [], part: target.part },
  });
  return {
    files,
    async warning(observer, work) {
      let warned: Promise<void> | undefined;
      const warn = (): void => {
        if (asked !== undefined) warned ??= warnUnlessMounted(target, asked, { files, tools });
      };
      const watched: TreeObserver = {
        ...observer,
        started(path, totalBytes) {
          warn();
          return observer.started(path, totalBytes);
        },
      };
      const summary = await work(watched);
      // Those that went in one stream were not started one by one.
      if (summary.files > 0) warn();
      if (warned !== undefined) await atMost(patienceMs, warned);
      return summary;
    },
    [Symbol.asyncDispose]: () => files[Symbol.asyncDispose](),
  };
}

/** For what writes nothing into the session. */
export function withoutMounts(tools: SftpTools): SftpTools {
  return { ...tools, mountsOf: async () => undefined };
}

interface Asked {
  readonly session: SessionRef;
  readonly mounts: Promise<readonly string[] | undefined>;
}

const patienceMs = 2_000;

/** Never rejects with a BaiError: the transfer itself tells what is wrong with manager or connection. */
async function warnUnlessMounted(
  { path, names: sources = [] }: SftpTarget & { readonly names?: readonly (string | undefined)[] },
  { session, mounts }: Asked,
  { files, tools }: { readonly files: RemoteFiles; readonly tools: SftpTools },
): Promise<void> {
  try {
    const names = await mounts;
    if (names === undefined) return;
    const [home, real] = await Promise.all([files.realpath('.'), realPlace(remotePath(path), files)]);
    const isKept = (name = ''): boolean => isWithinMount(joinRemote(real, name), home, names);
    if (isKept() || (sources.length > 0 && sources.every(isKept))) return;
    if (!(await areAllAtHome(home, names, files))) return;
    // What is said before each transfer is read by nobody.
    if (!((await tools.isFirstTime?.(session)) ?? true)) return;
    const forData = names.filter((name) => !isInEverySession(name));
    const kept =
      forData.length === 0
        ? '`bai session create --mount FOLDER` mounts one'
        : `mounted: ${forData.map((name) => joinRemote(home, name)).join(', ')}`;
    tools.reporter.warn(
      `${real} is not inside a mounted folder: it is lost when session ${session.name} ends (${kept})`,
    );
  } catch (error) {
    if (!(error instanceof BaiError)) throw error;
  }
}

/** A folder that is not in the home under its name is mounted elsewhere, and the manager does not say where. */
async function areAllAtHome(home: string, names: readonly string[], files: RemoteFiles): Promise<boolean> {
  const found = await Promise.all(
    names.map((name) => undefinedIfMissing(files.stat(joinRemote(home, name)))),
  );
  return found.every((attributes) => attributes?.kind === 'folder');
}

/** Links lead into mounted folders too; what is not there yet will be where its folder is. */
async function realPlace(path: string, files: RemoteFiles): Promise<string> {
  const real = await files.realpath(path).catch((error: unknown) => {
    if (!(error instanceof BaiError)) throw error;
    return undefined;
  });
  if (real !== undefined) return real;
  const name = remoteName(path);
  const folder = remoteFolder(path);
  return name === undefined || folder === path ? path : joinRemote(await realPlace(folder, files), name);
}
