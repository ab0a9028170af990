import { expect, test } from 'vitest';
import { withUsualCommand } from '../../src/commands/words.ts';
import { listenerLine, shortListener } from '../../src/core/forward/status.ts';
import { readWishes, wishText } from '../../src/core/forward/wishes.ts';
import { UsageError } from '../../src/errors.ts';

test.each([
  ['8080:80', ['8080:80']],
  [':80', [':80']],
  ['8080', ['8080:8080']],
  ['80', ['80:80']],
  ['5000-5002', ['5000:5000', '5001:5001', '5002:5002']],
  ['6000-6001:5000-5001', ['6000:5000', '6001:5001']],
  [':5000-5001', [':5000', ':5001']],
  ['8080:db:5432', ['8080:db:5432']],
  [':db.example:5432', [':db.example:5432']],
  ['8080:[fe80::1]:80', ['8080:[fe80::1]:80']],
  ['8080:localhost:80', ['8080:80']],
  ['jupyter', ['jupyter']],
  ['sshd@12000', ['sshd@12000']],
  ['65535', ['65535:65535']],
])('%s means %j', (spec, texts) => {
  expect(readWishes([spec], []).map(wishText)).toEqual(texts);
});

test.each([
  ['9000', ['-R 9000:localhost:9000']],
  ['9000:3000', ['-R 9000:localhost:3000']],
  ['9000:other:3000', ['-R 9000:other:3000']],
  ['9000-9001:3000-3001', ['-R 9000:localhost:3000', '-R 9001:localhost:3001']],
])('-R %s means %j', (spec, texts) => {
  expect(readWishes([], [spec]).map(wishText)).toEqual(texts);
});

test('without a word it is the SSH server', () => {
  expect(readWishes([], []).map(wishText)).toEqual(['sshd']);
});

test.each([
  '',
  '0',
  '65536',
  '8080:',
  ':',
  '8080:0',
  '5002-5000',
  '1-1000',
  '5000-5002:6000-6001',
  'a b',
  '-x',
  'jupyter@',
  'jupyter@0',
  '8080:a b:80',
  'db:80',
  '8080;80',
  '٨٠٨٠',
])('"%s" is neither a port nor an app', (spec) => {
  expect(() => readWishes([spec], [])).toThrow(UsageError);
});

test.each(['x', '9000:', ':3000', '9000:3000:1', '9000-9001:3000'])('"-R %s" is none', (spec) => {
  expect(() => readWishes([], [spec])).toThrow(UsageError);
});

test.each([
  [['8080', '8080']],
  [['8080:80', '8080:81']],
  [['jupyter@8080', '8080:80']],
  [['jupyter', 'jupyter']],
  [['5000-5002', '5001']],
])('what is named twice is refused: %j', (specs) => {
  expect(() => readWishes(specs, [])).toThrow(/twice/);
});

test('more ports than anybody means are refused before one is opened', () => {
  expect(() => readWishes(['1000-1150', '2000-2150'], [])).toThrow(/too many/);
});

test('a line says where a port leads, an IPv6 host and another host of the session too', () => {
  const here = { host: '127.0.0.1', port: 8080 };
  const port = { kind: 'port', spec: '8080:80', ...here, remoteHost: 'localhost', remotePort: 80 } as const;
  expect(listenerLine(port, 'demo')).toBe('127.0.0.1:8080 -> demo:80');
  expect(listenerLine({ ...port, remoteHost: 'db' }, 'demo')).toBe('127.0.0.1:8080 -> demo:db:80');
  const remote = {
    kind: 'remote',
    spec: '-R 9000:[::1]:8080',
    host: '::1',
    port: 8080,
    remotePort: 9000,
  } as const;
  expect(listenerLine(remote, 'demo')).toBe('demo:9000 -> [::1]:8080');
  expect([port, { ...port, port: 80 }, { ...port, app: 'ttyd' }, remote].map(shortListener)).toEqual([
    '8080->80',
    '80',
    '8080->ttyd',
    '-R 9000:[::1]:8080',
  ]);
});

test.each([
  ['forward demo', 'forward start demo'],
  ['forward demo 8080:80 --open', 'forward start demo 8080:80 --open'],
  ['forward -f demo', 'forward start -f demo'],
  ['forward -R 9000:3000 demo', 'forward start -R 9000:3000 demo'],
  ['forward --idle 30m demo', 'forward start --idle 30m demo'],
  ['-P lab forward demo', '-P lab forward start demo'],
  ['forward', 'forward'],
  ['forward --help', 'forward --help'],
  ['forward list --json', 'forward list --json'],
  ['forward ls', 'forward ls'],
  ['forward start list', 'forward start list'],
  ['forward stop --all', 'forward stop --all'],
  ['app forward demo', 'app forward demo'],
  ['sftp demo', 'sftp shell demo'],
  ['sftp ls demo:', 'sftp ls demo:'],
])('`bai %s` is `bai %s`', (typed, meant) => {
  expect(withUsualCommand(typed.split(' ')).join(' ')).toBe(meant);
});
