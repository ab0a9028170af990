/** Small files of a session by the manager's download calls, without SSH. */

import type { SessionRef } from '../../../core/session/session.ts';
import { type BaiError, NotFoundError } from '../../../errors.ts';
import type { Call, ManagerClient } from '../manager/client.ts';
import { isProblem } from '../manager/problem.ts';
import { downloadMethod, type Release } from '../manager/release.ts';
import { fileInDownload } from './archive.ts';

const sizeLimit = 2 << 20;

interface FileRequest {
  readonly path: string;
  readonly signal: AbortSignal;
}

/** `download_single` answers with the bytes themselves; `download`, older and everywhere, wraps them in tar and multipart. */
export async function readSessionFile(
  client: ManagerClient,
  session: SessionRef,
  request: FileRequest,
): Promise<Uint8Array> {
  return await client.byRelease(request.signal, (release) =>
    readByRelease(client, session, { ...request, release }),
  );
}

async function readByRelease(
  client: ManagerClient,
  session: SessionRef,
  request: FileRequest & Pick<Download, 'release'>,
): Promise<Uint8Array> {
  const single = await read(client, session, { ...request, route: 'download_single', parameter: 'file' });
  if (single !== undefined) return single.body;
  const archive = await read(client, session, { ...request, route: 'download', parameter: 'files' });
  if (archive === undefined) throw missing(session, request.path);
  return fileInDownload(archive.body, archive.contentType, request.path);
}

interface Download extends FileRequest {
  readonly release: Release;
  readonly route: 'download' | 'download_single';
  readonly parameter: 'file' | 'files';
}

/** Nothing when this route does not exist or gave nothing usable, so that the other one is worth a try. */
async function read(
  client: ManagerClient,
  session: SessionRef,
  { route, parameter, path, release, signal }: Download,
): Promise<{ body: Buffer; contentType: string } | undefined> {
  const at = `session/${encodeURIComponent(session.id)}/${route}`;
  const common = {
    what: `read ${path} of session ${session.name}`,
    path: at,
    query: { [parameter]: path },
    signal,
  };
  const get: Call = { ...common, method: 'GET' };
  const post: Call = {
    ...common,
    method: 'POST',
    readsOnly: true,
    body: { [parameter]: parameter === 'files' ? [path] : path },
  };
  const [first, second] = downloadMethod(release) === 'GET' ? [get, post] : [post, get];
  try {
    return await client.bytes(first, sizeLimit);
  } catch (error) {
    if (!isProblem(error)) throw error;
    if (error.cause.status === 405 || error.cause.slug === 'deprecated')
      return await client.bytes(second, sizeLimit);
    if (route === 'download_single' && mayBeMissing(error)) return undefined;
    if (mayBeMissing(error)) throw missing(session, path, error);
    throw error;
  }
}

/** A missing file is a 400 or a 500 by release, often without a word why. */
function mayBeMissing(
  error: BaiError & { readonly cause: { readonly status: number; readonly slug: string } },
): boolean {
  return error.cause.status === 400 || error.cause.status === 500 || error.cause.slug === 'url-not-found';
}

function missing(session: SessionRef, path: string, cause?: unknown): BaiError {
  return new NotFoundError(
    `session ${session.name} gives no ${path}: the file is not in its home folder, or cannot be read`,
    {
      code: 'file-not-found',
      cause,
    },
  );
}
