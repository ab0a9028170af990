/** Programs of a session that say nothing, or print without end: nothing else waits for them, and they are given up. */

import { createHash } from 'node:crypto';
import type { ServerChannel } from 'ssh2';
import { describe, expect, test } from 'vitest';
import { ChannelPool } from '../../src/transfer/engine/channel-pool.ts';
import { remoteChecksum } from '../../src/transfer/local/verify.ts';
import { startChecksum } from '../../src/transfer/remote/waiting-checksum.ts';
import { connectFully } from '../support/ssh-session.ts';
import { fileText, startLiar } from './transfer-liar.ts';

const file = { path: '/file', size: fileText.length };
const sum = createHash('sha256').update(fileText).digest('hex');

/** Prints for as long as the channel takes it. */
function flood(stream: ServerChannel | ServerChannel['stderr']): void {
  const chunk = Buffer.alloc(32 * 1024, 'x');
  stream.on('error', () => {});
  const more = (): void => {
    for (let isRoom = true; isRoom && stream.writable; ) isRoom = stream.write(chunk);
  };
  stream.on('drain', more);
  more();
}

const runaways: readonly (readonly [string, (channel: ServerChannel) => void, RegExp])[] = [
  ['says nothing', () => {}, /silent for \d+ second/],
  ['prints without end', (channel) => flood(channel), /printed without end/],
  ['complains without end', (channel) => flood(channel.stderr), /printed without end/],
];

describe.each(runaways)('a program that %s', (_, act, told) => {
  test('is given up: the file is read back, and why is told', async () => {
    await using bed = await openBed(act);
    expect(await remoteChecksum(bed.pool, file)).toBe(sum);
    expect(bed.troubles).toEqual([expect.stringMatching(told)]);
  });

  test('does not keep the file server waiting while it waits itself', async () => {
    await using bed = await openBed(act);
    using waiting = startChecksum(bed.pool, file);
    await bed.started();
    expect((await bed.pool.requests.stat(file.path)).size).toBe(file.size);
    expect(await waiting.compute()).toBe(sum);
  });

  test('ends with Ctrl-C', async () => {
    await using bed = await openBed(act, 60_000);
    const answer = remoteChecksum(bed.pool, file);
    // It may be over before, where it floods.
    answer.catch(() => {});
    await bed.started();
    bed.interrupt();
    const ended = await answer.then(
      () => 'given up before',
      (error: unknown) => error,
    );
    if (ended !== 'given up before') expect(ended).toMatchObject({ code: 'interrupted' });
  });
});

test('a large file has longer to be read before its program counts as dead', async () => {
  await using bed = await openBed((channel) => {
    setTimeout(() => {
      channel.write(`${'0'.repeat(64)} *stdin\n`);
      channel.exit(0);
      channel.end();
    }, 1_500);
  });
  expect(await remoteChecksum(bed.pool, { path: '/file', size: 100 * 1024 * 1024 })).toBe('0'.repeat(64));
});

/** A session whose every program does the same. */
async function openBed(act: (channel: ServerChannel) => void, programMs = 500) {
  let start = (): void => {};
  const hasStarted = new Promise<void>((resolve) => {
    start = resolve;
  });
  const server = await startLiar({
    onExec(channel) {
      channel.on('error', () => {});
      act(channel);
      start();
    },
  });
  const interruption = new AbortController();
  const pool = new ChannelPool(await connectFully(server, interruption.signal), {
    ...{ signal: interruption.signal, stallMs: 10_000, programMs },
  });
  const troubles: string[] = [];
  pool.onTrouble = ({ reason }) => troubles.push(reason);
  return {
    pool,
    troubles,
    started: () => hasStarted,
    interrupt: () => interruption.abort(),
    async [Symbol.asyncDispose]() {
      await pool[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}
