/** Few open files, here or in the session: fewer move at a time, and nothing is lost or told. */

import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as get from '../../src/commands/sftp/get.ts';
import * as put from '../../src/commands/sftp/put.ts';
import * as sync from '../../src/commands/sftp/sync.ts';
import type { CommandModule } from '../../src/commands/shared/command.ts';
import { createRemoteFiles } from '../../src/transfer/remote-files.ts';
import { type EmulatorBed, openEmulator } from '../contract/app-bed.ts';
import { cleanEnvironment, finished, launcher } from '../support/bai.ts';
import { canMount, inNamespace } from '../support/namespace.ts';
import { connectFully } from '../support/ssh-session.ts';
import { sshdMissing, startSshd, type TestSshd } from '../support/sshd.ts';
import { type SftpAnswer, sftpBed } from './sftp-bed.ts';
import { content, tempFolder, tree } from './transfer-session.ts';

const shapes = [
  { shape: 'in one folder', folderOf: () => '.' },
  { shape: 'in 30 folders', folderOf: (index: number) => `d${index % 30}` },
];
const fileCount = 300;

async function makeFiles(root: string, folderOf: (index: number) => string): Promise<void> {
  for (let index = 0; index < fileCount; index += 1) {
    const folder = join(root, folderOf(index));
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `f${index}`), content(1 + index * 11, index + 1));
  }
  await writeFile(join(root, 'large'), content(5_000_000));
}

async function areSame(one: string, other: string): Promise<void> {
  const names = await tree(one);
  expect(await tree(other)).toEqual(names);
  for (const name of names.filter((path) => !path.endsWith('/')))
    expect((await readFile(join(other, name))).equals(await readFile(join(one, name)))).toBe(true);
}

// The third is next to nothing beyond what sshd itself has open.
describe.skipIf(sshdMissing !== undefined).each([64, 24, 14])('an sshd with %i open files', (openFiles) => {
  let server: TestSshd;
  beforeAll(async () => {
    server = await startSshd({ openFiles });
  });
  afterAll(() => server[Symbol.asyncDispose]());
  const bed = sftpBed(
    () => server,
    (files) => files,
    async (address) =>
      createRemoteFiles(await connectFully(address), { signal: new AbortController().signal }),
  );

  const all = async (command: CommandModule, ...args: string[]): Promise<SftpAnswer> => {
    const answer = await bed.run(command, ...args);
    expect({ exitCode: answer.exitCode, warnings: answer.warnings }).toEqual({ exitCode: 0, warnings: [] });
    return answer;
  };

  test.each(shapes.flatMap((each) => ['sftp', 'auto'].map((via) => ({ ...each, via }))))(
    'put, get and sync move all 300 files $shape, by $via',
    { timeout: 120_000 },
    async ({ folderOf, shape, via }) => {
      await using local = await tempFolder();
      const [near, back] = [join(local.path, 'near'), join(local.path, 'back')];
      const there = `${shape.replaceAll(' ', '-')}-${via}`;
      await makeFiles(near, folderOf);
      await all(put, '-r', '--via', via, near, `demo:${there}`);
      await areSame(near, join(server.home, there));
      await all(get, '-r', '--via', via, `demo:${there}`, back);
      await areSame(near, back);
      await all(sync, '--via', via, near, `demo:${there}`);
      expect(await all(sync, '--via', via, near, `demo:${there}`)).toMatchObject({ value: { files: 0 } });
    },
  );
});

describe('bai with 64 open files', () => {
  let bed: EmulatorBed;
  beforeAll(async () => {
    bed = await openEmulator();
    await bed.create('demo', '--mount', 'kept');
  });
  afterAll(() => bed[Symbol.asyncDispose]());

  /** Of macOS the system does not tell the limit: there is no /proc. */
  const withoutProc = [...inNamespace, 'sh', '-c', 'mount -t tmpfs none /proc && exec "$@"', 'sh'];

  const limited = (openFiles: number, ...args: string[]) => start([], openFiles, args);

  async function start(before: readonly string[], openFiles: number, args: readonly string[]) {
    const bai = [process.execPath, launcher, '--json', 'sftp', ...args];
    const [program = '', ...words] = [...before, 'prlimit', `--nofile=${openFiles}`, ...bai];
    const child = spawn(program, words, {
      cwd: bed.home,
      env: cleanEnvironment({ home: bed.home, env: bed.env }),
    });
    child.stdin.end();
    const { code, stdout, stderr } = await finished(child);
    const said = stderr
      .split('\n')
      .filter((line) => line !== '' && !/"event":"progress"|files?, .* in /.test(line));
    expect({ code, said }).toEqual({ code: 0, said: [] });
    return JSON.parse(stdout) as { files: number };
  }

  test.each(shapes.flatMap((each) => ['sftp', 'auto'].map((via) => ({ ...each, via }))))(
    'put, get and sync move all 300 files $shape, by $via',
    { timeout: 120_000 },
    async ({ folderOf, shape, via }) => {
      const near = join(bed.home, 'near', shape, via);
      const [back, synced] = [`${near}-back`, `${near}-synced`];
      const there = `kept/${shape.replaceAll(' ', '-')}-${via}`;
      await makeFiles(near, folderOf);
      for (const openFiles of [64, 36]) {
        const name = `${there}-${openFiles}`;
        expect(await limited(openFiles, 'put', '-r', '--via', via, near, `demo:${name}`)).toMatchObject({
          files: fileCount + 1,
        });
        expect(
          await limited(openFiles, 'get', '-r', '--via', via, `demo:${name}`, `${back}${openFiles}`),
        ).toMatchObject({ files: fileCount + 1 });
        await areSame(near, `${back}${openFiles}`);
        expect(
          await limited(openFiles, 'sync', '--via', via, `demo:${name}`, `${synced}${openFiles}`),
        ).toMatchObject({ files: fileCount + 1 });
        expect(
          await limited(openFiles, 'sync', '--via', via, `demo:${name}`, `${synced}${openFiles}`),
        ).toMatchObject({ files: 0 });
        await areSame(near, `${synced}${openFiles}`);
      }
    },
  );

  test.skipIf(!canMount)('256 are enough where the system does not tell how many there may be', async () => {
    const near = join(bed.home, 'near', 'mac');
    const there = 'demo:kept/mac';
    await makeFiles(near, (index) => `d${index % 30}`);
    const mac = (...args: string[]) => start(['unshare', ...withoutProc], 256, args);
    expect(await mac('put', '-r', near, there)).toMatchObject({ files: fileCount + 1 });
    expect(await mac('sync', there, `${near}-back`)).toMatchObject({ files: fileCount + 1 });
    await areSame(near, `${near}-back`);
  });
});
