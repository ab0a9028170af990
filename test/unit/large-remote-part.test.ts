/** The part of a put as several channels see it, on a file server of this test: who writes into which file. */

import { expect, test } from 'vitest';
import { ConflictError, NotFoundError, TransferError } from '../../src/errors.ts';
import type { ChannelPool } from '../../src/transfer/engine/channel-pool.ts';
import { DoneRanges } from '../../src/transfer/engine/done-ranges.ts';
import type { PooledChannel } from '../../src/transfer/engine/pooled-channel.ts';
import { requestBytes } from '../../src/transfer/engine/sftp-channel.ts';
import { OpenFlag, type RemoteHandle, type SftpRequests } from '../../src/transfer/engine/sftp-requests.ts';
import type { LocalSource } from '../../src/transfer/local/local-source.ts';
import { LargeRemotePart } from '../../src/transfer/remote/large-remote-part.ts';

const size = 4 * requestBytes;
const target = { path: 'big', old: undefined };
const secret = 'a'.repeat(32);

/** Names lead to files, and handles stay with theirs, as on every disk. */
class Disk {
  readonly names = new Map<string, { bytes: Buffer }>();
  readonly open = new Map<RemoteHandle, { bytes: Buffer }>();

  requests(): SftpRequests {
    const file = (handle: RemoteHandle) => this.open.get(handle) ?? { bytes: Buffer.alloc(0) };
    const requests: Partial<SftpRequests> = {
      offers: () => false,
      open: async (path, flags) => {
        const exists = this.names.get(path);
        if (exists !== undefined && flags & OpenFlag.exclusive) throw refusal(4);
        if (exists === undefined && !(flags & OpenFlag.create)) throw new NotFoundError('no');
        const opened = exists ?? { bytes: Buffer.alloc(0) };
        this.names.set(path, opened);
        const handle = { id: Buffer.alloc(0), path };
        this.open.set(handle, opened);
        return handle;
      },
      close: async (handle) => void this.open.delete(handle),
      read: async (handle, into, position) => file(handle).bytes.copy(into, 0, position),
      write: async (handle, bytes, position) => {
        const whole = Buffer.alloc(Math.max(file(handle).bytes.length, position + bytes.length));
        file(handle).bytes.copy(whole);
        bytes.copy(whole, position);
        file(handle).bytes = whole;
      },
      attributes: async (handle) => attributesOf(file(handle).bytes.length),
      lstat: async (path) => attributesOf(this.names.get(path)?.bytes.length ?? 0),
      setMode: async () => {},
      remove: async (path) => void this.names.delete(path),
    };
    return requests as SftpRequests;
  }
}

function attributesOf(bytes: number) {
  return { kind: 'file', size: bytes, mode: 0o600, uid: 0, gid: 0, modifiedAt: 0, accessedAt: 0 } as const;
}

function refusal(code: number): TransferError {
  return new TransferError('refused', { cause: Object.assign(new Error('Failure'), { code }) });
}

/** Its work goes to the one channel and the other in turn. */
function fleetOf(requests: readonly SftpRequests[]): { pool: ChannelPool; lanes: readonly PooledChannel[] } {
  const lanes = requests.map((each) => ({ requests: each, cleanup: each }) as unknown as PooledChannel);
  let turn = 0;
  const retrying = (work: (lane: PooledChannel) => Promise<unknown>): Promise<unknown> =>
    work(lanes[turn++ % lanes.length] as PooledChannel);
  return { pool: { retrying, lanes } as unknown as ChannelPool, lanes };
}

const content = Buffer.alloc(size, 's');
const source = {
  fill: async (bytes: Buffer, position: number) => void content.copy(bytes, 0, position),
} as unknown as LocalSource;

function rangesOf(bytes: number): DoneRanges {
  const ranges = new DoneRanges(size, requestBytes);
  ranges.addRanges([[0, bytes]]);
  return ranges;
}

function earlierPart(disk: Disk, bytes: Buffer): void {
  disk.names.set('.big.bai-part', { bytes });
}

test('a part of an earlier run that holds something else is made anew, and no channel writes into the old one', async () => {
  const disk = new Disk();
  earlierPart(disk, Buffer.concat([Buffer.alloc(size, 'x'), Buffer.from(secret)]));
  const { pool, lanes } = fleetOf([disk.requests(), disk.requests()]);
  const part = new LargeRemotePart(pool, target, size);
  expect(await part.adopt(`${secret}:384`, { source, ranges: rangesOf(size / 2) })).toBe(false);
  await part.create();
  for (const [index, lane] of lanes.entries()) {
    const position = (index * size) / 2;
    const bytes = content.subarray(position, position + size / 2);
    await part.write(lane, { handle: await part.handleOf(lane), bytes, position });
  }
  expect(disk.names.get('.big.bai-part')?.bytes.subarray(0, size).equals(content)).toBe(true);
});

test('a part that was complete has no mark any more, and every channel takes it for what it is', async () => {
  const disk = new Disk();
  earlierPart(disk, Buffer.from(content));
  const { pool, lanes } = fleetOf([disk.requests(), disk.requests()]);
  const part = new LargeRemotePart(pool, target, size);
  expect(await part.adopt(`${secret}:384`, { source, ranges: rangesOf(size) })).toBe(true);
  for (const lane of lanes) expect(await part.handleOf(lane)).toMatchObject({ path: '.big.bai-part' });
});

test('a mark that cannot be read is a failure of the read, and not another program’s part', async () => {
  const disk = new Disk();
  const refused: SftpRequests = { ...disk.requests(), read: () => Promise.reject(refusal(4)) };
  const { pool, lanes } = fleetOf([disk.requests(), refused]);
  const part = new LargeRemotePart(pool, target, size);
  await part.create();
  const opened = part.handleOf(lanes[1] as PooledChannel);
  await expect(opened).rejects.toThrow(TransferError);
  await expect(opened).rejects.not.toThrow(ConflictError);
});
