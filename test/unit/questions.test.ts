/** Questions at a terminal, drawn and as numbered lists: what is shown, what is taken, and how somebody leaves. */

import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import type { LocalInput, LocalOutput } from '../../src/core/local-streams.ts';
import type { Questions } from '../../src/core/questions.ts';
import { InterruptedError } from '../../src/errors.ts';
import { openQuestions } from '../../src/output/ask/questions.ts';
import { until } from '../support/until.ts';

interface Desk {
  readonly ask: Questions;
  /** Everything that was written to the terminal. */
  screen(this: void): string;
  /** Waits for what was written since the last time, then types. */
  type(this: void, after: RegExp, text: string): Promise<void>;
  readonly isRaw: () => boolean;
  interrupt(): void;
  hangUp(): void;
}

type Environment = Readonly<Record<string, string>>;

function desk(environment: Environment, columns = 60): Desk {
  const keys = new PassThrough();
  let isRaw = false;
  const setRawMode = (mode: boolean): void => {
    isRaw = mode;
  };
  const stdin = Object.assign(keys, { isTTY: true, setRawMode });
  const stderr = Object.assign(new PassThrough(), { isTTY: true, columns, rows: 20 });
  let screen = '';
  let seen = 0;
  stderr.on('data', (chunk: Buffer) => {
    screen += chunk.toString();
  });
  const interrupted = new AbortController();
  return {
    ask: openQuestions({
      stdin: stdin as unknown as LocalInput,
      stderr: stderr as unknown as LocalOutput,
      signal: interrupted.signal,
      environment,
      color: undefined,
    }),
    screen: () => screen,
    async type(after, text) {
      await until(() => after.test(screen.slice(seen)), `${after} on the screen: ${JSON.stringify(screen)}`);
      seen = screen.length;
      keys.write(text);
    },
    isRaw: () => isRaw,
    interrupt: () => interrupted.abort(new InterruptedError('interrupted', {}, 143)),
    hangUp: () => void keys.end(),
  };
}

const drawn = { TERM: 'xterm-256color' };
const plainOnes: (readonly [string, Environment])[] = [
  ['TERM=dumb', { TERM: 'dumb' }],
  ['ACCESSIBLE=1', { ...drawn, ACCESSIBLE: '1' }],
  ['CI', { ...drawn, CI: 'true' }],
];
const ways: (readonly [string, Environment, enter: string])[] = [
  ['drawn', drawn, '\r'],
  ['numbered', { TERM: 'dumb' }, '\n'],
];
const fruit = ['apple', 'banana', 'cherry', 'apricot'].map((label, value) => ({
  value,
  label,
  note: 'fruit',
}));

test.each(ways)('%s: Enter takes the first, which is said before', async (_way, environment, enter) => {
  const { ask, screen, type } = desk(environment);
  const answer = ask.one('Which', fruit);
  await type(/Which[\s\S]*apple/, enter);
  expect(await answer).toBe(0);
  expect(screen()).toMatch(/Enter takes apple|\[1 apple/);
});

test.each(ways)('%s: typing a part of a name finds it', async (_way, environment, enter) => {
  const { ask, type } = desk(environment);
  const answer = ask.one('Which', fruit);
  await type(/apricot/, 'cher');
  await type(/^[\s\S]*$/, enter);
  expect(await answer).toBe(2);
});

test.each(ways)('%s: several can be chosen, or none', async (way, environment, enter) => {
  const { ask, type } = desk(environment);
  const none = ask.several('Which', fruit);
  await type(/apricot/, enter);
  expect(await none).toEqual([]);
  const two = ask.several('Which', fruit);
  // Tab marks the one that is found, and goes on with the next search.
  if (way === 'drawn') {
    await type(/apricot/, '\t');
    await type(/./, '\x1b[B');
    await type(/./, '\t');
    await type(/./, enter);
  } else await type(/apricot/, `2, apple${enter}`);
  expect(await two).toEqual([0, 1]);
});

test.each(ways)(
  '%s: a text is asked for again with the reason when it will not do',
  async (_way, environment, enter) => {
    const { ask, type } = desk(environment);
    const problemOf = (text: string): string | undefined =>
      text === 'good' ? undefined : `${text} is not good`;
    const answer = ask.text('What', { usual: 'usual', problemOf });
    await type(/What[\s\S]*usual/, enter);
    await type(/usual is not good/, `good${enter}`);
    expect(await answer).toBe('good');
  },
);

const leavings: (readonly [string, Environment, string])[] = [
  ['drawn: Ctrl-C', drawn, '\x03'],
  ['drawn: Ctrl-D', drawn, '\x04'],
];

test.each(leavings)(
  '%s rejects as an interrupt, and the terminal is as before',
  async (_how, environment, key) => {
    const { ask, screen, type, isRaw } = desk(environment);
    const answer = ask.one('Which', fruit);
    const failed = answer.catch((error: unknown) => error);
    await type(/apricot/, key);
    expect(await failed).toMatchObject({ code: 'interrupted', exitCode: 130 });
    expect(isRaw()).toBe(false);
    expect(screen().lastIndexOf('\x1b[?25h')).toBeGreaterThan(screen().lastIndexOf('\x1b[?25l'));
  },
);

test.each(ways)(
  '%s: a signal ends it with its own status, and so does the end of the input',
  async (_way, environment) => {
    const first = desk(environment);
    const answer = first.ask.one('Which', fruit).catch((error: unknown) => error);
    await first.type(/apricot/, '');
    first.interrupt();
    expect(await answer).toMatchObject({ code: 'interrupted', exitCode: 143 });
    expect(first.isRaw()).toBe(false);

    const second = desk(environment);
    const left = second.ask.several('Which', fruit).catch((error: unknown) => error);
    await second.type(/apricot/, '');
    second.hangUp();
    expect(await left).toMatchObject({ code: 'interrupted' });
  },
);

test.each(plainOnes)('with %s nothing but text is written', async (_what, environment) => {
  const { ask, screen, type } = desk(environment);
  const answer = ask.one('Which', fruit);
  await type(/\[1 apple[\s\S]*: $/, 'ap\n');
  await type(/2 have it in their names:\n +1 {2}apple[\s\S]* +4 {2}apricot[\s\S]*: $/, '7\n');
  await type(/nothing there has this number or name[\s\S]*: $/, '4\n');
  expect(await answer).toBe(3);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there.
  expect(screen()).not.toMatch(/[\x00-\x09\x0b-\x1f]/);
});

test('a long numbered list is cut, and its rest is found by name', async () => {
  const { ask, screen, type } = desk({ TERM: 'dumb' });
  const many = Array.from({ length: 50 }, (_, value) => ({ value, label: `image-${value}-x` }));
  const answer = ask.one('Which', many);
  await type(/and 30 more[\s\S]*: $/, 'image-4\n');
  await type(/11 have it/, 'image-42\n');
  expect(await answer).toBe(42);
  expect(screen()).not.toMatch(/^ +21 {2}/m);
});

/** What a name may hold that would draw, hide or reorder something on a terminal. */
const hostile = 'evil\x1b[2J\x1b]0;title\x07\x9b31m\u202e\u200b\r\nerror: owned';

test.each(ways)(
  '%s: nothing of a hostile label reaches the terminal raw',
  async (way, environment, enter) => {
    const { ask, screen, type } = desk(environment, 200);
    const choices = [{ value: 1, label: hostile, note: hostile }, ...fruit];
    const one = ask.one(hostile, choices);
    await type(/apricot/, enter);
    expect(await one).toBe(1);
    const several = ask.several(hostile, choices);
    await type(/apricot/, way === 'drawn' ? '\t' : '1');
    await type(/^[\s\S]*$/, enter);
    expect(await several).toEqual([1]);
    const text = ask.text(hostile, { usual: hostile, problemOf: () => undefined });
    await type(/evil/, enter);
    await text;
    for (const raw of ['\x1b[2J', '\x1b]', '\x07', '\x9b', '\u202e', '\u200b', '\nerror:', '\rerror:'])
      expect(screen()).not.toContain(raw);
    expect(screen()).toContain('evil\\x1b[2J\\x1b]0;title\\x07\\x9b31m\\u202e\\u200b\\r\\nerror: owned');
  },
);

test.each(ways)(
  '%s: a very long label takes one line of a narrow terminal',
  async (_way, environment, enter) => {
    const { ask, screen, type } = desk(environment, 40);
    const answer = ask.one('Which', [{ value: 0, label: `start-${'가'.repeat(5_000)}` }, ...fruit]);
    await type(/apricot/, enter);
    await answer;
    const lists = screen()
      .split('\n')
      .filter((line) => line.includes('start-') && !/Enter takes|\[1 /.test(line));
    expect(lists.length).toBeGreaterThan(0);
    for (const line of lists) expect((line.match(/가/g) ?? []).length).toBeLessThanOrEqual(16);
  },
);

test('a drawn list has no colours with NO_COLOR', async () => {
  const { ask, screen, type } = desk({ ...drawn, NO_COLOR: '1' });
  const answer = ask.one('Which', fruit);
  await type(/apricot/, '\r');
  await answer;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escapes are what is looked for.
  expect(screen()).not.toMatch(/\x1b\[[\d;]*m/);
  expect(screen()).toContain('\x1b[?25l');
});
