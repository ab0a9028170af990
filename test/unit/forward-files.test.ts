/** What forwards in the background write down, and how they are asked. */

import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { askControl, serveControl } from '../../src/config/forwards/control.ts';
import { openLog, readLog } from '../../src/config/forwards/log.ts';
import {
  controlAddress,
  processState,
  readRecords,
  removeRecord,
  writeRecord,
} from '../../src/config/forwards/records.ts';
import { readBackgroundAnswer, readControlAnswer } from '../../src/config/forwards/schemas.ts';
import { webSecretFor } from '../../src/config/forwards/web-key.ts';
import { type ForwardRecord, freeName, withoutSecret } from '../../src/core/forward/background.ts';
import { ownIdentity } from '../../src/files/process-identity.ts';
import { until } from '../contract/app-bed.ts';
import { tempFolder } from '../support/temp-folder.ts';

const { signal } = new AbortController();

async function recordOf(id: string, more: Partial<ForwardRecord> = {}): Promise<ForwardRecord> {
  const session = { id: 'i', name: 'demo', status: 'RUNNING' };
  const owner = await ownIdentity();
  return { id, name: 'demo', session, listeners: [], specs: [], owner, startedAt: id, control: '', ...more };
}

test('records come back as they were written, in the order of their start, and go with all that is theirs', async () => {
  using folder = tempFolder();
  const records = [await recordOf('0000000b'), await recordOf('0000000a')];
  for (const record of records) await writeRecord(folder.path, record);
  expect(await readRecords(folder.path)).toEqual(records.toReversed());
  for (const ending of ['log', 'html']) writeFileSync(join(folder.path, `0000000a.${ending}`), '');
  await removeRecord(folder.path, { id: '0000000a', control: join(folder.path, '0000000b.json') });
  expect(readdirSync(folder.path)).toEqual(['0000000b.json']);
});

test('what is no record of bai is passed over, whatever it is', async () => {
  using folder = tempFolder();
  const good = await recordOf('0000000c');
  await writeRecord(folder.path, good);
  const files = {
    '0000000d.json': '{',
    '0000000e.json': JSON.stringify({ ...good, listeners: [{ kind: 'x' }] }),
    // Another name than its own.
    '0000000f.json': JSON.stringify(good),
    '../outside.json': '{}',
    'notes.json': '{}',
  };
  for (const [name, text] of Object.entries(files))
    writeFileSync(join(folder.path, name.replace('../', '')), text);
  expect(await readRecords(folder.path)).toEqual([good]);
  expect(await readRecords(join(folder.path, 'nothing'))).toEqual([]);
  await removeRecord(folder.path, { id: '../outside', control: '/etc/0000000a.sock' });
  expect(existsSync(join(folder.path, 'outside.json'))).toBe(true);
});

test('a process is known by its number and its start, and one of another machine is left alone', async () => {
  const own = await ownIdentity();
  const state = async (owner: Partial<ForwardRecord['owner']>): Promise<string> =>
    processState(await recordOf('0000000a', { owner: { ...own, ...owner } }));
  expect(await state({})).toBe('alive');
  expect(await state({ started: '1' })).toBe('gone');
  expect(await state({ pid: 2 ** 22 + 1 })).toBe('gone');
  expect(await state({ started: '' })).toBe('unsure');
  expect(await state({ host: 'another' })).toBe('elsewhere');
  expect(await state({ space: 'pid:[1]' })).toBe('elsewhere');
});

test('the socket is for its owner alone, answers what it knows, and hangs up on the rest', async () => {
  using folder = tempFolder();
  const address = await controlAddress(folder.path, '0000000a', undefined);
  let asked = 0;
  {
    await using _served = await serveControl(address, () => {
      asked += 1;
      return { kind: 'stopping' };
    });
    expect(statSync(address).mode & 0o777).toBe(0o600);
    expect(await askControl(address, 'stop', { signal, ms: 10_000 })).toEqual({ kind: 'stopping' });
    for (const text of ['"other"\n', '{}\n', `${'x'.repeat(10_000)}`, '\n', '[['.repeat(400)]) {
      const socket = connect(address);
      let heard = '';
      socket.on('error', () => {});
      socket.on('data', (chunk: Buffer) => {
        heard += chunk.toString();
      });
      socket.end(text);
      await until(() => socket.closed, 'it has hung up');
      expect(heard).toBe('');
    }
    expect(asked).toBe(1);
  }
  expect(await askControl(address, 'status', { signal, ms: 10_000 })).toBeUndefined();
  expect(await askControl('', 'status', { signal, ms: 10_000 })).toBeUndefined();
});

test('who takes a question and says nothing is silent, and so is who answers with something else', async () => {
  using folder = tempFolder();
  const address = join(folder.path, '0000000a.sock');
  await using _served = await serveControl(address, () => ({ kind: 'nonsense' }) as never);
  expect(await askControl(address, 'status', { signal, ms: 10_000 })).toBe('silent');
});

test('where the path would be too long for a socket, it is in a short folder of the user', async () => {
  using folder = tempFolder();
  using short = tempFolder();
  const long = join(folder.path, 'x'.repeat(120));
  mkdirSync(long);
  const address = await controlAddress(long, '0000000a', short.path);
  expect(dirname(dirname(address))).toBe(short.path);
  expect(statSync(dirname(address)).mode & 0o777).toBe(0o700);
  await using _served = await serveControl(address, () => ({ kind: 'stopping' }));
  expect(await askControl(address, 'stop', { signal, ms: 10_000 })).toEqual({ kind: 'stopping' });
});

test('a short folder that others have made, or may write to, is not taken', async () => {
  using folder = tempFolder();
  using short = tempFolder();
  const long = join(folder.path, 'x'.repeat(120));
  const wanted = dirname(await controlAddress(long, '0000000a', short.path));
  execFileSync('chmod', ['777', wanted]);
  expect(dirname(await controlAddress(long, '0000000a', short.path))).not.toBe(wanted);
});

test('a log has the time of each line, no escapes, and never more than a quarter of a MiB', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'log');
  using log = openLog(path);
  log.line('first\u001b[31m\nsecond');
  expect(readFileSync(path, 'utf8')).toMatch(/^\d{4}-[^ ]+Z first[ -~\xa0-\uffff]*second\n$/);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const before = await readLog(path, 0);
  for (let line = 0; line < 6_000; line += 1) log.line(`${line} ${'x'.repeat(60)}`);
  const { text, end } = (await readLog(path, 0)) ?? { text: '', end: 0 };
  expect(end).toBeLessThanOrEqual(256 * 1024);
  expect(text).toMatch(/^\d{4}-/);
  expect(text.trimEnd()).toMatch(/ 5999 x+$/);
  // Whoever has read to a place that is no more begins anew.
  expect((await readLog(path, 10_000_000))?.text).toBe(text);
  expect(before?.text).not.toBe(text);
  expect(await readLog(join(folder.path, 'none'), 0)).toBeUndefined();
});

test('a link in the place of a log is not followed', () => {
  using folder = tempFolder();
  symlinkSync(join(folder.path, 'elsewhere'), join(folder.path, 'log'));
  expect(() => openLog(join(folder.path, 'log'))).toThrow();
});

test('the secret of an app is the same each time, of each app another one, and its key is for the user alone', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'web-key');
  const [one, again, other] = await Promise.all(['a', 'a', 'b'].map((place) => webSecretFor(path, place)));
  expect(one).toBe(again);
  expect(one).toMatch(/^[\w-]{32}$/);
  expect(other).not.toBe(one);
  expect(await webSecretFor(path, 'a')).toBe(one);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  writeFileSync(path, 'broken');
  expect(await webSecretFor(path, 'a')).not.toBe(one);
});

test('what processes say is read by its form alone', () => {
  expect(readControlAnswer('{"kind":"stopping"}')).toEqual({ kind: 'stopping' });
  expect(readControlAnswer('{"kind":"status"}')).toBeUndefined();
  const failed = {
    kind: 'failed',
    error: { message: 'm', code: 'port-taken', exitCode: 6, details: { port: 1 } },
  };
  expect(readBackgroundAnswer(JSON.stringify(failed))).toEqual(failed);
  expect(readBackgroundAnswer('{"kind":"failed"}')).toBeUndefined();
});

test('names are those of sessions, with a number where they are taken; addresses are kept without a secret', () => {
  expect(freeName('demo', new Set())).toBe('demo');
  expect(freeName('demo', new Set(['demo', 'demo-2']))).toBe('demo-3');
  const listener = { kind: 'app', spec: 'a', host: 'h', port: 1 } as const;
  expect(withoutSecret({ ...listener, url: 'http://h:1/?bai-secret=x' })).toEqual({
    ...listener,
    url: 'http://h:1/',
  });
  expect(withoutSecret(listener)).toEqual(listener);
});
