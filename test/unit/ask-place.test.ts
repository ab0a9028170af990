/** Where somebody signs in, and whom: what is asked for again. */

import { expect, test } from 'vitest';
import { UnreachableError } from '../../src/errors.ts';
import { emailOf, findPlace } from '../../src/services/sign-in/ask-place.ts';
import type { SignInTools } from '../../src/services/sign-in/sign-in-tools.ts';

type Place = Awaited<ReturnType<SignInTools['recognise']>>;

/** Somebody who types one thing after the other. */
function bed(lines: readonly string[], known: { endpoint?: string; email?: string } = {}) {
  const asked: string[] = [];
  const told: string[] = [];
  const line = async (prompt: string): Promise<string> => lines[asked.push(prompt) - 1] ?? '';
  const value = (text?: string) => ({
    value: text,
    origin: text === undefined ? 'not set' : 'profile "default"',
  });
  const tools = {
    ask: { line, secret: line, yesOrNo: async () => false },
    reporter: {
      warn: (text: string) => void told.push(text),
      wait: () => ({ [Symbol.dispose]() {} }),
    } as unknown as SignInTools['reporter'],
    signal: new AbortController().signal,
    settings: async () =>
      ({ endpoint: value(known.endpoint), email: value(known.email) }) as Awaited<
        ReturnType<SignInTools['settings']>
      >,
    async recognise(typed: string): Promise<Place> {
      if (typed !== 'good.example') throw new UnreachableError(`nobody is at "${typed}"`);
      return { endpoint: `https://${typed}`, provider: 'ucloud', way: 'token', description: 'UCloud' };
    },
  };
  return { asked, told, tools };
}

test('an address where nobody is found is asked for again, and no more than five times', async () => {
  const { asked, told, tools } = bed(['bad.example', '', 'good.example']);
  expect((await findPlace(undefined, tools)).endpoint).toBe('https://good.example');
  expect(told).toEqual(['nobody is at "bad.example"', 'nobody is at ""']);
  expect(asked).toHaveLength(3);
  const never = bed([]);
  await expect(findPlace(undefined, never.tools)).rejects.toThrow('nobody is at');
  expect(never.asked).toHaveLength(5);
});

test('one that was given on the command line, or where nobody can be asked, is tried once', async () => {
  const { asked, tools } = bed(['good.example']);
  await expect(findPlace('bad.example', tools)).rejects.toThrow('nobody is at "bad.example"');
  const { tools: known } = bed([], { endpoint: 'bad.example' });
  await expect(findPlace(undefined, { ...known, ask: undefined })).rejects.toThrow('nobody is at');
  expect(asked).toEqual([]);
});

test.each([
  ['an e-mail', ['kim@example.com'], undefined, 'kim@example.com'],
  ['nothing at first', ['', ' kim@example.com '], undefined, 'kim@example.com'],
  ['the known one, by Enter', [''], 'kim@example.com', 'kim@example.com'],
  ['what is none, and then one', ['kim', 'kim@example.com'], undefined, 'kim@example.com'],
  ['what is none, and Enter', ['kim', ''], undefined, 'kim'],
])('whom to sign in: %s', async (_, lines, email, meant) => {
  const { asked, tools } = bed(lines, email === undefined ? {} : { email });
  expect(await emailOf(undefined, tools)).toBe(meant);
  expect(asked).toHaveLength(lines.length);
});
