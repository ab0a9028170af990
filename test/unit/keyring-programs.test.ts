/** The programs that keep secrets on each system: what they are started with, and what their answers mean. */

import { expect, test } from 'vitest';
import { keyringPrograms } from '../../src/core/keyring/keyring-programs.ts';

const secret = `it's "a" $secret\\`;
const item = { id: '1f2e', profile: 'work', setting: 'secretKey' };

function programsOf(
  platform: NodeJS.Platform,
  environment: Record<string, string> = {},
  isThere: (path: string) => boolean = () => false,
): ReturnType<typeof keyringPrograms> {
  return keyringPrograms({ platform, environment, isThere });
}

const hasBus = { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/run/bus' };

test('secret-tool gets the secret as it is on stdin, and what names it as arguments', () => {
  const programs = programsOf('linux', hasBus);
  const named = ['service', 'bai', 'id', '1f2e'];
  expect(programs.store(item, secret)).toEqual({
    program: 'secret-tool',
    args: [
      ...['store', '--label=bai: secretKey of profile work', ...named],
      ...['profile', 'work', 'setting', 'secretKey'],
    ],
    input: secret,
  });
  expect(programs.read('1f2e')).toEqual({ program: 'secret-tool', args: ['lookup', ...named], input: '' });
  expect(programs.remove('1f2e')).toEqual({ program: 'secret-tool', args: ['clear', ...named], input: '' });
  expect(programs.find?.('1f2e')).toEqual({ program: 'secret-tool', args: ['search', ...named], input: '' });
});

test('secret-tool says nothing of what is missing, and something of what it cannot do', () => {
  const { outcomeOf } = programsOf('linux', hasBus);
  expect(outcomeOf({ status: 0, stdout: 'x\ny', stderr: '' })).toEqual({ kind: 'done', secret: 'x\ny' });
  expect(outcomeOf({ status: 1, stdout: '', stderr: '' })).toEqual({ kind: 'missing' });
  // What a window that cannot be opened prints is nothing of secret-tool's.
  expect(outcomeOf({ status: 1, stdout: '', stderr: '\n(gcr:1): Gtk-WARNING **: no display\n' })).toEqual({
    kind: 'missing',
  });
  const stderr = 'secret-tool: The name org.freedesktop.secrets was not provided by any .service files\n';
  expect(outcomeOf({ status: 1, stdout: '', stderr })).toEqual({
    kind: 'refused',
    words: 'The name org.freedesktop.secrets was not provided by any .service files',
  });
});

test.each([
  [{}, [], false],
  [{ XDG_RUNTIME_DIR: '/run/user/7' }, [], false],
  [{ XDG_RUNTIME_DIR: '/run/user/7' }, ['/run/user/7/bus'], true],
  [{ DBUS_SESSION_BUS_ADDRESS: 'unix:path=/x' }, [], true],
] as const)('with %j and the files %j a bus is there: %j', (environment, files, isThere) => {
  const { away } = programsOf('linux', environment, (path) => files.some((each) => each === path));
  expect(away === undefined).toBe(isThere);
});

test.each([
  [{}, false],
  [{ DISPLAY: ':0' }, true],
  [{ WAYLAND_DISPLAY: 'wayland-0' }, true],
])('with %j somebody may be asked in a window: %j', (environment, mayAsk) => {
  expect(programsOf('linux', environment).mayAsk).toBe(mayAsk);
});

test('security of macOS gets the secret on stdin, as digits that no quoting touches', () => {
  const programs = programsOf('darwin');
  const digits = Buffer.from(secret).toString('hex');
  expect(programs.store(item, secret)).toEqual({
    program: '/usr/bin/security',
    args: ['-q', '-i'],
    input: `add-generic-password -U -s bai -a 1f2e -l "bai: secretKey of profile work" -X ${digits}\n`,
  });
  expect(programs.read('1f2e')).toEqual({
    program: '/usr/bin/security',
    args: ['find-generic-password', '-s', 'bai', '-a', '1f2e', '-w'],
    input: '',
  });
  expect(programs.remove('1f2e')).toEqual({
    program: '/usr/bin/security',
    args: ['delete-generic-password', '-s', 'bai', '-a', '1f2e'],
    input: '',
  });
});

test('the longest secret for security fits into a line of 4096 bytes', () => {
  const programs = programsOf('darwin');
  const longest = { id: 'f'.repeat(16), profile: 'p'.repeat(64), setting: 'secretCommand' };
  expect(programs.store(longest, 'x'.repeat(programs.mostBytes)).input.length).toBeLessThan(4096);
});

test.each([
  [
    { status: 0, stdout: 'abc\n', stderr: '' },
    { kind: 'done', secret: 'abc' },
  ],
  [{ status: 44, stdout: '', stderr: 'could not be found' }, { kind: 'missing' }],
  [{ status: 36, stdout: '', stderr: 'User interaction is not allowed.' }, { kind: 'locked' }],
  [{ status: 51, stdout: '', stderr: '' }, { kind: 'locked' }],
  [{ status: 128, stdout: '', stderr: '' }, { kind: 'locked' }],
  [
    { status: 37, stdout: '', stderr: '' },
    { kind: 'refused', words: 'there is no default keychain' },
  ],
  [
    { status: 1, stdout: '', stderr: 'odd\n' },
    { kind: 'refused', words: 'odd' },
  ],
  [
    { status: null, stdout: '', stderr: '' },
    { kind: 'refused', words: 'security ended with status null' },
  ],
])('%j of security means %j', (answer, outcome) => {
  expect(programsOf('darwin').outcomeOf(answer)).toEqual(outcome);
});

function scriptOf(args: readonly string[]): string {
  expect(args.slice(0, -1)).toEqual(['-NoLogo', '-NoProfile', '-NonInteractive', '-EncodedCommand']);
  return Buffer.from(args.at(-1) ?? '', 'base64').toString('utf16le');
}

test('PowerShell is started by its whole path, and gets the secret on stdin', () => {
  const programs = programsOf('win32', { SystemRoot: 'D:\\Win' });
  const { program, args, input } = programs.store(item, secret);
  expect(program).toBe('D:\\Win\\System32\\WindowsPowerShell\\v1.0\\powershell.exe');
  expect(input).toBe(`${Buffer.from(secret).toString('base64')}\n`);
  const script = scriptOf(args);
  expect(script).toContain("[BaiCredential]::Write('bai/1f2e', 'bai: secretKey of profile work', $b)");
  expect(script).toContain('[Console]::In.ReadLine()');
  expect(scriptOf(programs.read('1f2e').args)).toMatch(/::Read\('bai\/1f2e'\)\)$/);
  expect(scriptOf(programs.remove('1f2e').args)).toMatch(/::Remove\('bai\/1f2e'\)$/);
  // A command line of Windows has at most 32767 characters.
  expect(args.join(' ').length).toBeLessThan(20_000);
});

test('PowerShell answers in base64, and with a status of its own for what is missing', () => {
  const { outcomeOf } = programsOf('win32');
  const stdout = Buffer.from(secret).toString('base64');
  expect(outcomeOf({ status: 0, stdout: `${stdout}\r\n`, stderr: '' })).toEqual({ kind: 'done', secret });
  expect(outcomeOf({ status: 44, stdout: '', stderr: '' })).toEqual({ kind: 'missing' });
  expect(outcomeOf({ status: 1, stdout: '', stderr: 'Access denied' })).toEqual({
    kind: 'refused',
    words: 'Access denied',
  });
});

test.each(['linux', 'darwin', 'win32'] as const)(
  'on %s the secret is in no argument, however it is written',
  (platform) => {
    const { program, args } = programsOf(platform).store(item, secret);
    const line = [
      program,
      ...args,
      ...args.map((each) => Buffer.from(each, 'base64').toString('utf16le')),
    ].join('\0');
    for (const encoding of ['utf8', 'hex', 'base64'] as const)
      expect(line).not.toContain(Buffer.from(secret).toString(encoding));
  },
);
