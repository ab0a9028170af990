/** How the set-up of the tests waits for another program that installs: real apt-get, with folders of its own. */

import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { tempFolder } from '../support/temp-folder.ts';

const script = new URL('../../scripts/apt.mjs', import.meta.url).href;
const holdLock = `
import fcntl, sys
lock = open(sys.argv[1], 'w')
fcntl.lockf(lock, fcntl.LOCK_EX)
print('held', flush=True)
sys.stdin.read()
`;
const isMissing = ['apt-get', 'python3'].some((program) => {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return false;
  } catch {
    return true;
  }
});

/** `apt-get update` without sources, below a folder. */
function update(folder: string) {
  for (const name of ['lists/partial', 'cache/archives/partial'])
    mkdirSync(join(folder, name), { recursive: true });
  const options = [
    `Dir::State::lists=${folder}/lists`,
    `Dir::Cache=${folder}/cache`,
    'Dir::Etc::sourcelist=/dev/null',
    'Dir::Etc::sourceparts=/dev/null',
    'Dir::Etc::parts=/dev/null',
    'APT::Sandbox::User=root',
  ];
  const words = ['update', '-qq', ...options.flatMap((option) => ['-o', option])];
  const code = `const { aptGet } = await import('${script}'); await aptGet(${JSON.stringify(words)});`;
  return spawn(process.execPath, ['--input-type=module', '-e', code]);
}

test.skipIf(isMissing)('apt-get waits for who holds its lock, says so, and goes on afterwards', async () => {
  using folder = tempFolder();
  mkdirSync(join(folder.path, 'lists'));
  const holder = spawn('python3', ['-c', holdLock, join(folder.path, 'lists/lock')]);
  await once(holder.stdout, 'data');
  const apt = update(folder.path);
  let said = '';
  apt.stderr.setEncoding('utf8');
  for await (const text of apt.stderr) {
    said += text;
    // It waits: it has not ended, and does so once the lock is free.
    if (holder.exitCode === null && said.includes('\n')) holder.stdin.end();
  }
  await (apt.exitCode ?? once(apt, 'exit'));
  expect(said).toMatch(/^waiting for apt-get, for 15 minutes at most: .*lists\/lock.*\n$/);
  expect(apt.exitCode).toBe(0);
});

test.skipIf(isMissing)('what apt-get fails with for another reason is told at once', async () => {
  const code = `const { aptGet } = await import('${script}'); await aptGet(['no-such-command']);`;
  const failed = promisify(execFile)(process.execPath, ['--input-type=module', '-e', code]);
  await expect(failed).rejects.toMatchObject({ stderr: expect.stringContaining('Invalid operation') });
});
