/** What a program of the session prints arrives whole, however slowly it is read. */

import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as after, setImmediate as turn } from 'node:timers/promises';
import type { ClientChannel } from 'ssh2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InterruptedError, TimeoutError, UnreachableError } from '../../src/errors.ts';
import { startProgram } from '../../src/ssh/remote-program.ts';
import { runRemote } from '../../src/ssh/run-remote.ts';
import { startRelay } from '../support/relay.ts';
import { connectTo } from '../support/ssh-session.ts';
import { sessionDropbearMissing, sshServers, startSessionDropbear, type TestSshd } from '../support/sshd.ts';

const mebibyte = 1024 * 1024;
const { signal } = new AbortController();
const why = (missing: string | undefined): string => (missing === undefined ? '' : ` (${missing})`);

for (const { name, missing, start } of sshServers) {
  describe.skipIf(missing !== undefined)(`with ${name}${why(missing)}`, () => {
    let server: TestSshd;
    const bytes = randomBytes(64 * mebibyte);
    beforeAll(async () => {
      server = await start();
      await writeFile(join(server.home, 'long'), bytes);
    });
    afterAll(() => server[Symbol.asyncDispose]());

    test('64 MiB arrive whole at a reader that stops again and again, in bounded memory', async () => {
      await using connection = await connectTo(server);
      using program = await startProgram(connection, ['cat', join(server.home, 'long')], { signal });
      program.stdin.end();
      const hash = createHash('sha256');
      let [total, stops, mostWaiting] = [0, 0, 0];
      for await (const chunk of program.stdout as AsyncIterable<Buffer>) {
        total += chunk.length;
        hash.update(chunk);
        mostWaiting = Math.max(mostWaiting, program.stdout.readableLength);
        if (total / mebibyte < stops * 16) continue;
        stops += 1;
        await after(700);
      }
      expect(total).toBe(bytes.length);
      expect(hash.digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
      expect(mostWaiting).toBeLessThan(8 * mebibyte);
      expect(await program.ended).toMatchObject({ status: 0 });
    });

    test('what goes in comes out again, and the exit status with it', async () => {
      await using connection = await connectTo(server);
      using program = await startProgram(connection, ['sh', '-c', 'cat; echo oh >&2; exit 7'], { signal });
      const sent = pipeline([bytes.subarray(0, 20 * mebibyte)], program.stdin);
      const hash = createHash('sha256');
      for await (const chunk of program.stdout as AsyncIterable<Buffer>) {
        hash.update(chunk);
        await turn();
      }
      await sent;
      expect(hash.digest('hex')).toBe(
        createHash('sha256')
          .update(bytes.subarray(0, 20 * mebibyte))
          .digest('hex'),
      );
      expect(await program.ended).toEqual({ status: 7, stderr: 'oh\n' });
    });

    test('output that nobody reads on does not stop the connection', async () => {
      await using connection = await connectTo(server);
      const program = await startProgram(connection, ['cat', '/dev/zero'], { signal });
      await program.stdout[Symbol.asyncIterator]().next();
      program[Symbol.dispose]();
      const result = await runRemote(connection, ['echo', 'on'], { signal });
      expect(result.stdout.toString()).toBe('on\n');
    });

    test.each(['before anything is read', 'while it is read'])(
      'a lost connection ends the program %s',
      async (when) => {
        await using relay = await startRelay(server.port);
        await using connection = await connectTo({ ...server, port: relay.port });
        using program = await startProgram(connection, ['cat', '/dev/zero'], { signal });
        if (when === 'while it is read') program.stdout.resume();
        relay.cut();
        await expect(program.ended).rejects.toBeInstanceOf(UnreachableError);
      },
    );

    test('Ctrl-C and silence end it', async () => {
      await using connection = await connectTo(server);
      const interrupt = new AbortController();
      using stopped = await startProgram(connection, ['sleep', '100'], { signal: interrupt.signal });
      using silent = await startProgram(connection, ['sleep', '100'], { signal, stallMs: 100 });
      await expect(silent.ended).rejects.toBeInstanceOf(TimeoutError);
      interrupt.abort();
      await expect(stopped.ended).rejects.toBeInstanceOf(InterruptedError);
    });
  });
}

describe.skipIf(sessionDropbearMissing !== undefined)(`the loss itself${why(sessionDropbearMissing)}`, () => {
  test("ssh2's own channel loses what comes while its reader stops, without a word", async () => {
    await using server = await startSessionDropbear();
    await writeFile(join(server.home, 'long'), randomBytes(64 * mebibyte));
    await using connection = await connectTo(server);
    const channel = await new Promise<ClientChannel>((resolve, reject) => {
      connection.client.exec(`cat '${server.home}/long'`, (error, opened) =>
        error ? reject(error) : resolve(opened),
      );
    });
    let total = 0;
    for await (const chunk of channel as AsyncIterable<Buffer>) {
      if (total === 0) await after(2_000);
      total += chunk.length;
    }
    expect(total).toBeLessThan(64 * mebibyte);
  });
});
