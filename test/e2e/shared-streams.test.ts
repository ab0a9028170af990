/** bai beside other programs on one pipe, terminal or socket: it never changes what they share. */

import {
  type ChildProcess,
  type ChildProcessWithoutNullStreams,
  execFile,
  execFileSync,
  spawn,
} from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync, read, readFileSync, readlinkSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { childrenOf, type EmulatorBed, openEmulator, until } from '../contract/app-bed.ts';
import { cleanEnvironment, finished, launcher } from '../support/bai.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';
import { openTerminal } from '../support/terminal.ts';

let bed: EmulatorBed;
let folder: TempFolder;
const running = new Set<ChildProcess>();

beforeAll(async () => {
  bed = await openEmulator();
  await bed.create('demo');
  // Keys and host keys are learnt by it.
  await bed.bai(['ssh', 'demo', '--client', 'system', '--', 'true']);
});
afterAll(() => bed[Symbol.asyncDispose]());
beforeEach(() => {
  folder = tempFolder();
});
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
  running.clear();
  folder[Symbol.dispose]();
});

const environment = (): Record<string, string> => cleanEnvironment({ home: bed.home, env: bed.env });

/** Whether whoever else has the open file finds it non-blocking. */
function isNonBlocking(pid: number | 'self', fd: number): boolean {
  const flags = /^flags:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8'))?.[1] ?? '';
  return (Number.parseInt(flags, 8) & 0o4000) !== 0;
}

interface SharedPipe extends Disposable {
  readonly fd: number;
}

/** Its processor time, of all threads. */
function timeOf(pid: number): string {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return `${fields[11]} ${fields[12]}`;
}

/** Whether a process has nothing left to do, by several looks. */
function stillness(pid: number): () => boolean {
  let [last, looks] = ['', 0];
  return () => {
    const now = timeOf(pid);
    looks = now === last ? looks + 1 : 0;
    last = now;
    return looks > 20;
  };
}

/** A pipe that the test holds as bai does: the very same open file. */
function sharedPipe(name: string): SharedPipe {
  const path = join(folder.path, name);
  execFileSync('mkfifo', [path]);
  const fd = openSync(path, 'r+');
  return { fd, [Symbol.dispose]: () => closeSync(fd) };
}

const inside = 'touch "$HOME/inside"; sleep 600';

function enter(session: string): { arrived: () => Promise<void> } {
  const home = bed.emulator.sessions.get(session).home ?? '';
  const path = join(home, 'inside');
  execFileSync('rm', ['-f', path]);
  return {
    arrived: () =>
      until(() => {
        try {
          readFileSync(path);
          return true;
        } catch {
          return false;
        }
      }, 'the command runs in the session'),
  };
}

function start(args: readonly string[], stdio: readonly (number | 'pipe')[]): ChildProcess {
  const child = spawn(process.execPath, [launcher, ...args], {
    env: environment(),
    cwd: bed.home,
    stdio: [...stdio],
  });
  running.add(child);
  child.once('close', () => running.delete(child));
  return child;
}

test('another program on the same pipe loses no output while bai runs there', async () => {
  const { arrived } = enter('demo');
  const [held, done] = ['held', 'done'].map((name) => join(folder.path, name)) as [string, string];
  const script = `
    mkfifo "${held}"
    { '${process.execPath}' '${launcher}' ssh demo -- '${inside}' </dev/null & echo $! > "${done}"
      read go < "${held}"; seq 1 400000; kill -9 $!; seq 1 400000; } 2>/dev/null |
    { read first; sleep 1; echo "$first" $(wc -l); }`;
  const ran = promisify(execFile)('bash', ['-c', script], { env: environment() });
  await arrived();
  await promisify(execFile)('sh', ['-c', `echo go > "${held}"`]);
  expect((await ran).stdout).toBe('1 799999\n');
});

describe.each([
  ['ssh', ['ssh', 'demo', '--', inside]],
  ['ssh, and the system’s', ['ssh', 'demo', '--client', 'system', '--', inside]],
  ['exec', ['exec', 'demo', '--', inside]],
  ['exec in all nodes', ['exec', 'demo', '--all-nodes', '--', inside]],
])('%s', (_, args) => {
  test('leaves a pipe blocking for others, while it runs and when it was killed', async () => {
    const { arrived } = enter('demo');
    using stdin = sharedPipe('in');
    using stdout = sharedPipe('out');
    using stderr = sharedPipe('err');
    const fds = [stdin.fd, stdout.fd, stderr.fd];
    const child = start(args, fds);
    await arrived();
    expect(fds.map((fd) => isNonBlocking('self', fd))).toEqual([false, false, false]);
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    expect(fds.map((fd) => isNonBlocking('self', fd))).toEqual([false, false, false]);
  });
});

test('as ssh’s ProxyCommand it leaves the stderr of ssh, and all else, blocking', async () => {
  using stdin = sharedPipe('in');
  using stdout = sharedPipe('out');
  using stderr = sharedPipe('err');
  const fds = [stdin.fd, stdout.fd, stderr.fd];
  const child = start(['app', 'ssh', 'demo', '--stdio'], fds);
  const { bytesRead, buffer } = await promisify(read)(stdout.fd, Buffer.alloc(4), 0, 4, null);
  expect([bytesRead, String(buffer)]).toEqual([4, 'SSH-']);
  writeSync(stdin.fd, 'SSH-2.0-nobody\r\n');
  expect(fds.map((fd) => isNonBlocking('self', fd))).toEqual([false, false, false]);
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
  expect(fds.map((fd) => isNonBlocking('self', fd))).toEqual([false, false, false]);
});

test('with a spinner on the terminal, a pipe for the answer stays blocking', async () => {
  using terminal = openTerminal({ home: bed.home, env: bed.env });
  using _reader = sharedPipe('out');
  // A line for what takes longer than a second, by the library for it.
  using _slow = bed.emulator.faults.add({ kind: 'delay', route: 'GET /session/_/match', ms: 2_600 }, 1);
  const { arrived } = enter('demo');
  terminal.type(`'${process.execPath}' '${launcher}' exec demo -- '${inside}' > '${folder.path}/out'\r`);
  await terminal.see(/look for session demo \(\d s/);
  await arrived();
  const pid = childrenOf(terminal.pty.pid).find((child) =>
    readlinkSync(`/proc/${child}/fd/1`).endsWith('/out'),
  );
  expect(isNonBlocking(pid ?? 0, 1)).toBe(false);
});

// Node gives its children sockets.
describe('with sockets for its streams', () => {
  const ran = (script: string): ChildProcess =>
    start(['ssh', 'demo', '--', '-n', script], ['pipe', 'pipe', 'pipe']);

  test('they stay blocking', async () => {
    const { arrived } = enter('demo');
    const child = ran(`echo out; echo err >&2; ${inside}`);
    await arrived();
    await once(child.stdout ?? child, 'readable');
    expect([0, 1, 2].map((fd) => isNonBlocking(child.pid ?? 0, fd))).toEqual([false, false, false]);
  });

  test('all of a large output arrives, however slowly it is read', async () => {
    const child = ran('seq 1 2000000');
    const hash = createHash('sha256');
    let pauses = 0;
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      hash.update(chunk);
      pauses += 1;
      if (pauses % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const lines = Array.from({ length: 2_000_000 }, (_, index) => `${index + 1}\n`).join('');
    expect(hash.digest('hex')).toBe(createHash('sha256').update(lines).digest('hex'));
  });

  test('Ctrl-C ends it though nobody reads what it printed', async () => {
    const { arrived } = enter('demo');
    const child = ran('touch "$HOME/inside"; yes');
    await arrived();
    await until(stillness(child.pid ?? 0), 'no more of the output fits');
    const ended = once(child, 'exit');
    child.kill('SIGINT');
    const [code, signal] = await ended;
    expect([code, signal]).toEqual([null, 'SIGINT']);
  });

  test('it ends by itself when its reader has gone', async () => {
    const child = ran('yes');
    await once(child.stdout ?? child, 'data');
    const ended = once(child, 'exit');
    child.stdout?.destroy();
    expect(await ended).toEqual([255, null]);
  });

  test('what it says last is not lost with Ctrl-C', async () => {
    const { arrived } = enter('demo');
    const child = ran(inside);
    const said = finished(child as ChildProcessWithoutNullStreams);
    await arrived();
    child.kill('SIGINT');
    expect(await said).toMatchObject({ code: 130, stderr: 'error: interrupted\n' });
  });
});

test('stdout and stderr that are one socket keep their order', async () => {
  const script = `const { spawn } = require('child_process'); spawn(process.argv[1], process.argv.slice(2), { stdio: ['ignore', 1, 1] })`;
  const words = ['-e', script, process.execPath, launcher, 'ssh', 'demo', '--client', 'builtin', '--'];
  const command = 'for i in $(seq 1 50); do echo out $i; echo err $i >&2; done';
  const ran = promisify(execFile)(process.execPath, [...words, command], { env: environment() });
  const lines = (await ran).stdout.trim().split('\n');
  const of = (name: string): string[] => lines.filter((line) => line.startsWith(name));
  const numbered = (name: string): string[] =>
    Array.from({ length: 50 }, (_, index) => `${name} ${index + 1}`);
  expect([of('out'), of('err')]).toEqual([numbered('out'), numbered('err')]);
});

test.each([
  ['an answer', ['session', 'list']],
  ['an error', ['session', 'info', 'nosuch']],
  ['a wrong command line', ['session', 'lits']],
  ['help', ['session', '--help']],
  ['help of all', ['--help']],
  ['the version', ['--version']],
  ['a question without a terminal', ['session', 'terminate', 'nosuch']],
  ['the files of a session', ['sftp', 'ls', 'demo:.']],
])('%s never touches what it is written to', async (_, args) => {
  const loader = join(folder.path, 'watch.mjs');
  // Node makes a pipe non-blocking with the stream of it, and blocking again when it ends by itself.
  writeFileSync(
    loader,
    `import { writeSync } from 'node:fs';
     for (const name of ['stdin', 'stdout', 'stderr']) {
       const made = Object.getOwnPropertyDescriptor(process, name).get;
       const get = () => (writeSync(3, name + new Error().stack), made());
       Object.defineProperty(process, name, { configurable: true, get });
     }`,
  );
  using stdin = sharedPipe('in');
  using stdout = sharedPipe('out');
  using stderr = sharedPipe('err');
  const notes = openSync(join(folder.path, 'notes'), 'w');
  const child = spawn(process.execPath, ['--import', loader, launcher, ...args], {
    env: environment(),
    cwd: bed.home,
    stdio: [stdin.fd, stdout.fd, stderr.fd, notes],
  });
  running.add(child);
  await once(child, 'exit');
  closeSync(notes);
  expect(readFileSync(join(folder.path, 'notes'), 'utf8')).toBe('');
});
