/** What SFTP requests do to the files of a home. */

import { constants, type Stats } from 'node:fs';
import {
  type FileHandle,
  lstat,
  mkdir,
  open,
  readdir,
  readlink,
  rename,
  rmdir,
  stat,
  symlink,
  unlink,
} from 'node:fs/promises';
import { join } from 'node:path';
import type { FaultBook } from '../model/faults.ts';
import {
  clientPath,
  entryInHome,
  foldersAbove,
  linkText,
  OutsideError,
  readableLink,
  realClientPath,
  targetInHome,
} from './confinement.ts';
import type { Home } from './home.ts';
import { listingLine } from './listing.ts';
import { setFile, setPath, systemFlags } from './sftp-attributes.ts';
import {
  type Attributes,
  attributes,
  longestPacket,
  type PacketReader,
  PacketType,
  packet,
  StatusCode,
  status,
  text,
  uint32,
  uint64,
} from './sftp-codec.ts';

interface OpenFile {
  readonly kind: 'file';
  readonly file: FileHandle;
  readonly busy: Set<Promise<unknown>>;
}

interface OpenFolder {
  readonly kind: 'folder';
  /** Entries not yet sent, as name, long name and attributes. */
  readonly entries: Buffer[];
}

const longestData = longestPacket - 1024;
const entriesPerAnswer = 128;
const handleLimit = 1024;

export class SftpFiles implements AsyncDisposable {
  readonly #home: Home;
  readonly #above: ReadonlyMap<string, string>;
  readonly #faults: FaultBook;
  readonly #handles = new Map<string, OpenFile | OpenFolder>();
  #nextHandle = 0;

  constructor(deps: { readonly home: Home; readonly faults: FaultBook }) {
    this.#home = deps.home;
    this.#above = foldersAbove(deps.home.path);
    this.#faults = deps.faults;
  }

  /** One whole answer packet; throws what the file system or the confinement says. */
  async answer(type: number, id: number, request: PacketReader): Promise<Buffer> {
    switch (type) {
      case PacketType.read:
        return this.#read(id, request);
      case PacketType.write:
        return this.#write(id, request);
      case PacketType.open:
        return this.#open(id, request);
      case PacketType.opendir:
        return this.#openFolder(id, request.text());
      case PacketType.readdir:
        return this.#readFolder(id, request.text());
      case PacketType.stat:
      case PacketType.lstat:
        return this.#attributes(id, await this.#statPath(request.text(), type === PacketType.stat));
      case PacketType.fstat:
        return this.#attributes(id, await this.#file(request.text()).file.stat());
      case PacketType.realpath:
        return this.#realpath(id, request.text());
      case PacketType.readlink:
        return this.#readlink(id, request.text());
      case PacketType.extended:
        return this.#extended(id, request);
      default:
        return this.#change(type, id, request);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const open = [...this.#handles.values()];
    this.#handles.clear();
    for (const handle of open) if (handle.kind === 'file') await handle.file.close();
  }

  /** Requests whose only answer is that they worked. */
  async #change(type: number, id: number, request: PacketReader): Promise<Buffer> {
    switch (type) {
      case PacketType.close:
        await this.#close(request.text());
        break;
      case PacketType.remove:
        await unlink(await this.#entry(request.text()));
        break;
      case PacketType.rmdir:
        await rmdir(await this.#entry(request.text()));
        break;
      case PacketType.mkdir: {
        const path = await this.#entry(request.text());
        await mkdir(path, { mode: (request.attributes().mode ?? 0o777) & 0o7777 });
        break;
      }
      case PacketType.rename:
        await this.#rename(request.text(), request.text());
        break;
      case PacketType.symlink:
        await this.#symlink(request.text(), request.text());
        break;
      case PacketType.setstat:
        await setPath(await this.#target(request.text()), request.attributes());
        break;
      case PacketType.fsetstat:
        await setFile(this.#file(request.text()).file, request.attributes());
        break;
      default:
        return status(id, StatusCode.unsupported, 'Operation unsupported');
    }
    return status(id, StatusCode.ok, 'Success');
  }

  async #read(id: number, request: PacketReader): Promise<Buffer> {
    const opened = this.#file(request.text());
    const offset = request.uint64();
    const wanted = Math.min(request.uint32(), longestData);
    // The file is read straight into the answer: length, type, id and data length are 13 bytes.
    const answer = Buffer.allocUnsafe(13 + wanted);
    const { bytesRead } = await during(opened, opened.file.read(answer, 13, wanted, offset));
    if (bytesRead === 0 && wanted > 0) return status(id, StatusCode.eof, 'End of file');
    answer.writeUInt32BE(9 + bytesRead, 0);
    answer.writeUInt8(PacketType.data, 4);
    answer.writeUInt32BE(id, 5);
    answer.writeUInt32BE(bytesRead, 9);
    return answer.subarray(0, 13 + bytesRead);
  }

  async #write(id: number, request: PacketReader): Promise<Buffer> {
    const opened = this.#file(request.text());
    const offset = request.uint64();
    const data = request.bytes();
    for (let done = 0; done < data.length; ) {
      const step = opened.file.write(data, done, data.length - done, offset + done);
      done += (await during(opened, step)).bytesWritten;
    }
    return status(id, StatusCode.ok, 'Success');
  }

  async #open(id: number, request: PacketReader): Promise<Buffer> {
    const path = request.text();
    const flags = request.uint32();
    const mode = (request.attributes().mode ?? 0o666) & 0o7777;
    // The target is fully resolved, so a link in its place can only have been put there since.
    const file = await open(await this.#target(path), systemFlags(flags) | constants.O_NOFOLLOW, mode);
    return this.#remember(id, { kind: 'file', file, busy: new Set() });
  }

  async #openFolder(id: number, path: string): Promise<Buffer> {
    const above = this.#above.get(clientPath(this.#home.path, path));
    if (above !== undefined) {
      const folder = await lstat(this.#home.folder);
      return this.#remember(id, { kind: 'folder', entries: [this.#entryFields(above, folder)] });
    }
    const folder = await this.#target(path);
    const own = await stat(folder);
    // Nothing is told about the folder above: it may be outside.
    const entries = [this.#entryFields('.', own), this.#entryFields('..', own)];
    for (const name of await readdir(folder)) {
      const facts = await statIfThere(join(folder, name));
      if (facts !== undefined) entries.push(this.#entryFields(name, facts));
    }
    const lies = this.#faults.take('sftp-names')?.names ?? [];
    const model = await stat(join(this.#home.folder, 'id_container')).catch(() => lstat(this.#home.folder));
    for (const name of lies) entries.push(this.#entryFields(name, model));
    return this.#remember(id, { kind: 'folder', entries });
  }

  #readFolder(id: number, handle: string): Buffer {
    const opened = this.#handles.get(handle);
    if (opened?.kind !== 'folder') return status(id, StatusCode.failure, 'Invalid handle');
    const entries = opened.entries.splice(0, entriesPerAnswer);
    if (entries.length === 0) return status(id, StatusCode.eof, 'End of file');
    return packet(PacketType.name, id, uint32(entries.length), ...entries);
  }

  async #realpath(id: number, path: string): Promise<Buffer> {
    const name = await realClientPath(this.#home, path);
    return packet(PacketType.name, id, uint32(1), text(name), text(name), attributes({}));
  }

  async #readlink(id: number, path: string): Promise<Buffer> {
    const entry = await this.#entry(path);
    const target = await readableLink(this.#home, entry, await readlink(entry));
    return packet(PacketType.name, id, uint32(1), text(target), text(target), attributes({}));
  }

  async #extended(id: number, request: PacketReader): Promise<Buffer> {
    switch (request.text()) {
      case 'posix-rename@openssh.com':
        await rename(await this.#entry(request.text()), await this.#entry(request.text()));
        return status(id, StatusCode.ok, 'Success');
      case 'fsync@openssh.com':
        await this.#file(request.text()).file.sync();
        return status(id, StatusCode.ok, 'Success');
      case 'limits@openssh.com': {
        const limits = [longestPacket, longestData, longestData, handleLimit];
        return packet(PacketType.extendedReply, id, ...limits.map(uint64));
      }
      default:
        return status(id, StatusCode.unsupported, 'Operation unsupported');
    }
  }

  /** Unlike posix-rename, the plain request never replaces what is there. */
  async #rename(from: string, to: string): Promise<void> {
    const source = await this.#entry(from);
    const target = await this.#entry(to);
    if ((await statIfThere(target)) !== undefined)
      throw Object.assign(new Error('exists'), { code: 'EEXIST' });
    await rename(source, target);
  }

  /** OpenSSH, whose order all clients follow, sends the target first. */
  async #symlink(target: string, link: string): Promise<void> {
    await symlink(await linkText(this.#home, link, target), await this.#entry(link));
  }

  async #close(handle: string): Promise<void> {
    const opened = this.#handles.get(handle);
    if (opened === undefined) throw Object.assign(new Error('no such handle'), { code: 'EBADF' });
    this.#handles.delete(handle);
    if (opened.kind === 'folder') return;
    await Promise.allSettled(opened.busy);
    await opened.file.close();
  }

  async #statPath(path: string, follow: boolean): Promise<Stats> {
    if (this.#isAbove(path)) return stat(this.#home.folder);
    return follow ? stat(await this.#target(path)) : lstat(await this.#entry(path));
  }

  #remember(id: number, handle: OpenFile | OpenFolder): Buffer {
    const name = String(this.#nextHandle++);
    this.#handles.set(name, handle);
    return packet(PacketType.handle, id, text(name));
  }

  #file(handle: string): OpenFile {
    const opened = this.#handles.get(handle);
    if (opened?.kind === 'file') return opened;
    throw Object.assign(new Error('no such handle'), { code: 'EBADF' });
  }

  #attributes(id: number, facts: Stats): Buffer {
    return packet(PacketType.attrs, id, attributes(this.#shown(facts)));
  }

  #entryFields(name: string, facts: Stats): Buffer {
    const shown = this.#shown(facts);
    return Buffer.concat([text(name), text(listingLine(name, facts)), attributes(shown)]);
  }

  #shown(facts: Stats): Attributes {
    const lie = facts.isFile() ? this.#faults.take('sftp-size') : undefined;
    const { uid, gid, mode, atimeMs, mtimeMs } = facts;
    return { size: lie?.bytes ?? facts.size, uid, gid, mode, atime: atimeMs / 1000, mtime: mtimeMs / 1000 };
  }

  #isAbove(path: string): boolean {
    return this.#above.has(clientPath(this.#home.path, path));
  }

  #entry(path: string): Promise<string> {
    if (this.#isAbove(path)) throw new OutsideError(path);
    return entryInHome(this.#home, path);
  }

  #target(path: string): Promise<string> {
    if (this.#isAbove(path)) throw new OutsideError(path);
    return targetInHome(this.#home, path);
  }
}

/** Marks the file as busy until the step is done, so that a close waits for it. */
async function during<T>(opened: OpenFile, step: Promise<T>): Promise<T> {
  opened.busy.add(step);
  try {
    return await step;
  } finally {
    opened.busy.delete(step);
  }
}

async function statIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
