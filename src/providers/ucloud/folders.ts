/** Folders that a job is to have: `/DRIVE/PATH`, with the drive's number or its title. */

import { orNothing } from '../../core/or-nothing.ts';
import { similarNames } from '../../core/text/similar.ts';
import { BaiError, InterruptedError, NotFoundError, UsageError } from '../../errors.ts';
import type { Call, UcloudClient } from './client.ts';
import { allPages } from './pages.ts';
import { isProblem } from './problem.ts';
import { driveSchema, fileSchema } from './schema.ts';

interface Drive {
  readonly id: string;
  readonly title: string;
}

async function listDrives(client: UcloudClient, signal: AbortSignal): Promise<readonly Drive[]> {
  const call: Call = {
    what: 'list your drives',
    method: 'GET',
    path: 'api/files/collections/browse',
    signal,
  };
  const rows = await allPages(client, call, driveSchema);
  return rows.map(({ id, specification: { title } }) => ({ id, title }));
}

/** The paths as UCloud writes them. Throws a UsageError or a NotFoundError that names what there is. */
export async function findFolders(
  client: UcloudClient,
  folders: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (folders.length === 0) return [];
  const parsed = folders.map(parseFolder);
  const drives = await listDrives(client, signal);
  return Promise.all(
    parsed.map(async ({ drive, inside }) => {
      const path = [`/${driveOf(drive, drives).id}`, ...inside].join('/');
      if (inside.length > 0) await checkFolder(client, path, signal);
      return path;
    }),
  );
}

interface Folder {
  readonly drive: string;
  readonly inside: readonly string[];
}

function parseFolder(text: string): Folder {
  const parts = text.split('/').filter((part) => part !== '');
  const [drive, ...inside] = parts;
  if (drive === undefined || parts.includes('..') || parts.includes('.')) {
    throw new UsageError(`"${text}" names no folder of UCloud`, {
      hint: 'write /DRIVE/PATH, with the number or the title of one of your drives',
    });
  }
  return { drive, inside };
}

function driveOf(wanted: string, drives: readonly Drive[]): Drive {
  const byId = drives.find(({ id }) => id === wanted);
  if (byId !== undefined) return byId;
  const [first, second] = drives.filter(({ title }) => title === wanted);
  if (first !== undefined && second === undefined) return first;
  const isDouble = second !== undefined;
  throw new NotFoundError(
    isDouble ? `several of your drives are called ${wanted}` : `this workspace has no drive ${wanted}`,
    {
      code: 'folder-not-found',
      hint: drives.length === 0 ? 'it has none at all' : `drives: ${drives.map(driveName).join(', ')}`,
      details: { drives },
    },
  );
}

function driveName({ id, title }: Drive): string {
  return title === '' ? id : `${id} (${title})`;
}

/** Only an answer that it is not there counts: whether it is there the job's provider finds out in any case. */
async function checkFolder(client: UcloudClient, path: string, signal: AbortSignal): Promise<void> {
  const call: Call = {
    ...{
      what: `look for folder ${path}`,
      method: 'GET',
      path: 'api/files/retrieve',
      query: { id: path },
      signal,
    },
  };
  try {
    await client.json(call, fileSchema);
  } catch (error) {
    if (!(error instanceof BaiError) || error instanceof InterruptedError) throw error;
    if (!isProblem(error) || error.cause.status !== 404 || !error.cause.isUclouds) return;
    const siblings = await entriesBeside(client, path, signal);
    const close = similarNames(path.slice(path.lastIndexOf('/') + 1), siblings);
    const names = close.length > 0 ? close : siblings.slice(0, 10);
    throw new NotFoundError(`there is not a folder ${path}`, {
      code: 'folder-not-found',
      hint: names.length === 0 ? 'make it first' : `beside it there is: ${names.join(', ')}`,
    });
  }
}

async function entriesBeside(client: UcloudClient, path: string, signal: AbortSignal): Promise<string[]> {
  const folder = path.slice(0, path.lastIndexOf('/'));
  const call: Call = {
    ...{ what: `list ${folder}`, method: 'GET', path: 'api/files/browse', query: { path: folder }, signal },
  };
  const entries = (await orNothing(allPages(client, call, fileSchema))) ?? [];
  return entries.map(({ id }) => id.slice(id.lastIndexOf('/') + 1));
}
