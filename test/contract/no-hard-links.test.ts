/** Disks without hard links: names that are given only when they are free, by other means. */

import { execFile, execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BaiResult, cleanEnvironment, launcher } from '../support/bai.ts';
import { type ExfatDisk, exfatMissing, mountExfat } from '../support/exfat-disk.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { type EmulatorBed, filesIn, openEmulator } from './app-bed.ts';

const run = promisify(execFile);
const large = Buffer.alloc(9_000_000, 'large');

const canTrace = ((): boolean => {
  try {
    const words = ['-f', '-o', '/dev/null', '-e', 'inject=link,linkat:error=EPERM', 'true'];
    execFileSync('strace', words, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

let bed: EmulatorBed;
let key: string;
beforeAll(async () => {
  bed = await openEmulator();
  const id = await bed.create('demo');
  const home = bed.emulator.sessions.get(id).home ?? '';
  key = readFileSync(join(home, 'id_container'), 'utf8');
  mkdirSync(join(home, 'tree', 'sub'), { recursive: true });
  for (const path of ['large', 'tree/large', 'tree/sub/large']) writeFileSync(join(home, path), large);
  for (const path of ['tree/small', 'tree/sub/small']) writeFileSync(join(home, path), 'small');
});
afterAll(() => bed?.[Symbol.asyncDispose]());

/** What every such disk has to take. */
async function moveAndKeep(path: string, bai: (...args: string[]) => Promise<BaiResult>): Promise<void> {
  expect(await bai('sftp', 'get', 'demo:large', join(path, 'large'))).toMatchObject({ code: 0 });
  expect(readFileSync(join(path, 'large')).equals(large)).toBe(true);
  const tree = await bai('sftp', 'get', '-r', 'demo:tree', path, '--json');
  expect(tree.code, tree.stderr).toBe(0);
  expect(JSON.parse(tree.stdout)).toMatchObject({ files: 4, failed: [] });
  expect(readFileSync(join(path, 'tree/sub/large')).equals(large)).toBe(true);
  expect(await bai('key', 'fetch', 'demo', '-o', join(path, 'key'))).toMatchObject({ code: 0 });
  expect(readFileSync(join(path, 'key'), 'utf8')).toBe(key);
  const generate = ['key', 'generate', '--no-passphrase', '-o', join(path, 'mine')];
  expect((await bai(...generate)).code).toBe(0);
  const mine = readFileSync(join(path, 'mine'));
  expect((await bai(...generate)).code).toBe(6);
  expect(readFileSync(join(path, 'mine')).equals(mine)).toBe(true);
  expect(filesIn(path).sort()).toEqual(
    [
      'key',
      'large',
      'mine',
      'mine.pub',
      ...['large', 'small', 'sub/large', 'sub/small'].map((name) => `tree/${name}`),
    ].sort(),
  );
}

describe.skipIf(!canTrace)('with a call that fails', { timeout: 240_000 }, () => {
  const codes = ['EPERM', 'EOPNOTSUPP', 'EISDIR', 'ENOSYS', 'EINVAL', 'EACCES', 'EMLINK', 'EIO'];
  test.each([
    ...codes.map((code) => ['link,linkat', code] as const),
    // FAT has no modes either, and disks of FUSE lack this or that.
    ...['EPERM', 'ENOSYS'].map((code) => ['fchmod', code] as const),
    ...['EINVAL', 'ENOSYS'].map((code) => ['fsync', code] as const),
  ])('%s: %s, and large files are left out, and no key is saved: "permission denied"', async (call, code) => {
    using folder = tempFolder();
    await moveAndKeep(folder.path, async (...args) => {
      const words = [
        '-f',
        '-o',
        '/dev/null',
        '-e',
        `inject=${call}:error=${code}`,
        process.execPath,
        launcher,
      ];
      const options = { env: cleanEnvironment({ home: bed.home, env: bed.env }), cwd: bed.home };
      return run('strace', [...words, ...args], options).then(
        ({ stdout, stderr }) => ({ code: 0, stdout, stderr, stdoutBytes: Buffer.from(stdout) }),
        (error: { code: number; stdout: string; stderr: string }) => ({
          ...{ code: error.code, stdout: error.stdout, stderr: error.stderr },
          stdoutBytes: Buffer.from(error.stdout),
        }),
      );
    });
  });
});

describe.skipIf(exfatMissing !== undefined)(`on exFAT ${exfatMissing ?? ''}`, { timeout: 120_000 }, () => {
  let disk: ExfatDisk;
  let folder: ReturnType<typeof tempFolder>;
  beforeAll(() => {
    folder = tempFolder();
    disk = mountExfat(folder.path);
  });
  afterAll(() => {
    disk?.[Symbol.dispose]();
    folder?.[Symbol.dispose]();
  });
  const at = (...parts: string[]): string => join(disk.path, ...parts);

  test('large files and trees are fetched, and keys are saved', async () => {
    mkdirSync(at('all'));
    await moveAndKeep(at('all'), (...args) => bed.bai(args));
    rmSync(at('all'), { recursive: true });
  });

  test('of many that make a key of one name at once one does, and the others say that it is taken', async () => {
    for (let round = 0; round < 3; round += 1) {
      const path = at(`key${round}`);
      const generate = ['key', 'generate', '--no-passphrase', '-o', path];
      const all = await Promise.all(Array.from({ length: 6 }, () => bed.bai(generate)));
      expect(all.filter(({ code }) => code === 0)).toHaveLength(1);
      expect(all.filter(({ code }) => code === 6)).toHaveLength(5);
      const shown = await bed.bai(['key', 'show', path]);
      expect(readFileSync(`${path}.pub`, 'utf8')).toContain(shown.stdout.trim());
    }
    expect(readdirSync(disk.path).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test('many that fetch one large file to one name at once: it is whole, and who did not fetch it says so', async () => {
    const all = await Promise.all(
      Array.from({ length: 4 }, () => bed.bai(['sftp', 'get', 'demo:large', at('shared')])),
    );
    expect(all.map(({ code }) => code)).toContain(0);
    for (const { code, stderr } of all)
      if (code !== 0) expect([code, stderr]).toEqual([6, expect.stringContaining('another bai')]);
    expect(readFileSync(at('shared')).equals(large)).toBe(true);
    expect(readdirSync(disk.path).filter((name) => name.includes('.bai-'))).toEqual([]);
  });

  test('eight that change the settings there at once are all kept', async () => {
    const env = { BAI_HOME: at('own') };
    const names = ['domain', 'project', 'user', 'mounts', 'accessKey'];
    const all = await Promise.all(names.map((name) => bed.bai(['config', 'set', name, name], { env })));
    expect(all.map(({ code }) => code)).toEqual(names.map(() => 0));
    const { profiles } = JSON.parse(readFileSync(at('own', 'config.json'), 'utf8')) as {
      profiles: { default: object };
    };
    expect(Object.keys(profiles.default).sort()).toEqual([...names].sort());
    expect(readdirSync(at('own'))).toEqual(['config.json']);
  });

  test.skipIf(!canTrace)(
    'a lock or a journal whose maker was killed before it had content is taken over',
    async () => {
      for (const name of ['.config.json.bai-lock', '.late.bai-journal']) writeFileSync(at(name), '');
      const env = { BAI_HOME: disk.path };
      expect((await bed.bai(['config', 'set', 'user', 'me'], { env })).code).toBe(0);
      expect((await bed.bai(['sftp', 'get', 'demo:large', at('late')])).code).toBe(0);
      expect(lstatSync(at('late')).size).toBe(large.length);
      expect(['.config.json.bai-lock', '.late.bai-journal'].filter((name) => existsSync(at(name)))).toEqual(
        [],
      );
    },
  );
});
