/** Signing in with a password: what is asked for, again or not, and when bai stops. */

import { expect, test } from 'vitest';
import type { LoginAnswer, PasswordLogin } from '../../src/core/session/sign-in.ts';
import { DeniedError, UsageError } from '../../src/errors.ts';
import { type Asker, askLogin } from '../../src/services/sign-in/ask-login.ts';

const login = { id: 'id-of-the-login', accessKey: 'AKIA', role: 'user', endsAt: undefined };
const { signal } = new AbortController();

const refusal = (kind: Exclude<LoginAnswer['kind'], 'in'>): LoginAnswer => ({
  kind,
  error: new DeniedError(`refused: ${kind}`),
});

/** Answers in turn, and what it was asked. */
function door(...answers: LoginAnswer['kind'][]) {
  const seen: PasswordLogin[] = [];
  return {
    seen,
    origin: 'https://console.example',
    login: async (given: PasswordLogin): Promise<LoginAnswer> => {
      seen.push(given);
      const kind = answers[seen.length - 1] ?? 'refused';
      return kind === 'in' ? { kind, login } : refusal(kind);
    },
  };
}

/** Somebody who types one thing after the other. */
function person(...lines: string[]): Asker & { readonly asked: string[] } {
  const asked: string[] = [];
  const next = async (prompt: string): Promise<string> => {
    asked.push(prompt);
    return lines[asked.length - 1] ?? '';
  };
  return { asked, line: next, secret: next, yesOrNo: async (question) => (await next(question)) === 'yes' };
}

const ignore = (): void => {};

test('a code is asked for when it is needed, and again when it is wrong', async () => {
  const place = door('code-needed', 'wrong-code', 'in');
  const ask = person('pw', '111111', '222222');
  expect(await askLogin({ email: 'kim@x' }, { door: place, ask, warn: ignore, signal })).toBe(login);
  expect(place.seen.map(({ code }) => code)).toEqual([undefined, '111111', '222222']);
});

test('a wrong password is asked for three times more at most: each one counts towards a block', async () => {
  const place = door('wrong-password', 'wrong-password', 'wrong-password', 'wrong-password', 'in');
  const ask = person('a', 'b', 'c', 'd', 'e');
  const signing = askLogin({ email: 'kim@x' }, { door: place, ask, warn: ignore, signal });
  await expect(signing).rejects.toThrow('refused: wrong-password');
  expect(place.seen.map(({ password }) => password)).toEqual(['a', 'b', 'c', 'd']);
});

test('a password from a pipe is tried once, however many people sit there', async () => {
  const place = door('wrong-password', 'in');
  const wish = { email: 'kim@x', password: 'piped' };
  await expect(askLogin(wish, { door: place, ask: person('typed'), warn: ignore, signal })).rejects.toThrow(
    'refused: wrong-password',
  );
  expect(place.seen).toHaveLength(1);
});

test.each(['code-needed', 'wrong-code', 'too-many', 'refused', 'wrong-password'] as const)(
  'where nobody can be asked, %s is the end',
  async (kind) => {
    const place = door(kind, 'in');
    const wish = { email: 'kim@x', password: 'piped' };
    await expect(askLogin(wish, { door: place, warn: ignore, signal })).rejects.toThrow(`refused: ${kind}`);
    expect(place.seen).toHaveLength(1);
  },
);

test('the oldest login is ended only when somebody says yes', async () => {
  const yes = door('too-many', 'in');
  await askLogin({ email: 'kim@x' }, { door: yes, ask: person('pw', 'yes'), warn: ignore, signal });
  expect(yes.seen.map(({ force }) => force)).toEqual([undefined, true]);
  const no = door('too-many', 'in');
  const signing = askLogin({ email: 'kim@x' }, { door: no, ask: person('pw', 'no'), warn: ignore, signal });
  await expect(signing).rejects.toThrow('refused: too-many');
  expect(no.seen).toHaveLength(1);
});

test('without a password nothing is sent', async () => {
  const place = door('in');
  await expect(askLogin({ email: 'kim@x' }, { door: place, warn: ignore, signal })).rejects.toThrow(
    UsageError,
  );
  await expect(
    askLogin({ email: 'kim@x' }, { door: place, ask: person(''), warn: ignore, signal }),
  ).rejects.toThrow('no password was given');
  expect(place.seen).toEqual([]);
});
