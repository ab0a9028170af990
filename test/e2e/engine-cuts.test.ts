/** Random cuts: whatever moment the line breaks, no target is half there and the next run makes it whole. */

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BaiError } from '../../src/errors.ts';
import { createRemoteFiles, type RemoteFiles } from '../../src/transfer/remote-files.ts';
import { dropbearMissing, sshdMissing, startDropbear, startSshd, type TestSshd } from '../support/sshd.ts';
import { connectSftp, content, type ServerAddress, tempFolder, tree, watch } from './transfer-session.ts';

const piece = 261_120;
const sizes = [
  ...[0, 1, piece - 1, piece, piece + 1, 8 * piece + 1],
  ...[16 * piece - 1, 16 * piece, 16 * piece + 1, 25 * piece - 1, 33 * piece + 7],
];
const seed = Number(process.env['BAI_FAULTS_SEED'] ?? Date.now() % 1_000_000);
const cutsPerServer = Number(process.env['BAI_FAULTS_CUTS'] ?? 30);

const servers = [
  ['sshd', startSshd, sshdMissing],
  ['dropbear', startDropbear, dropbearMissing],
] as const;

describe.each(servers)('cuts with %s', (name, start, missing) => {
  let server: TestSshd;
  beforeAll(async () => {
    if (missing === undefined) server = await start();
  });
  afterAll(() => server?.[Symbol.asyncDispose]());

  test.skipIf(missing !== undefined)(
    `${cutsPerServer} random cuts leave no wrong byte (${name}, BAI_FAULTS_SEED=${seed})`,
    async () => {
      const random = generator(seed);
      const counts = { cut: 0, resumed: 0, retries: 0 };
      for (let round = 0; round < cutsPerServer; round += 1) {
        const size = sizes[Math.floor(random() * sizes.length)] ?? 0;
        const cut: Cut = { round, size, isPut: random() < 0.5, isOneRun: random() < 0.4, at: random() };
        await survives(cut, server, counts).catch((error: unknown) => {
          throw new Error(`seed ${seed}, ${JSON.stringify(cut)}`, { cause: error });
        });
      }
      expect(counts.cut).toBeGreaterThan(cutsPerServer / 3);
    },
  );
});

interface Cut {
  readonly round: number;
  readonly size: number;
  readonly isPut: boolean;
  /** The run may dial again; otherwise a second run goes on. */
  readonly isOneRun: boolean;
  /** Where the line breaks, as a part of the bytes that a whole transfer takes. */
  readonly at: number;
}

async function survives(
  cut: Cut,
  server: TestSshd,
  counts: { cut: number; resumed: number; retries: number },
): Promise<void> {
  await using here = await tempFolder();
  await using relay = await startCuttingRelay(server.port);
  const bytes = content(cut.size, cut.round + 1);
  const old = cut.round % 2 === 0 ? Buffer.from('old') : undefined;
  const [source, target] = cut.isPut
    ? [join(here.path, 'source'), join(server.home, 'target')]
    : [join(server.home, 'source'), join(here.path, 'target')];
  await writeFile(source, bytes);
  if (old) await writeFile(target, old);
  const options = { resume: { folder: join(here.path, 'state'), peer: 'x' }, isOneRun: cut.isOneRun };
  const move = async (): Promise<void> => {
    await using files = await open({ ...server, port: relay.port }, options);
    const job = { sources: [source], target, recursive: false };
    const summary = await (cut.isPut ? files.put(job, watch()) : files.get(job, watch()));
    counts.resumed += summary.resumed;
    counts.retries += summary.retries;
    expect(summary).toMatchObject({ files: 1, failed: [] });
  };

  relay.cutAfter(6_000 + cut.at * (cut.size * 1.02 + 3_000));
  const failure = await move().then(
    () => undefined,
    (error: unknown) => error,
  );
  if (relay.wasCut()) counts.cut += 1;
  const between = await readIfThere(target);
  if (failure === undefined) expect(sum(between)).toBe(sum(bytes));
  else {
    expect(failure).toBeInstanceOf(BaiError);
    expect([sum(old), sum(bytes)]).toContain(sum(between));
  }
  relay.heal();
  if (failure !== undefined) await move();
  expect(sum(await readIfThere(target))).toBe(sum(bytes));
  const left = [...(await tree(here.path)), ...(await tree(server.home))];
  expect(left.filter((path) => /bai-(part|journal)|state\/./.test(path))).toEqual([]);
  await rm(cut.isPut ? target : source);
}

async function open(
  server: ServerAddress,
  { resume, isOneRun }: { resume: { folder: string; peer: string }; isOneRun: boolean },
): Promise<RemoteFiles> {
  const { signal } = new AbortController();
  const dial = () => connectSftp(server);
  return createRemoteFiles(await dial(), isOneRun ? { signal, resume, dial } : { signal, resume });
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  return await readFile(path).catch(() => undefined);
}

function sum(bytes: Buffer | undefined): string {
  return bytes === undefined ? 'nothing' : createHash('sha256').update(bytes).digest('hex');
}

interface CuttingRelay extends AsyncDisposable {
  readonly port: number;
  cutAfter(bytes: number): void;
  wasCut(): boolean;
  heal(): void;
}

/** Resets all connections when so many bytes have gone through, in whatever direction; once. */
async function startCuttingRelay(targetPort: number): Promise<CuttingRelay> {
  const sockets = new Set<Socket>();
  let left = Number.POSITIVE_INFINITY;
  let isCut = false;
  const count = (chunk: Buffer): void => {
    left -= chunk.length;
    if (left > 0) return;
    left = Number.POSITIVE_INFINITY;
    isCut = true;
    for (const socket of sockets) socket.resetAndDestroy();
  };
  const server = createServer((near) => {
    const far = connect(targetPort, '127.0.0.1');
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.on('data', count);
      socket.pipe(other);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    cutAfter: (bytes) => {
      left = bytes;
    },
    wasCut: () => isCut,
    heal: () => {
      left = Number.POSITIVE_INFINITY;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The same numbers between 0 and 1 for the same seed. */
function generator(from: number): () => number {
  let state = from >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
