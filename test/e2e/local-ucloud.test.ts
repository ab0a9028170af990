/** A UCloud on this machine, started and used with nothing but commands. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type BaiResult, bai, cleanEnvironment } from '../support/bai.ts';
import { tempFolder } from '../support/temp-folder.ts';

test('a job of the UCloud that bai local up starts is reached', async () => {
  using folder = tempFolder();
  const home = folder.path;
  mkdirSync(join(home, '.ssh'), { mode: 0o700 });
  const env = { BAI_PROVIDER: 'ucloud', BAI_HOST_KEY_CHECKING: 'accept-new' };
  const run = (...args: string[]): Promise<BaiResult> => bai(args, { home, env });
  const done = { code: 0 };
  expect(await run('local', 'up', '--provider', 'ucloud')).toMatchObject(done);
  try {
    expect(await run('key', 'generate', '--no-passphrase')).toMatchObject(done);
    expect(await run('key', 'upload', join(home, '.ssh', 'id_ed25519.pub'))).toMatchObject(done);
    const job = ['terminal-ubuntu', '--product', 'u1-small/u1-small-1', '--time', '1h', '--name', 'mine'];
    expect(await run('session', 'create', ...job)).toMatchObject(done);
    for (const client of ['builtin', 'system']) {
      const ran = await run('ssh', '--client', client, 'mine', '--', 'echo in');
      expect(ran).toMatchObject({ code: 0, stdout: 'in\n' });
    }
    expect(await run('ssh-config', 'install')).toMatchObject(done);
    const hosts = readFileSync(join(home, '.local', 'share', 'bai', 'ssh_config'), 'utf8');
    expect(hosts).toMatch(/^Host mine\.bai\n(?: {2}.*\n){3} {2}User ucloud$/m);
    const key = join(home, '.ssh', 'id_ed25519');
    const options = ['-F', join(home, '.ssh', 'config'), '-i', key, '-o', 'BatchMode=yes'];
    const environment = { ...cleanEnvironment({ home, env }) };
    const plain = (program: string, ...args: string[]): string =>
      execFileSync(program, args, { env: environment, encoding: 'utf8' });
    expect(plain('ssh', ...options, 'mine.bai', 'echo in')).toBe('in\n');
    plain('rsync', '-a', '-e', ['ssh', ...options].join(' '), `${key}.pub`, 'mine.bai:copied');
    expect(plain('ssh', ...options, 'mine.bai', 'cat copied')).toBe(readFileSync(`${key}.pub`, 'utf8'));
  } finally {
    expect(await run('local', 'down')).toMatchObject(done);
  }
});
