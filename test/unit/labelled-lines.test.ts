import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { captureOutput, mostCapturedBytes } from '../../src/output/captured-output.ts';
import { longestLineBytes, prefixedOutput } from '../../src/output/prefixed-output.ts';

class Page extends Writable {
  text = '';
  readonly isTTY: boolean;

  constructor(isTTY = false) {
    super();
    this.isTTY = isTTY;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString('latin1');
    done();
  }
}

function open({ isTTY = false, color = false, labels = ['main1', 'sub1'] } = {}) {
  const stdout = new Page(isTTY);
  const stderr = new Page(isTTY);
  return { stdout, stderr, of: prefixedOutput({ stdout, stderr, labels, color }) };
}

test('lines that come in pieces, of two programs at once, stay whole and are aligned', async () => {
  const { stdout, stderr, of } = open();
  const [main, sub] = [of('main1'), of('sub1')];
  main.stdout.write('on');
  sub.stdout.write('two\nth');
  main.stdout.write('e\n\n');
  sub.stderr.write('oh\n');
  sub.stdout.write('ree\n');
  await Promise.all([main.end(), sub.end()]);
  expect(stdout.text).toBe('sub1:  two\nmain1: one\nmain1: \nsub1:  three\n');
  expect(stderr.text).toBe('sub1:  oh\n');
});

test('a last line without an end gets one', async () => {
  const { stdout, of } = open();
  const main = of('main1');
  main.stdout.write('no end');
  await main.end();
  expect(stdout.text).toBe('main1: no end\n');
});

test('a line without an end is broken into pieces, so that it fills no memory', async () => {
  const { stdout, of } = open();
  const main = of('main1');
  for (let count = 0; count < 10; count += 1) main.stdout.write(Buffer.alloc(longestLineBytes / 4, 'x'));
  main.stdout.write('y\nz\n');
  await main.end();
  const lines = stdout.text.split('\n').map((line) => line.replace(/^main1: /, ''));
  expect(lines.map((line) => line.length)).toEqual([
    longestLineBytes,
    longestLineBytes,
    longestLineBytes / 2 + 1,
    1,
    0,
  ]);
});

test('a line of exactly the longest length is one line', async () => {
  const { stdout, of } = open();
  const main = of('main1');
  main.stdout.write(`${'x'.repeat(longestLineBytes - 1)}\nnext\n`);
  await main.end();
  expect(stdout.text.split('\n')).toHaveLength(3);
});

test('in a pipe the bytes of a line are as they came', async () => {
  const { stdout, of } = open();
  const main = of('main1');
  main.stdout.write(Buffer.from('\x1b[31mred\xff\r\n', 'latin1'));
  await main.end();
  expect(stdout.text).toBe('main1: \x1b[31mred\xff\r\n');
});

test('on a terminal a line cannot leave its place', async () => {
  const { stdout, of } = open({ isTTY: true });
  const main = of('main1');
  main.stdout.write('\x1b[2Agone\tok\r\n50%\r100%\n');
  await main.end();
  expect(stdout.text).toBe('main1: \\x1b[2Agone\tok\nmain1: 50%\\r100%\n');
});

test('labels have colours only where colours are wanted', async () => {
  const { stdout, of } = open({ color: true, labels: ['main1', 'sub1'] });
  const sub = of('sub1');
  sub.stdout.write('x\n');
  await sub.end();
  expect(stdout.text).toBe('\x1b[35msub1:\x1b[39m  x\n');
});

test('a program waits for a reader that is slow, and not for one that is gone', async () => {
  const taken: ((error?: Error) => void)[] = [];
  const slow = new Writable({ write: (_chunk, _encoding, done) => void taken.push(done) });
  slow.on('error', () => {});
  const of = prefixedOutput({ stdout: slow, stderr: new Page(), labels: ['main1'], color: false });
  const main = of('main1');
  for (let count = 0; count < 100; count += 1) main.stdout.write('line\n'.repeat(1000));
  expect([main.stdout.writableNeedDrain, taken.length]).toEqual([true, 1]);
  const ended = main.end();
  taken[0]?.(new Error('EPIPE'));
  await ended;
});

test('what is captured is text where it is text, and bytes besides where it is not', () => {
  const output = captureOutput();
  output.stdout.write('h\u00e9');
  output.stderr.write(Buffer.from([0x61, 0xff]));
  expect(output.taken()).toEqual({
    stdout: { text: 'h\u00e9' },
    stderr: { text: 'a\ufffd', base64: 'Yf8=' },
  });
});

test('what is captured is bounded, and cut between two characters', () => {
  const output = captureOutput();
  output.stdout.write('x');
  output.stdout.write('\u00e9'.repeat(mostCapturedBytes));
  const { text, bytes, base64 } = output.taken().stdout;
  expect([Buffer.byteLength(text), bytes, base64]).toEqual([
    mostCapturedBytes - 1,
    2 * mostCapturedBytes + 1,
    undefined,
  ]);
});
