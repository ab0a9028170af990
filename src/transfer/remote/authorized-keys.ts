/** The authorized_keys of a session: looked at, and replaced as a whole by one command at a time. */

import { setTimeout as after } from 'node:timers/promises';
import { joinRemote } from '../../core/sftp/remote-path.ts';
import { startStopwatch } from '../../core/time-limit.ts';
import { undefinedIfMissing } from '../../core/undefined-if-missing.ts';
import { ConflictError, DeniedError } from '../../errors.ts';
import { PooledChannel } from '../engine/pooled-channel.ts';
import type { RemoteAttributes } from '../engine/remote-attributes.ts';
import type { SftpConnection } from '../engine/sftp-connection.ts';
import { SftpStatus, sftpStatus } from '../engine/sftp-error.ts';
import { OpenFlag, type RemoteHandle } from '../engine/sftp-requests.ts';
import { discardPart, ignoreRefusal, putInPlace, remotePartPath } from './remote-part.ts';

/** What the file becomes, with one character for each byte; nothing when it is right as it is. */
type Edit = (content: string) => string | undefined;

export interface AuthorizedKeys extends AsyncDisposable {
  /** Whether there was anything to change. What the file was before, or what it becomes, is there at any time. */
  change(edit: Edit): Promise<boolean>;
  /** Home, `.ssh` and file as far as they are there: what an SSH server looks at before it reads a key. */
  inspect(): Promise<KeysPlace>;
  setMode(path: string, mode: number): Promise<void>;
}

export interface KeysPlace {
  readonly steps: readonly KeysStep[];
  /** Where a link leads that is in the file's place. */
  readonly linkedTo: string | undefined;
  /** Who the server writes files as; nothing before a change. */
  readonly uid: number | undefined;
}

interface KeysStep {
  readonly path: string;
  readonly mode: number | undefined;
  readonly uid: number | undefined;
}

interface AuthorizedKeysOptions {
  readonly signal: AbortSignal;
  /** How long the server may leave every request unanswered. */
  readonly stallMs?: number;
  /** As in `SftpChannelOptions`. */
  readonly waitingForServer?: (limitMs: number) => Disposable;
  /** How long another command's part may stand still before it counts as left behind. */
  readonly patienceMs?: number;
  /** Another command is at the file. */
  readonly waiting: () => void;
  /** Told of what may be left beside the file, because it could not be taken away. */
  readonly onLeft?: (path: string) => void;
}

const mostBytes = 256 * 1024;
const pieceBytes = 32 * 1024;
const pauseMs = 200;
const mostTries = 5;

/** Owns the connection: disposal disposes of it. */
export function openAuthorizedKeys(
  connection: SftpConnection,
  options: AuthorizedKeysOptions,
): AuthorizedKeys {
  const { signal, stallMs = 60_000, onLeft, waitingForServer: waiting } = options;
  const lane = new PooledChannel(connection, connection.sftp, { signal, stallMs, onLeft, waiting });
  const file = new KeysFile(lane, options);
  return {
    change: (edit) => file.change(edit),
    inspect: () => file.inspect(),
    setMode: (path, mode) => lane.requests.changeMode(path, mode),
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}

interface Target {
  /** `.ssh` and the file in it, as a server spells them. */
  readonly folder: string;
  readonly path: string;
  /** The file itself, wherever links lead. */
  readonly real: string;
}

class KeysFile {
  readonly #lane: PooledChannel;
  readonly #options: AuthorizedKeysOptions;
  #uid: number | undefined;

  constructor(lane: PooledChannel, options: AuthorizedKeysOptions) {
    this.#lane = lane;
    this.#options = options;
  }

  async change(edit: Edit): Promise<boolean> {
    let hasChanged = false;
    for (let tries = 1; tries <= mostTries; tries += 1) {
      const target = await this.#locate(edit);
      if (target === undefined) return hasChanged;
      const isChanged = await this.#replace(target.real, edit);
      if (!isChanged) return hasChanged;
      hasChanged = true;
      // A program that knows no such part may have written at the same time, and come last.
      if (edit((await this.#read(target.real))?.content ?? '') === undefined) return true;
    }
    throw new ConflictError('another program keeps changing authorized_keys in the session', {
      code: 'busy-target',
      hint: 'end that program, and run the same command again',
    });
  }

  async inspect(): Promise<KeysPlace> {
    const { requests } = this.#lane;
    const home = await requests.realpath('.');
    const folder = joinRemote(home, '.ssh');
    const path = joinRemote(folder, 'authorized_keys');
    const steps: KeysStep[] = [];
    for (const each of [home, folder, path]) {
      const found = await undefinedIfMissing(requests.stat(each));
      if (found === undefined) break;
      steps.push({ path: each, mode: found.mode, uid: found.uid });
    }
    const itself = await undefinedIfMissing(requests.lstat(path));
    const linkedTo = itself?.kind === 'link' ? await requests.realpath(path) : undefined;
    return { steps, linkedTo, uid: this.#uid };
  }

  /** Nothing when there is neither the folder nor anything to write. */
  async #locate(edit: Edit): Promise<Target | undefined> {
    const { requests } = this.#lane;
    const folder = joinRemote(await requests.realpath('.'), '.ssh');
    const path = joinRemote(folder, 'authorized_keys');
    if ((await undefinedIfMissing(requests.lstat(folder))) === undefined) {
      if (edit('') === undefined) return undefined;
      await requests.mkdir(folder);
      await requests.changeMode(folder, 0o700);
    }
    const found = await undefinedIfMissing(requests.stat(folder));
    if (found?.kind !== 'folder') throw notUsable(folder, 'is not a folder, or is a link to nothing');
    const itself = await undefinedIfMissing(requests.lstat(path));
    if (itself?.kind !== 'link') return { folder, path, real: path };
    if ((await undefinedIfMissing(requests.stat(path))) === undefined)
      throw notUsable(path, 'is a link to nowhere');
    return { folder, path, real: await requests.realpath(path) };
  }

  async #replace(real: string, edit: Edit): Promise<boolean> {
    const { cleanup, requests } = this.#lane;
    const part = remotePartPath(real);
    let handle: RemoteHandle | undefined = await this.#lock(part);
    let isOnlyCopy = false;
    try {
      const made = await requests.attributes(handle);
      this.#uid = made.uid;
      const old = await this.#read(real);
      const next = edit(old?.content ?? '');
      if (old !== undefined && next !== undefined) await this.#keepOwner(handle, made, old.attributes);
      if (next !== undefined) await this.#fill(handle, Buffer.from(next, 'latin1'), old?.attributes.mode);
      const filled = handle;
      handle = undefined;
      await cleanup.close(filled);
      if (next === undefined) {
        await cleanup.remove(part);
        return false;
      }
      await putInPlace(cleanup, { part, target: real }, () => {
        isOnlyCopy = true;
      });
      return true;
    } catch (error) {
      if (!isOnlyCopy) await discardPart(cleanup, part, handle);
      throw error;
    }
  }

  /** The part is the lock: whoever could make it is the one that writes. */
  async #lock(part: string): Promise<RemoteHandle> {
    const { requests } = this.#lane;
    const flags = OpenFlag.read | OpenFlag.write | OpenFlag.create | OpenFlag.exclusive;
    const { patienceMs = 10_000, waiting, signal } = this.#options;
    // The other command may sleep with this machine.
    using watch = startStopwatch();
    let seen = '';
    let stillMs = 0;
    for (let tries = 1; ; tries += 1) {
      try {
        return await requests.open(part, flags, 0o600);
      } catch (error) {
        const there = await undefinedIfMissing(requests.lstat(part));
        // SFTP 3 has no status of its own for "exists".
        if (sftpStatus(error) !== SftpStatus.failure || (there === undefined && tries > mostTries))
          throw error;
        if (tries === 1) waiting();
        const state = JSON.stringify(there);
        if (state !== seen) [seen, stillMs] = [state, watch.elapsedMs];
        else if (watch.elapsedMs - stillMs > patienceMs) await undefinedIfMissing(requests.remove(part));
      }
      await after(pauseMs, undefined, { signal });
    }
  }

  async #read(path: string): Promise<{ content: string; attributes: RemoteAttributes } | undefined> {
    const { requests, cleanup } = this.#lane;
    const itself = await undefinedIfMissing(requests.lstat(path));
    if (itself === undefined) return undefined;
    if (itself.kind !== 'file') throw notUsable(path, 'is not a plain file');
    const handle = await requests.open(path, OpenFlag.read);
    try {
      const bytes = Buffer.alloc(mostBytes + 1);
      let size = 0;
      while (size < bytes.length) {
        const piece = bytes.subarray(size, Math.min(size + pieceBytes, bytes.length));
        const arrived = await requests.read(handle, piece, size);
        if (arrived === 0) return { content: bytes.toString('latin1', 0, size), attributes: itself };
        size += arrived;
      }
    } finally {
      await cleanup.close(handle);
    }
    throw notUsable(path, `is larger than ${mostBytes} bytes`);
  }

  async #fill(handle: RemoteHandle, bytes: Buffer, mode = 0o600): Promise<void> {
    const { requests } = this.#lane;
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      await requests.write(handle, bytes.subarray(at, at + pieceBytes), at);
    }
    await requests.setMode(handle, mode);
    if (requests.offers('fsync@openssh.com')) await requests.sync(handle);
  }

  /** A server that is asked for an owner it may not give refuses; the group decides nothing about a login. */
  async #keepOwner(handle: RemoteHandle, made: RemoteAttributes, old: RemoteAttributes): Promise<void> {
    const { uid, gid } = old;
    if (uid === undefined || gid === undefined || (uid === made.uid && gid === made.gid)) return;
    const asked = this.#lane.requests.setOwner(handle, uid, gid);
    if (uid === made.uid) return ignoreRefusal(asked);
    try {
      await asked;
    } catch (cause) {
      if (sftpStatus(cause) === undefined) throw cause;
      throw new DeniedError(
        `authorized_keys in the session belongs to user ${uid}, and a new one would belong to user ${made.uid}`,
        { hint: 'change it as that user, or make it yours', cause },
      );
    }
  }
}

function notUsable(path: string, what: string): ConflictError {
  return new ConflictError(`${path} in the session ${what}`, {
    code: 'authorized-keys-unusable',
    hint: 'look at it with `bai ssh`, and move it out of the way or fix it',
  });
}
