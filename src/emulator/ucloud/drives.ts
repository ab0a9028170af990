/** Drives, and the folders in them: as much as a job needs that is to have one. */

import type { Actor } from './accounts.ts';
import { badRequest, forbidden, Refusal } from './problem.ts';
import { ownerOf, permissions, type ResourceIds } from './resource.ts';

interface UcloudDrive {
  readonly title: string;
  readonly actor: Actor;
  /** Paths in it, such as `data/images`; those above them are there, too. */
  readonly folders: readonly string[];
}

interface StoredDrive extends UcloudDrive {
  readonly id: number;
  readonly createdAt: number;
}

export class Drives {
  readonly #ids: ResourceIds;
  readonly #stored: StoredDrive[] = [];

  constructor(ids: ResourceIds) {
    this.#ids = ids;
  }

  add(drive: UcloudDrive): number {
    const id = this.#ids.next();
    this.#stored.push({ ...drive, id, createdAt: Date.now() });
    return id;
  }

  browse(actor: Actor): readonly (StoredDrive & { readonly shown: unknown })[] {
    const own = this.#stored.filter((drive) => isOf(drive, actor)).reverse();
    return own.map((drive) => ({ ...drive, shown: showDrive(drive) }));
  }

  /** Of a path `/ID/…`. */
  ofPath(actor: Actor, path: string): StoredDrive | undefined {
    const id = path.split('/').find((part) => part !== '');
    return this.#stored.find((drive) => String(drive.id) === id && isOf(drive, actor));
  }

  retrieve(actor: Actor, path: string): unknown {
    const drive = this.#driveOf(actor, path);
    if (!entriesOf(drive).has(insideOf(path))) throw new Refusal(404, 'not found');
    return showFile(drive, insideOf(path));
  }

  /** What is right below a folder. */
  list(actor: Actor, path: string | null): readonly unknown[] {
    if (path === null) throw badRequest('bad request - no path specified');
    const drive = this.#driveOf(actor, path);
    const inside = insideOf(path);
    const depth = inside === '' ? 0 : inside.split('/').length;
    const entries = [...entriesOf(drive)];
    if (!entries.includes(inside)) throw new Refusal(404, 'not found');
    return entries
      .filter((entry) => entry !== '' && `${entry}/`.startsWith(inside === '' ? '' : `${inside}/`))
      .filter((entry) => entry.split('/').length === depth + 1)
      .map((entry) => showFile(drive, entry));
  }

  #driveOf(actor: Actor, path: string): StoredDrive {
    const drive = this.ofPath(actor, path);
    if (drive === undefined) throw forbidden('write permission is required');
    return drive;
  }
}

function isOf(drive: UcloudDrive, actor: Actor): boolean {
  return (
    drive.actor.project === actor.project && (actor.project !== undefined || drive.actor.user === actor.user)
  );
}

function insideOf(path: string): string {
  return path
    .split('/')
    .filter((part) => part !== '')
    .slice(1)
    .join('/');
}

function entriesOf({ folders }: UcloudDrive): ReadonlySet<string> {
  const parts = folders.map((folder) => folder.split('/'));
  return new Set([
    '',
    ...parts.flatMap((each) => each.map((_, depth) => each.slice(0, depth + 1).join('/'))),
  ]);
}

const product = { id: 'storage', category: 'storage', provider: 'demo' };

function showDrive({ id, title, actor, createdAt }: StoredDrive): unknown {
  return {
    ...{ id: String(id), createdAt, owner: ownerOf(actor), permissions, updates: [] },
    specification: { title, product, labels: {} },
    status: { preferredDrive: false, resolvedSupport: null, resolvedProduct: null },
  };
}

function showFile({ id, actor, createdAt }: StoredDrive, inside: string): unknown {
  return {
    ...{ id: `/${id}${inside === '' ? '' : `/${inside}`}`, createdAt, owner: ownerOf(actor), permissions },
    specification: { collection: String(id), product },
    status: {
      ...{ type: 'DIRECTORY', sizeInBytes: null, sizeIncludingChildrenInBytes: null, fileCount: null },
      ...{ directoryCount: null, modifiedAt: createdAt, accessedAt: createdAt, unixMode: 0o755 },
      ...{ unixOwner: 11042, unixGroup: 11042, metadata: { metadata: {} } },
    },
  };
}
