/** What is written outside of mounted folders is lost with the session, and bai says so. */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { managerKinds } from '../support/managers.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { type EmulatorBed, openEmulator, openSession, type SessionBed } from './app-bed.ts';

describe.each(managerKinds())('bai sftp and mounts on $name', (kind) => {
  let bed: SessionBed;
  beforeAll(async () => {
    bed = await openSession(kind);
    await writeFile(join(bed.home, 'a.txt'), 'a');
  }, 180_000);
  afterAll(() => bed[Symbol.asyncDispose](), 60_000);

  test('a put into a session without mounted folders warns once and succeeds', async () => {
    const { code, stderr } = await bed.bai(['sftp', 'put', 'a.txt', `${bed.session}:a.txt`]);
    expect(code).toBe(0);
    expect(stderr.match(/warning:/g)).toHaveLength(1);
    expect(stderr).toMatch(
      new RegExp(
        `warning: \\S+/a\\.txt is not inside a mounted folder: it is lost when session ${bed.session} ends`,
      ),
    );
    expect(stderr).toMatch(/warning: .*--mount/);
    expect(stderr).not.toContain('hint:');
    const again = await bed.bai(['sftp', 'put', 'a.txt', `${bed.session}:b.txt`]);
    expect([again.code, again.stderr.includes('warning:')]).toEqual([0, false]);
  });
});

test('a folder that is in every session is none to put data into: how to mount one is said', async () => {
  await using bed = await openEmulator({ folders: ['.tools'] });
  await bed.create('plain');
  await writeFile(join(bed.home, 'a.txt'), 'a');
  const { code, stderr } = await bed.bai(['sftp', 'put', 'a.txt', 'plain:']);
  expect(code).toBe(0);
  expect(stderr).toMatch(/warning: .*--mount/);
});

describe.each(['26.9.6', '23.09.10'])('bai sftp and a mounted folder on the emulator as %s', (release) => {
  let bed: EmulatorBed;
  beforeAll(async () => {
    bed = await openEmulator({ release });
    for (const [name, mount] of [
      ['demo', 'data'],
      ['else', 'data=/home/work/other'],
    ] as const) {
      const made = await bed.bai(['session', 'create', 'python', '--name', name, '--mount', mount]);
      expect(made).toMatchObject({ code: 0 });
    }
    await writeFile(join(bed.home, 'data'), 'a');
    await writeFile(join(bed.home, 'a.txt'), 'a');
  });
  afterAll(() => bed[Symbol.asyncDispose]());

  test.each([
    [['put', 'a.txt', 'demo:data/']],
    [['put', 'a.txt', 'demo:/home/work/data/new.txt']],
    [['sync', '.', 'demo:data/sub']],
  ])('%j warns of nothing', async (args) => {
    const { code, stderr } = await bed.bai(['sftp', ...args]);
    expect(code).toBe(0);
    expect(stderr).not.toContain('warning:');
  });

  test.each([
    [['put', 'a.txt', 'demo:'], '/home/work'],
    [['put', 'a.txt', 'demo:data/../b.txt'], '/home/work/b.txt'],
    [['put', '-', 'demo:database'], '/home/work/database'],
    [['sync', '.', 'demo:nowhere'], '/home/work/nowhere'],
  ])('%j warns in one line that the target is lost, and names what is mounted', async (args, place) => {
    using state = tempFolder();
    const { code, stderr } = await bed.bai(['sftp', ...args], { input: 'x', env: { BAI_HOME: state.path } });
    expect(code).toBe(0);
    expect(stderr).toContain(
      `warning: ${place} is not inside a mounted folder: it is lost when session demo ends (mounted: /home/work/data)\n`,
    );
    expect(stderr).not.toContain('hint:');
  });

  test('of a session that is told once: not by the next put, by a dry run, or for what is not there', async () => {
    using state = tempFolder();
    const run = (...args: string[]) =>
      bed.bai(['sftp', ...args], { env: { BAI_HOME: state.path }, input: '' });
    await mkdir(join(bed.home, 'tree'), { recursive: true });
    await writeFile(join(bed.home, 'tree', 'new'), String(Math.random()));
    for (const args of [
      ['put', 'nothing', 'demo:'],
      ['put', 'nothing', 'neither', 'demo:'],
      ['sync', '-n', 'tree', 'demo:dry'],
    ])
      expect((await run(...args)).stderr).not.toContain('mounted');
    const both = await Promise.all([run('put', 'a.txt', 'demo:one'), run('put', 'a.txt', 'demo:two')]);
    expect(
      both
        .map(({ stderr }) => stderr)
        .join('')
        .match(/warning:/g),
    ).toHaveLength(1);
    expect((await run('sync', 'tree', 'demo:tree')).stderr).not.toContain('mounted');
    expect((await run('put', 'nothing', 'demo:')).stderr).not.toContain('mounted');
  });

  test('a folder that is mounted elsewhere leaves the question open, and nothing is said', async () => {
    const { stderr } = await bed.bai(['sftp', 'put', 'a.txt', 'else:a.txt']);
    expect(stderr).not.toContain('warning:');
  });

  test('the shell warns at its first put and not again', async () => {
    using state = tempFolder();
    const { code, stderr } = await bed.bai(['sftp', 'demo'], {
      env: { BAI_HOME: state.path },
      input: 'put a.txt\nput a.txt b.txt\nput a.txt data\n',
    });
    expect(code).toBe(0);
    expect(stderr.match(/warning:/g)).toHaveLength(1);
  });

  test('session info names the mounted folders', async () => {
    const { stdout } = await bed.bai(['--json', 'session', 'info', 'demo']);
    expect(JSON.parse(stdout)).toMatchObject({ mounts: ['data'] });
  });
});
