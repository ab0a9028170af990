import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { secretLines } from '../../src/config/read-secret.ts';
import { InterruptedError } from '../../src/errors.ts';

function open(signal = new AbortController().signal) {
  const stdin = new PassThrough();
  const next = secretLines({ stdin: stdin as unknown as NodeJS.ReadStream, signal });
  return { stdin, next: async () => (await next())?.toString() };
}

test('lines come one by one, however they were cut', async () => {
  const { stdin, next } = open();
  stdin.write('fir');
  stdin.write('st words\r\nsec');
  expect(await next()).toBe('first words');
  const second = next();
  stdin.write('ond\n\nlast');
  expect(await second).toBe('second');
  expect(await next()).toBe('');
  stdin.end();
  expect(await next()).toBe('last');
  expect([await next(), await next()]).toEqual([undefined, undefined]);
});

test('what is piped before anybody asks is not lost', async () => {
  const { stdin, next } = open();
  stdin.end('one\ntwo\n');
  expect([await next(), await next(), await next()]).toEqual(['one', 'two', undefined]);
});

test('a line without end is not kept without end', async () => {
  const { stdin, next } = open();
  const line = next();
  for (let piece = 0; piece < 20; piece += 1) stdin.write('x'.repeat(1024));
  expect((await line)?.length).toBeLessThan(10 * 1024);
});

test('Ctrl-C ends the wait', async () => {
  const interrupt = new AbortController();
  const { next } = open(interrupt.signal);
  const line = next();
  interrupt.abort(new InterruptedError());
  await expect(line).rejects.toThrow(InterruptedError);
});
