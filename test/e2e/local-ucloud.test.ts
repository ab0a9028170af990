/** A UCloud on this machine, started and used with nothing but commands. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type BaiResult, bai } from '../support/bai.ts';
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
  } finally {
    expect(await run('local', 'down')).toMatchObject(done);
  }
});
