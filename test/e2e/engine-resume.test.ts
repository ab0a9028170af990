/** What a killed process leaves behind, and what two processes do to one target. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, readFile, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TransferSummary } from '../../src/core/sftp/transfer-plan.ts';
import { createRemoteFiles } from '../../src/transfer/remote-files.ts';
import { bundle } from '../support/bundle.ts';
import { sshdMissing, startSshd, type TestSshd } from '../support/sshd.ts';
import { connectSftp, content, type TempFolder, tempFolder, tree, watch } from './transfer-session.ts';

const size = 90_000_000;
const bytes = content(size);

describe.skipIf(sshdMissing !== undefined)('with sshd', () => {
  let server: TestSshd;
  let program: TempFolder;
  let mover: string;
  beforeAll(async () => {
    server = await startSshd();
    program = await tempFolder();
    mover = await bundle(join(import.meta.dirname, 'engine-process.ts'), program.path);
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    await program?.[Symbol.asyncDispose]();
  });

  test.each(['put', 'get'] as const)(
    'a %s keeps others from its target, and goes on after it was killed',
    async (direction) => {
      await using here = await tempFolder();
      const move = await prepare(direction, here, server);
      const child = await startAndStop(mover, move.order);
      try {
        await expect(move.run()).rejects.toMatchObject({ code: 'busy-target' });
      } finally {
        await kill(child);
      }
      expect(await move.read()).toBe('old');
      const summary = await move.run();
      expect(summary).toMatchObject({ files: 1, resumed: 1, verified: 1 });
      expect(bytes.equals(await readFile(move.order.target))).toBe(true);
      expect((await tree(here.path)).filter((path) => /bai-|state\/./.test(path))).toEqual([]);
      expect((await tree(server.home)).filter((path) => path.includes('bai-'))).toEqual([]);
    },
  );

  test('a source that changed since is sent from its start', async () => {
    await using here = await tempFolder();
    const move = await prepare('put', here, server);
    await kill(await startAndStop(mover, move.order));
    await utimes(move.order.source, 1_000_000, 1_000_000);
    expect(await move.run()).toMatchObject({ files: 1, resumed: 0 });
    expect(bytes.equals(await readFile(move.order.target))).toBe(true);
  });

  test('a part that somebody else wrote to is not gone on with', async () => {
    await using here = await tempFolder();
    const move = await prepare('put', here, server);
    await kill(await startAndStop(mover, move.order));
    const part = join(server.home, '.target.bai-part');
    await truncate(part, size - 1);
    await appendFile(part, 'something else altogether');
    expect(await move.run()).toMatchObject({ files: 1, resumed: 0 });
    expect(bytes.equals(await readFile(move.order.target))).toBe(true);
  });

  test('a wrong byte in a part that is gone on with is found, and the file is sent again', async () => {
    await using here = await tempFolder();
    const move = await prepare('get', here, server);
    await kill(await startAndStop(mover, move.order));
    const part = join(here.path, '.target.bai-part');
    await writeFile(part, 'wrong', { flag: 'r+' });
    const before = await readFile(part);
    expect(before.subarray(0, 5).toString()).toBe('wrong');
    await move.run();
    expect(bytes.equals(await readFile(move.order.target))).toBe(true);
  });
});

interface Prepared {
  readonly order: { readonly source: string; readonly target: string };
  run(): Promise<TransferSummary>;
  read(): Promise<string>;
}

async function prepare(direction: 'put' | 'get', here: TempFolder, server: TestSshd): Promise<Prepared> {
  const [from, to] = direction === 'put' ? [here.path, server.home] : [server.home, here.path];
  const source = join(from, 'source');
  const target = join(to, 'target');
  await writeFile(source, bytes);
  await writeFile(target, 'old');
  const stateFolder = join(here.path, 'state');
  const address = { port: server.port, user: server.user, privateKeyPath: server.privateKeyPath };
  const order = { server: address, direction, source, target, stateFolder };
  return {
    order,
    async run() {
      const { signal } = new AbortController();
      const resume = { folder: stateFolder, peer: 'x' };
      await using files = createRemoteFiles(await connectSftp(server), { signal, resume });
      const job = { sources: [source], target, recursive: false };
      return await (direction === 'put' ? files.put(job, watch()) : files.get(job, watch()));
    },
    read: () => readFile(target, 'utf8'),
  };
}

/** Stopped in the middle: still there, and not moving any more. */
async function startAndStop(program: string, order: object): Promise<ChildProcess> {
  const child = spawn(process.execPath, [program, JSON.stringify(order)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) {
    text = (text + String(chunk)).slice(-200);
    const lines = text.split('\n');
    if (Number(lines.at(-2)) > size / 3) break;
  }
  child.kill('SIGSTOP');
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
