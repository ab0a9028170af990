/** `bai sftp` as a process: what stands on stdout, on stderr and on a terminal. */

import { mkdir, readFile, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pty from '@lydell/node-pty';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EmulatorBed, openEmulator } from '../contract/app-bed.ts';
import { cleanEnvironment, launcher } from '../support/bai.ts';
import { content } from './transfer-session.ts';

const megabytes = 192;
let bed: EmulatorBed;

beforeAll(async () => {
  bed = await openEmulator();
  await bed.create('demo', '--mount', 'kept');
  await writeFile(join(bed.home, 'large.bin'), '');
  await truncate(join(bed.home, 'large.bin'), megabytes * 1024 * 1024);
});
afterAll(() => bed[Symbol.asyncDispose]());

/** Everything that a terminal of these many columns was sent, and how the program ended. */
async function onTerminal(
  args: readonly string[],
  type: (screen: string) => string | undefined = () => undefined,
) {
  const terminal = pty.spawn(process.execPath, [launcher, ...args], {
    cols: 90,
    rows: 20,
    cwd: bed.home,
    env: { ...cleanEnvironment({ home: bed.home, env: bed.env }), TERM: 'xterm' },
  });
  let screen = '';
  const ended = new Promise<number>((resolve) => terminal.onExit(({ exitCode }) => resolve(exitCode)));
  terminal.onData((text) => {
    screen += text;
    const keys = type(screen);
    if (keys !== undefined) terminal.write(keys);
  });
  return { code: await ended, screen };
}

test('what goes in through stdin comes out of stdout, and only that', async () => {
  const bytes = content(1_000_003);
  const sent = await bed.bai(['sftp', 'put', '-', 'demo:piped'], { input: bytes });
  expect(sent).toMatchObject({ code: 0, stdout: '' });
  const received = await bed.bai(['sftp', 'get', 'demo:piped', '-']);
  expect(received.code).toBe(0);
  expect(received.stdoutBytes.equals(bytes)).toBe(true);
});

test('a folder of many files goes by tar, both ways, and --via sftp keeps it from that', async () => {
  const files = Array.from(
    { length: 300 },
    (_, index) => [`f${index}`, content(1 + index * 7, index)] as const,
  );
  await mkdir(join(bed.home, 'many-here'));
  for (const [name, bytes] of files) await writeFile(join(bed.home, 'many-here', name), bytes);
  const byTar = async (...args: string[]): Promise<unknown> => {
    const { code, stdout, stderr } = await bed.bai(['--json', 'sftp', ...args]);
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    return JSON.parse(stdout).byTar;
  };
  const here = join(bed.home, 'many-here');
  expect(await byTar('put', '-r', here, 'demo:many-a')).toBe(300);
  expect(await byTar('put', '-r', '--via', 'sftp', here, 'demo:many-b')).toBe(0);
  expect(await byTar('get', '-r', 'demo:many-b', join(bed.home, 'many-back'))).toBe(300);
  expect(await byTar('sync', 'demo:many-a', join(bed.home, 'many-synced'))).toBe(300);
  expect(await byTar('get', '-r', '--via=tar', '-p', 'demo:many-a', join(bed.home, 'many-again'))).toBe(300);
  for (const folder of ['many-back', 'many-synced', 'many-again'])
    for (const [name, bytes] of files)
      expect(bytes.equals(await readFile(join(bed.home, folder, name)))).toBe(true);
}, 120_000);

test('with --json the answer of get - is on stderr', async () => {
  await bed.bai(['sftp', 'put', '-', 'demo:small'], { input: 'small' });
  const { stdout, stderr } = await bed.bai(['--json', 'sftp', 'get', 'demo:small', '-']);
  expect(stdout).toBe('small');
  expect(JSON.parse(stderr)).toMatchObject({ result: { files: 1, bytes: 5 } });
});

test('--json=events tells of each file on stderr, one object a line, and answers on stdout', async () => {
  const { code, stdout, stderr } = await bed.bai([
    'sftp',
    'put',
    '--json=events',
    'large.bin',
    'demo:kept/events.bin',
  ]);
  const events = stderr
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
  const size = megabytes * 1024 * 1024;
  expect(code).toBe(0);
  expect(events[0]).toEqual({ event: 'start', path: 'large.bin', totalBytes: size });
  expect(events).toContainEqual({ event: 'end', path: 'large.bin', bytes: size, totalBytes: size });
  expect(JSON.parse(stdout)).toMatchObject({ session: 'demo', files: 1, bytes: size });
});

test('another form of --json is a usage error', async () => {
  expect(await bed.bai(['sftp', 'ls', '--json=lines', 'demo'])).toMatchObject({ code: 2 });
});

test('on a terminal a transfer has a bar, which is gone at its end', async () => {
  const { code, screen } = await onTerminal(['sftp', 'put', 'large.bin', 'demo:bar.bin']);
  expect(code).toBe(0);
  expect(screen).toMatch(/large\.bin \[=* *\] +\d+% +[\d.]+ MiB\/192\.0 MiB +[\d.]+ \w+\/s/);
  expect(screen.slice(screen.lastIndexOf('\u001b[J'))).toMatch(/^.{3}1 file, 192\.0 MiB in /);
});

test('with --quiet there is neither bar nor summary', async () => {
  const { code, screen } = await onTerminal(['-q', 'sftp', 'put', 'large.bin', 'demo:kept/quiet.bin']);
  expect([code, screen]).toEqual([0, '']);
});

test('the name of a session alone opens a prompt; Ctrl-C drops a line, Ctrl-D ends it', async () => {
  const keys = ['pw\t', '\u0003', 'pwd\r', '\u0004'];
  let prompts = 0;
  const { code, screen } = await onTerminal(['sftp', 'demo'], (seen) => {
    // The prompt, or the line that Tab completed, is there before the next key is pressed.
    const expected = [/sftp> /, /pwd /, /\^C.*sftp> /s, /\/home\/work.*sftp> /s][prompts];
    if (expected === undefined || !expected.test(seen)) return undefined;
    prompts += 1;
    return keys[prompts - 1];
  });
  expect(screen).toContain('/home/work\r\n');
  expect([code, prompts]).toEqual([0, 4]);
});

test('-b obeys a file, and ends with the status of the line that failed', async () => {
  await writeFile(join(bed.home, 'batch'), 'mkdir made\nput large.bin made\ncd nowhere\nmkdir never\n');
  expect(await bed.bai(['sftp', '-b', 'batch', 'demo'])).toMatchObject({ code: 4 });
  expect((await bed.bai(['sftp', 'ls', 'demo'])).stdout).not.toContain('never');
  expect((await bed.bai(['sftp', 'ls', 'demo:made'])).stdout).toBe('large.bin\n');
});

test('without a terminal the commands come from stdin', async () => {
  const { code } = await bed.bai(['sftp', 'demo'], { input: 'get small back\nbye\n' });
  expect(code).toBe(0);
  expect(await readFile(join(bed.home, 'back'), 'utf8')).toBe('small');
});

test('sync makes a folder like another and says what it would do', async () => {
  await bed.bai(['sftp', 'mkdir', 'demo:synced']);
  const planned = await bed.bai([
    'sftp',
    'sync',
    '-n',
    '--exclude',
    '.*',
    '--exclude',
    '*.bin',
    '.',
    'demo:synced',
  ]);
  expect(planned.stdout).toContain('copy   batch (new)\n');
  expect(planned.code).toBe(0);
});

test('a word that is neither a command nor alone is no session', async () => {
  const { code, stderr } = await bed.bai(['sftp', 'upload', 'x', 'demo:']);
  expect([code, stderr]).toEqual([2, expect.stringContaining("unknown command 'upload'")]);
});

test('sync --checksum asks the session for the checksums of many files at once', async () => {
  const folder = join(bed.home, 'many');
  await mkdir(folder);
  const names = Array.from({ length: 450 }, (_, index) => `file ' ${index} $(x)`);
  for (const name of names) await writeFile(join(folder, name), `text ${name}`);
  expect(await bed.bai(['sftp', 'sync', 'many', 'demo:kept/many'])).toMatchObject({ code: 0 });
  const time = 1_700_000_000;
  for (const name of names) await utimes(join(folder, name), time, time);
  await writeFile(join(folder, names[7] ?? ''), `TEXT ${names[7]}`);
  const { stdout } = await bed.bai(['--json', 'sftp', 'sync', '-c', 'many', 'demo:kept/many']);
  expect(JSON.parse(stdout)).toMatchObject({ files: 1, unchanged: 449 });
});
