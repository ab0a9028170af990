/** Files of a session over REST: download (tar parts), download_single, list, upload. */

import type { Stats } from 'node:fs';
import { lstat, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { makeFolder } from '../../files/make-folder.ts';
import { clientPath, OutsideError, targetInHome } from '../machine/confinement.ts';
import { clientHome, type Home } from '../machine/home.ts';
import { modeText } from '../machine/listing.ts';
import { tarOf, tarOfContent } from '../machine/tar.ts';
import {
  agentFailure,
  badRequest,
  internalError,
  invalidParams,
  methodNotAllowed,
  Problem,
} from '../model/problems.ts';
import { type Answer, ok } from '../server/answer.ts';
import type { Exchange, Machine, Route } from '../session/exchange.ts';
import { bodyValues, RequestParameters, readParameters } from '../session/parameters.ts';
import type { Session } from '../session/session.ts';
import { mixedParts, readForm } from './multipart.ts';

const mostBytes = 1024 * 1024;
const mostDownloads = 5;
const mostUploads = 20;

export function fileRoutes(machine: Machine): readonly Route[] {
  const both = (path: string, handle: (machine: Machine, exchange: Exchange) => Promise<Answer>) =>
    ['GET', 'POST'].map((method) => ({
      method,
      path,
      handle: (exchange: Exchange) => {
        checkMethod(machine, exchange.method);
        return handle(machine, exchange);
      },
    }));
  return [
    ...both('/session/{}/download', download),
    ...both('/session/{}/download_single', downloadSingle),
    { method: 'GET', path: '/session/{}/files', handle: (exchange) => listFiles(machine, exchange) },
    { method: 'POST', path: '/session/{}/upload', handle: (exchange) => upload(machine, exchange) },
  ];
}

/** Before 24.03.7 only GET; then only POST, with a word of its own for GET until 26.2. */
function checkMethod({ behaviour }: Machine, method: string): void {
  if (method === behaviour.downloadMethod) return;
  if (method === 'POST' || behaviour.generation === 'C') throw methodNotAllowed();
  throw new Problem(400, {
    slug: 'deprecated',
    title: 'This API is deprecated.',
    msg: 'Use the HTTP POST method to invoke this API with parameters in the request body.',
  });
}

async function download(machine: Machine, exchange: Exchange): Promise<Answer> {
  const { behaviour, faults } = machine;
  const files = readParameters(exchange, behaviour, behaviour.downloadPlace)
    .allowOnly(['files'])
    .requiredTexts('files');
  const session = sessionWithFiles(machine, exchange);
  if (files.length > mostDownloads) {
    throw behaviour.entityErrors ? badRequest('Too many files (maximum 5 files allowed)') : internalError();
  }
  const fault = faults.take('download');
  const parts: Buffer[] = [];
  for (const file of files) {
    const path = await existing(machine, session, file);
    if (fault !== undefined) parts.push(tarOfContent(posix.basename(file), Buffer.from(fault.content)));
    else parts.push(await archive(machine, path));
  }
  return { status: 200, ...mixedParts(parts) };
}

async function archive({ behaviour }: Machine, path: string): Promise<Buffer> {
  try {
    return await tarOf(path, mostBytes);
  } catch (error) {
    if (error instanceof RangeError) {
      throw agentFailure(behaviour, "ValueError('Too large archive file exceeding 1 MiB')");
    }
    throw error;
  }
}

async function downloadSingle(machine: Machine, exchange: Exchange): Promise<Answer> {
  const { behaviour, faults } = machine;
  const place = behaviour.downloadSinglePlace;
  const file = readParameters(exchange, behaviour, place).allowOnly(['file']).requiredText('file');
  const session = sessionWithFiles(machine, exchange);
  const path = await existing(machine, session, file);
  const fault = faults.take('download');
  const bytes = fault === undefined ? await readFile(path) : Buffer.from(fault.content);
  if (bytes.length > mostBytes)
    throw agentFailure(behaviour, "ValueError('Too large archive file exceeding 1 MiB')");
  return { status: 200, bytes, contentType: 'application/octet-stream' };
}

async function listFiles(machine: Machine, exchange: Exchange): Promise<Answer> {
  const { behaviour } = machine;
  const path = listedPath(machine, exchange);
  const session = sessionWithFiles(machine, exchange);
  const abspath = behaviour.atLeast('24.09') ? clientPath(clientHome, path) : path;
  try {
    const folder = await targetInHome(homeOf(session), path);
    const names = await readdir(folder);
    const files = await Promise.all(
      names.map(async (name) => fileFacts(name, await lstat(join(folder, name)))),
    );
    return ok({ files: JSON.stringify(files), errors: '', abspath });
  } catch (error) {
    if (error instanceof OutsideError)
      throw agentFailure(behaviour, "PermissionError('not below /home/work')");
    const errors = `FileNotFoundError: [Errno 2] No such file or directory: '${path}'\n`;
    return ok({ files: '', errors, abspath });
  }
}

/** Up to 26.2 the raw body is read, even though the method is GET; later the query. */
function listedPath({ behaviour }: Machine, exchange: Exchange): string {
  if (behaviour.generation === 'C') return readParameters(exchange, behaviour, 'query').text('path') ?? '.';
  if (exchange.body.length === 0) throw invalidParams('Expecting value: line 1 column 1 (char 0)');
  return new RequestParameters(bodyValues(exchange, behaviour), behaviour).text('path') ?? '.';
}

function fileFacts(name: string, facts: Stats): Record<string, unknown> {
  return {
    mode: modeText(facts),
    size: facts.size,
    ctime: facts.ctimeMs / 1000,
    mtime: facts.mtimeMs / 1000,
    atime: facts.atimeMs / 1000,
    filename: name,
  };
}

async function upload(machine: Machine, exchange: Exchange): Promise<Answer> {
  const { behaviour } = machine;
  const session = sessionWithFiles(machine, exchange);
  const files = readForm(exchange.request.headers['content-type'] ?? '', exchange.body);
  if (files === undefined) throw badRequest('the request is no multipart form');
  if (files.length > mostUploads) throw invalidParams('Too many files');
  if (files.some(({ content }) => content.length >= mostBytes)) throw invalidParams('Too large file');
  for (const { name, content } of files) {
    const relative = posix.relative(clientHome, clientPath(clientHome, name));
    if (relative === '' || relative.startsWith('..'))
      throw agentFailure(behaviour, "PermissionError('Not allowed to upload files outside /home/work')");
    const parts = relative.split('/');
    // One folder at a time, so that none is made behind a link that leads outside.
    for (let depth = 1; depth < parts.length; depth += 1) {
      await makeFolder(await inside(machine, session, parts.slice(0, depth).join('/')));
    }
    await writeFile(await inside(machine, session, relative), content);
  }
  return { status: 204 };
}

function sessionWithFiles(machine: Machine, exchange: Exchange): Session & { readonly home: string } {
  const { behaviour, sessions } = machine;
  const session = sessions.resolve(exchange.captured[0] ?? '', exchange.account);
  if (hasHome(session)) return session;
  if (!behaviour.entityErrors) throw internalError();
  throw internalError(
    `Kernel ${session.kernels[0]?.id} has no agent allocated`,
    'agent_access_internal-error',
  );
}

function hasHome(session: Session): session is Session & { readonly home: string } {
  return session.home !== undefined;
}

function homeOf({ home = '' }: { readonly home: string | undefined }): Home {
  return { folder: home, path: clientHome };
}

async function inside(
  { behaviour }: Machine,
  session: { readonly home: string },
  file: string,
): Promise<string> {
  try {
    return await targetInHome(homeOf(session), file);
  } catch (error) {
    if (error instanceof OutsideError) {
      throw agentFailure(behaviour, "PermissionError('You cannot download files outside /home/work')");
    }
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw agentFailure(behaviour, missingText(behaviour.atLeast('24.03.7'), file));
  }
}

/** The real path of a file that is there; the agent's failure otherwise. */
async function existing(machine: Machine, session: { readonly home: string }, file: string): Promise<string> {
  const path = await inside(machine, session, file);
  try {
    await lstat(path);
    return path;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw agentFailure(machine.behaviour, missingText(machine.behaviour.atLeast('24.03.7'), file));
  }
}

function missingText(newer: boolean, file: string): string {
  const path = clientPath(clientHome, file);
  return newer
    ? `RuntimeError('Could not download the archive to: ${path}')`
    : `FileNotFoundError('Could not found the file: ${path}')`;
}
