import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startShell } from '../../src/emulator/machine/shell-process.ts';
import { tempFolder } from '../support/temp-folder.ts';

test('a command of a session that cannot be started says why', async () => {
  using folder = tempFolder();
  const home = { folder: join(folder.path, 'gone'), path: '/home/work' };
  const shell = startShell({ user: 'work', home, command: 'true', environment: {} });
  expect(await shell.ended).toEqual({
    kind: 'exit',
    code: 127,
    problem: expect.stringMatching(/sh could not be started: it, or the session's home, is not there$/),
  });
});
