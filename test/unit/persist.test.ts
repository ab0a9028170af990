import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  checkPersistName,
  mayPass,
  persistArguments,
  persistLine,
  persistOptions,
  persistPause,
  persistSilence,
  persistStatus,
} from '../../src/core/ssh/tmux-shell.ts';
import { DeniedError, NotFoundError, ProtocolError, UnreachableError } from '../../src/errors.ts';

const shells = ['bash', 'dash', 'zsh', 'ash'].flatMap((name) =>
  ['/bin', '/usr/bin'].map((folder) => `${folder}/${name}`).filter(existsSync),
);

test.each(shells)('%s as the login shell runs the line, which tells that there is no shell', (shell) => {
  const name = randomUUID().slice(0, 8);
  const { status, stderr } = spawnSync(shell, ['-c', persistLine(`t${name}`, 'back')], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([persistStatus.gone, '']);
});

test('the line is one line, far below the longest that sessions take', () => {
  const line = persistLine('x'.repeat(32), 'open');
  expect(line).not.toContain('\n');
  expect(Buffer.byteLength(line)).toBeLessThan(2_000);
});

test.each(['bai', 'train_2', 'A-b', 'x'.repeat(32)])('%s is a name', (name) => {
  expect(checkPersistName(name)).toBe(name);
});

test.each(['', 'a b', '-x', 'a.b', 'a:b', "a'b", '$(id)', 'x'.repeat(33), 'default', 'ü'])(
  '"%s" is no name',
  (name) => {
    expect(() => checkPersistName(name)).toThrow(/is not a valid name for a kept shell/);
  },
);

describe('what follows `--`', () => {
  test('options stay, with their values', () => {
    const options = ['-L', '8080:localhost:80', '-oBatchMode=yes', '-A', '-tt'];
    expect(persistOptions(options)).toEqual(options);
    expect(persistOptions([])).toEqual([]);
  });

  test.each([[['uname']], [['-v', 'uname', '-a']], [['-L', '1:h:1', '--', 'sh']]])(
    '%j has a command',
    (words) => {
      expect(() => persistOptions(words)).toThrow(/a command leaves/);
    },
  );

  test.each(['-N', '-T', '-n', '-f', '-vN', '-W', '-s', '-G'])('%s leaves no shell', (option) => {
    expect(() => persistOptions([option, ...(option === '-W' ? ['h:1'] : [])])).toThrow(/leaves none/);
  });

  test('the user’s own watch over the line comes first', () => {
    const words = persistArguments(['-o', 'ServerAliveInterval=5'], 'line');
    expect(words.indexOf('ServerAliveInterval=5')).toBeLessThan(words.indexOf('ServerAliveInterval=4'));
    expect(words.slice(-2)).toEqual(['-t', 'line']);
  });

  test.each([
    [[], 6_000],
    [['-o', 'ServerAliveInterval=15'], 22_500],
    [['-oserveraliveinterval 2'], 3_000],
    [['-o', 'ServerAliveInterval=0'], Number.POSITIVE_INFINITY],
    [['-oServerAliveInterval=1m30s'], 135_000],
  ])('%j: a line is dead after a silence of %d ms', (options, ms) => {
    expect(persistSilence(options)).toBe(ms);
  });
});

test('the waiting doubles from a second to half a minute, less up to a half', () => {
  expect([0, 1, 2, 3, 4, 5, 50].map((failed) => persistPause(failed, 0))).toEqual([1, 2, 4, 8, 16, 30, 30]);
  expect([0, 1, 5].map((failed) => persistPause(failed, 1))).toEqual([1, 1, 15]);
});

test('what may be over after a while is tried again, and nothing else', () => {
  const passing = [
    new UnreachableError('x'),
    new UnreachableError('x', { code: 'tunnel-lost' }),
    new ProtocolError('x', { code: 'server-error' }),
  ];
  const lasting = [
    new DeniedError('x', { code: 'key-refused' }),
    new NotFoundError('x', { code: 'session-ended' }),
    new ProtocolError('x', { code: 'no-exec' }),
    new Error('x'),
  ];
  expect(passing.map(mayPass)).toEqual([true, true, true]);
  expect(lasting.map(mayPass)).toEqual([false, false, false, false]);
});
