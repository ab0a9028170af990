/** The user's own command for a secret. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readSecretCommand } from '../../src/config/secret-command.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

interface Run {
  readonly secret: Promise<string>;
  readonly said: string[];
  readonly warned: string[];
  readonly abort: AbortController;
}

function run(
  command: string,
  more: { readonly limitMs?: number; readonly env?: Record<string, string> } = {},
): Run {
  const [said, warned]: [string[], string[]] = [[], []];
  const abort = new AbortController();
  const secret = readSecretCommand(command, {
    environment: { PATH: process.env['PATH'], ...more.env },
    signal: abort.signal,
    terminal: undefined,
    info: (message) => void said.push(message),
    warn: (message) => void warned.push(message),
    yieldTerminal: () => ({ [Symbol.dispose]: () => {} }),
    ...(more.limitMs !== undefined && { limitMs: more.limitMs }),
  });
  secret.catch(() => {});
  return { secret, said, warned, abort };
}

test.each([
  ['printf "one\\ntwo\\n"', 'one'],
  ['printf one', 'one'],
  ['printf "one\\r\\n"', 'one'],
  ['printf " one two "', ' one two '],
  // The shell's own words, as for git.
  ['x=1; test "$x" = 1 && echo "$MINE" | tr a-z A-Z', 'OF MINE'],
  // It gets nothing on stdin, and does not wait for it.
  ['cat; echo last', 'last'],
  ['yes secret | head -c 10000000', 'secret'],
])('%s gives the first line', async (command, secret) => {
  expect(await run(command, { env: { MINE: 'of mine' } }).secret).toBe(secret);
});

test.each([
  ['pass show x; echo s3cret; exit 3', 'pass', 'failed with status 3'],
  ['/opt/my-pass s3cret', '/opt/my-pass', 'failed with status 127'],
  ['KEY=s3cret false', 'a command of yours', 'failed with status 1'],
  ['true s3cret', 'true', 'printed nothing'],
  ['echo; echo s3cret', 'a command of yours', 'printed nothing'],
  ['kill -9 $$; echo s3cret', 'kill', 'failed with status SIGKILL'],
])(
  'the failure of %s names it by its first word, and nothing that may be a secret',
  async (command, name, what) => {
    const failure = await run(command).secret.catch((error: unknown) => error);
    expect(failure).toMatchObject({
      message: `secretCommand (${name}) ${what}`,
      code: 'secret-command-failed',
      exitCode: 1,
    });
    expect(JSON.stringify(failure)).not.toContain('s3cret');
  },
);

test('what it says on stderr is shown, also when it fails', async () => {
  const { secret, warned } = run('echo "no \x1b[31mkey" >&2; exit 1');
  await secret.catch(() => {});
  expect(warned).toEqual(['no \\x1b[31mkey']);
});

test('one that does not end has a limit, and what is waited for is said', async () => {
  const { secret, said } = run('exec sleep 1000', { limitMs: 2_000 });
  await expect(secret).rejects.toThrow('secretCommand (exec) did not end within 2 seconds');
  expect(said).toEqual(['waiting for secretCommand (exec), at most 2 seconds']);
});

test('one that leaves another program behind with its pipe is not waited for', async () => {
  expect(await run('echo one; sleep 1000 &').secret).toBe('one');
});

test('Ctrl-C ends the wait, and the command', async () => {
  using folder = tempFolder();
  const pidFile = join(folder.path, 'pid');
  const script = join(folder.path, 'script');
  writeFileSync(script, `#!/bin/sh\necho $$ > '${pidFile}'\nexec sleep 1000\n`, { mode: 0o755 });
  const { secret, abort } = run(`exec '${script}'`);
  await until(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8').endsWith('\n'), 'it runs');
  const pid = Number(readFileSync(pidFile, 'utf8'));
  abort.abort(new Error('enough'));
  await expect(secret).rejects.toThrow('enough');
  await until(() => !isAlive(pid), 'it has ended');
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
