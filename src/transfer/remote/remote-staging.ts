/** A folder of the session that a tar stream is unpacked into: made for it, and gone with it. */

import { randomBytes } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { setTimeout as after } from 'node:timers/promises';
import { endlessProgram } from '../../core/program-error.ts';
import { joinRemote } from '../../core/sftp/remote-path.ts';
import { undefinedIfMissing } from '../../core/undefined-if-missing.ts';
import { BaiError } from '../../errors.ts';
import type { PooledChannel } from '../engine/pooled-channel.ts';
import type { RemoteProgram } from '../engine/sftp-connection.ts';
import { SftpStatus, sftpStatus } from '../engine/sftp-error.ts';
import type { SftpRequests } from '../engine/sftp-requests.ts';
import { ArchiveWriter } from '../tar/archive-writer.ts';
import type { TransferRun } from '../tar/transfer-run.ts';
import { inTime, openNewPart } from './remote-part.ts';

/** The last name in the archive: tar takes one that breaks off between two files for a whole one. */
const lastName = 'end';

/**
 * Whatever happens to this side, what has not come whole is removed over there. `-p` sets exactly the modes that
 * the archive says, `-o` leaves the owner be; GNU tar and busybox know all of these. Whoever does not make the folder leaves it be: it is
 * that of another run of this script, which was believed not to have begun.
 */
export const unpackScript = [
  'trap "" HUP',
  'umask 077',
  'mkdir "$1" || exit 1',
  'tar -x -p -o $2 -f - -C "$1" && rm "$1/end" && cd "$1" && wc -c -- * && exit 0',
  'rm -rf "$1"',
  'exit 1',
].join('; ');

/** The names are numbers. */
const mostListed = 1024 * 1024;

const pauseMs = 100;
/** A program that has just been started may not have made the folder yet. */
const timesMissed = 5;
const mostParts = 1_000;

export class RemoteStage {
  readonly path: string;
  readonly #run: TransferRun;
  #sizes = new Map<string, number>();
  #isThere = false;
  /** How the program ended is known. */
  #hasEnded = false;
  #isKept = false;
  #newFileMode: Promise<number> | undefined;
  /** A file made to see its mode; a lost connection leaves it there. */
  readonly #probe: string;
  #hasProbe = false;

  private constructor(path: string, top: string, run: TransferRun) {
    this.path = path;
    this.#probe = joinRemote(top, `.${randomName()}.bai-part`);
    this.#run = run;
  }

  /** Beside the targets, so that a rename is enough; nothing is made yet. */
  static async create(top: string, run: TransferRun): Promise<RemoteStage> {
    const absolute = await run.pool.absolute(top);
    return new RemoteStage(joinRemote(absolute, `.${randomName()}.bai-tar`), top, run);
  }

  /** Whether all that `pack` writes has been unpacked. Rejects when the connection is lost, and with `pack`. */
  async fill(pack: (archive: ArchiveWriter) => Promise<void>): Promise<boolean> {
    const { pool, options } = this.#run;
    const times = options.preserve ? '' : '-m';
    const program = await pool.programs.start(['sh', '-c', unpackScript, 'sh', this.path, times]);
    if (program === undefined) return false;
    using _program = program;
    this.#isThere = true;
    const listing = this.#readSizes(program);
    listing.catch(() => {});
    const archive = new ArchiveWriter();
    const packing = this.#pack(pack, archive);
    packing.catch(() => archive.abort());
    const isSent = await pipeline(pool.pace?.stream(archive.bytes()) ?? archive.bytes(), program.stdin).then(
      () => true,
      () => false,
    );
    if (isSent) await packing;
    else {
      archive.abort();
      // It was cut off with the stream, unless it was what ended it.
      await packing.catch((error: unknown) => {
        if (error instanceof BaiError) throw error;
      });
    }
    // What it printed too much says more than that it was ended for it.
    const [{ status }] = await Promise.all([program.ended, listing]).catch(async (error: unknown) => {
      await listing;
      throw error;
    });
    this.#hasEnded = true;
    return status === 0 && isSent;
  }

  /** Bytes of what has been unpacked, by name. */
  get sizes(): ReadonlyMap<string, number> {
    return this.#sizes;
  }

  /** The mode that the file server gives a new file: its umask, or a default ACL, shows in what it makes of 0666. */
  newFileMode(): Promise<number> {
    this.#newFileMode ??= this.#run.pool.retrying((lane) => this.#probeMode(lane));
    return this.#newFileMode;
  }

  /** What had this name has got another one. */
  taken(name: string): void {
    this.#sizes.delete(name);
  }

  /** It holds the only copy of something: removal leaves it there. */
  keep(): void {
    this.#isKept = true;
  }

  /** Never throws: the failure that led here is what the user should hear of. */
  async remove(): Promise<void> {
    if (!this.#isThere || this.#isKept) return;
    const isGone = await inTime(this.#remove());
    this.#isThere = false;
    if (isGone) return;
    this.#run.pool.left(this.path);
    if (this.#hasProbe) this.#run.pool.left(this.#probe);
  }

  /** As `wc -c` prints them; the last line is the sum. */
  async #readSizes(program: RemoteProgram): Promise<void> {
    let text = '';
    for await (const chunk of program.stdout as AsyncIterable<Buffer>) {
      text += chunk.toString('latin1');
      if (text.length <= mostListed) continue;
      program[Symbol.dispose]();
      throw endlessProgram();
    }
    for (const [, size, name] of text.matchAll(/^ *(\d{1,15}) (\d{1,9})$/gm))
      this.#sizes.set(name ?? '', Number(size));
  }

  async #pack(pack: (archive: ArchiveWriter) => Promise<void>, archive: ArchiveWriter): Promise<void> {
    await pack(archive);
    await archive.add({ name: lastName, mode: 0o600, modifiedAt: 0, content: Buffer.alloc(0) });
    archive.finish();
  }

  async #probeMode({ requests, cleanup }: PooledChannel): Promise<number> {
    this.#hasProbe = true;
    const handle = await openNewPart(requests, this.#probe, 0o666);
    const { mode } = await requests.attributes(handle);
    await Promise.all([cleanup.close(handle), cleanup.remove(this.#probe)]);
    this.#hasProbe = false;
    return mode ?? 0o644;
  }

  async #remove(): Promise<void> {
    const { pool } = this.#run;
    // After Ctrl-C no new lane is given out, but those that are there still take such requests.
    const { cleanup } = pool.lanes[0] ?? (await pool.lane());
    if (this.#hasProbe) await cleanup.remove(this.#probe).catch(() => {});
    let missed = 0;
    while (this.#isThere) {
      const outcome = await this.#removeOnce(cleanup);
      missed = outcome === 'missing' ? missed + 1 : 0;
      if (outcome === 'removed' || missed === (this.#hasEnded ? 1 : timesMissed)) return;
      // What a program that was cut off has got already it may still unpack; once its folder is gone it cannot.
      await after(pauseMs);
      this.#sizes = await namesIn(this.path, cleanup);
    }
  }

  async #removeOnce(cleanup: SftpRequests): Promise<'removed' | 'missing' | 'left'> {
    const steps = [...this.#sizes.keys()].map((name) => cleanup.remove(joinRemote(this.path, name)));
    await Promise.allSettled(steps);
    try {
      await cleanup.removeFolder(this.path);
      return 'removed';
    } catch (error) {
      if (sftpStatus(error) === undefined) throw error;
      return sftpStatus(error) === SftpStatus.noSuchFile ? 'missing' : 'left';
    }
  }
}

async function namesIn(path: string, cleanup: SftpRequests): Promise<Map<string, number>> {
  const names = new Map<string, number>();
  const folder = await undefinedIfMissing(cleanup.openFolder(path));
  if (folder === undefined) return names;
  for (let parts = 0; parts < mostParts; parts += 1) {
    const entries = await cleanup.readFolder(folder);
    if (entries === undefined) break;
    for (const { name } of entries) if (isOurs(name)) names.set(name, 0);
  }
  await cleanup.close(folder);
  return names;
}

/** The only names in the archive. */
function isOurs(name: string): boolean {
  return /^\d{1,9}$/.test(name) || name === lastName;
}

/** Lets a refusal by the server pass, and nothing else. */
export function ignoreLeftovers(error: unknown, lane: PooledChannel): void {
  if (sftpStatus(error) === undefined || lane.lost !== undefined) throw error;
}

function randomName(): string {
  return randomBytes(8).toString('hex');
}
