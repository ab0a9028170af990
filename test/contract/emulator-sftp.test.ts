/** SFTP confined to a session's home, driven by the real sftp and by ssh2. */

import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  access,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import ssh2, { type Client, type SFTPWrapper } from 'ssh2';
import { expect, test } from 'vitest';
import { openBed, type TestBed } from './emulator-client.ts';

test('sftp puts, lists, gets, renames and removes under every spelling of the home', async () => {
  await using bed = await openBed();
  const home = await openHome(bed);
  const local = join(bed.folder, 'local');
  await writeFile(local, 'hello');
  const back = join(bed.folder, 'back');
  const outcome = await sftp(bed, [
    'pwd',
    `put ${local} /home/work/one`,
    'rename one two',
    'mkdir sub',
    'rename two sub/three',
    'chmod 640 sub/three',
    'ln -s three sub/link',
    'ls -l sub',
    `get /home/work/sub/link ${back}`,
    'rm sub/link',
  ]);
  expect([outcome.code, outcome.stderr]).toEqual([0, '']);
  expect(outcome.stdout).toContain('Remote working directory: /home/work');
  expect(outcome.stdout).toMatch(/-rw-r----- .* 5 .* three/);
  expect(await readFile(back, 'utf8')).toBe('hello');
  expect(await readdir(join(home, 'sub'))).toEqual(['three']);
  expect((await stat(join(home, 'sub', 'three'))).mode & 0o777).toBe(0o640);
});

test('64 MiB go in and come out unchanged, through sftp', async () => {
  await using bed = await openBed();
  await openHome(bed);
  const local = join(bed.folder, 'big');
  const content = randomBytes(64 * 1024 * 1024);
  await writeFile(local, content);
  const back = join(bed.folder, 'back');
  expect((await sftp(bed, [`put ${local} big`, `get big ${back}`])).code).toBe(0);
  expect(hash(await readFile(back))).toBe(hash(content));
});

test('requests in flight at the same time are answered each with its own bytes', async () => {
  await using bed = await openBed();
  const home = await openHome(bed);
  const content = randomBytes(4 * 1024 * 1024);
  await writeFile(join(home, 'file'), content);
  const { client, files } = await connect(bed);
  const handle = await call<Buffer>((done) => files.open('file', 'r', done));
  const step = 32 * 1024;
  const got = Buffer.alloc(content.length);
  const reads = Array.from({ length: content.length / step }, (_, index) =>
    call<number>((done) =>
      files.read(handle, got, index * step, step, index * step, (error, read) => done(error, read)),
    ),
  );
  expect((await Promise.all(reads)).every((read) => read === step)).toBe(true);
  expect(hash(got)).toBe(hash(content));
  const end = call<number>((done) =>
    files.read(handle, got, 0, step, content.length, (error, read) => done(error, read)),
  );
  await expect(end).resolves.toBe(0);
  client.end();
});

test('writes in flight land at their own offsets', async () => {
  await using bed = await openBed();
  const home = await openHome(bed);
  const content = randomBytes(4 * 1024 * 1024);
  const { client, files } = await connect(bed);
  const handle = await call<Buffer>((done) => files.open('file', 'w', done));
  const step = 64 * 1024;
  const offsets = Array.from({ length: content.length / step }, (_, index) => index * step).toReversed();
  await Promise.all(
    offsets.map((at) =>
      call((done) => files.write(handle, content, at, step, at, (error) => done(error, undefined))),
    ),
  );
  await call((done) => files.close(handle, (error) => done(error, undefined)));
  expect(hash(await readFile(join(home, 'file')))).toBe(hash(content));
  client.end();
});

test.each([
  '/etc/passwd',
  '../../etc/passwd',
  '/home/work/../../etc/passwd',
  'to-etc/passwd',
  'to-passwd',
  'sub/deep/passwd',
  '/home/other',
])('%s can neither be read nor written nor looked at', async (path) => {
  await using bed = await openBed();
  const home = await openHome(bed);
  await symlink('/etc', join(home, 'to-etc'));
  await symlink('/etc/passwd', join(home, 'to-passwd'));
  await mkdir(join(home, 'sub'));
  await symlink('../../../../../../../../../../etc', join(home, 'sub', 'deep'));
  const { client, files } = await connect(bed);
  for (const flags of ['r', 'w', 'a', 'wx'] as const) {
    await expect(call((done) => files.open(path, flags, done))).rejects.toThrow(
      /Permission denied|No such file/,
    );
  }
  await expect(call((done) => files.stat(path, done))).rejects.toThrow(/Permission denied|No such file/);
  await expect(
    call((done) => files.setstat(path, { mode: 0o777 }, (error) => done(error, undefined))),
  ).rejects.toThrow();
  client.end();
});

test('no request on paths leads outside: folders, links, renames, removals', async () => {
  await using bed = await openBed();
  const home = await openHome(bed);
  const outside = join(bed.folder, 'outside');
  await mkdir(outside);
  await writeFile(join(outside, 'kept'), 'kept');
  await symlink(outside, join(home, 'out'));
  await symlink(join(outside, 'new'), join(home, 'dangling'));
  await writeFile(join(home, 'mine'), 'mine');
  const { client, files } = await connect(bed);
  const denied = (start: (done: (error?: Error | null) => void) => void) =>
    expect(call((done) => start((error) => done(error, undefined)))).rejects.toThrow('Permission denied');
  await denied((done) => files.readdir('out', done));
  await denied((done) => files.mkdir('out/made', done));
  await denied((done) => files.unlink('out/kept', done));
  await denied((done) => files.rename('mine', 'out/mine', done));
  await denied((done) => files.rename('out/kept', 'stolen', done));
  await denied((done) => files.ext_openssh_rename('mine', '../mine', done));
  await denied((done) => files.rmdir('/', done));
  await denied((done) => files.symlink('/etc/passwd', 'link', done));
  await denied((done) => files.symlink('../../etc', 'link', done));
  await denied((done) => files.readlink('out', done));
  await denied((done) => files.open('dangling', 'w', done));
  expect(await readdir(outside)).toEqual(['kept']);
  expect(
    (await call<{ isSymbolicLink(): boolean }>((done) => files.lstat('out', done))).isSymbolicLink(),
  ).toBe(true);
  await call((done) => files.unlink('out', (error) => done(error, undefined)));
  await expect(lstat(join(home, 'out'))).rejects.toThrow('ENOENT');
  client.end();
});

test('links inside work in both spellings and read back as clients know them', async () => {
  await using bed = await openBed();
  const home = await openHome(bed);
  await writeFile(join(home, 'target'), 'x');
  const { client, files } = await connect(bed);
  await call((done) => files.symlink('/home/work/target', 'absolute', (error) => done(error, undefined)));
  await call((done) => files.symlink('target', 'relative', (error) => done(error, undefined)));
  expect(await readlink(join(home, 'absolute'))).toBe(join(home, 'target'));
  expect(await call<string>((done) => files.readlink('absolute', done))).toBe('/home/work/target');
  expect(await call<string>((done) => files.readlink('relative', done))).toBe('target');
  expect((await call<{ size: number }>((done) => files.stat('absolute', done))).size).toBe(1);
  client.end();
});

test('rename replaces nothing, posix-rename does', async () => {
  await using bed = await openBed();
  const home = await openHome(bed);
  await writeFile(join(home, 'a'), 'a');
  await writeFile(join(home, 'b'), 'b');
  const { client, files } = await connect(bed);
  await expect(call((done) => files.rename('a', 'b', (error) => done(error, undefined)))).rejects.toThrow(
    'EEXIST',
  );
  await call((done) => files.ext_openssh_rename('a', 'b', (error) => done(error, undefined)));
  expect(await readFile(join(home, 'b'), 'utf8')).toBe('a');
  client.end();
});

test('has 0 bytes instead of 3: the size asked for right after a write is that after the write', async () => {
  await using bed = await openBed();
  await openHome(bed);
  const { client, files } = await connect(bed);
  for (let round = 0; round < 100; round += 1) {
    const handle = await call<Buffer>((done) => files.open(`${round}`, 'w', done));
    const [, attributes] = await Promise.all([
      call((done) => files.write(handle, Buffer.from('abc'), 0, 3, 0, (error) => done(error, undefined))),
      call<{ size: number }>((done) => files.fstat(handle, done)),
      call((done) => files.close(handle, (error) => done(error, undefined))),
    ]);
    expect(attributes.size).toBe(3);
  }
  client.end();
});

test('attributes can be set by path and by handle', async () => {
  await using bed = await openBed();
  const home = await openHome(bed);
  await writeFile(join(home, 'a'), 'content');
  const { client, files } = await connect(bed);
  await call((done) =>
    files.setstat('a', { mode: 0o600, atime: 1_000_000_000, mtime: 1_100_000_000 }, (e) => done(e, 0)),
  );
  const facts = await stat(join(home, 'a'));
  expect([facts.mode & 0o777, facts.mtimeMs]).toEqual([0o600, 1_100_000_000_000]);
  const handle = await call<Buffer>((done) => files.open('a', 'r+', done));
  await call((done) => files.fsetstat(handle, { size: 3 }, (error) => done(error, 0)));
  expect((await call<{ size: number }>((done) => files.fstat(handle, done))).size).toBe(3);
  client.end();
});

test('the folders above the home can be looked at, as clients do that make a path step by step', async () => {
  await using bed = await openBed();
  await openHome(bed);
  const { client, files } = await connect(bed);
  for (const path of ['/', '/home']) {
    expect((await call<{ isDirectory(): boolean }>((done) => files.stat(path, done))).isDirectory()).toBe(
      true,
    );
  }
  const listed = await call<{ filename: string }[]>((done) => files.readdir('/home', done));
  expect(listed.map(({ filename }) => filename)).toEqual(['work']);
  expect(await call<string>((done) => files.realpath('sub/../x', done))).toBe('/home/work/x');
  client.end();
});

test('OpenSSH finds posix-rename and limits announced', async () => {
  await using bed = await openBed();
  await openHome(bed);
  const { stderr } = await sftp(bed, ['pwd'], ['-vvv']);
  expect(stderr).toContain('Server supports extension "posix-rename@openssh.com" revision 1');
  expect(stderr).toContain('Server supports extension "limits@openssh.com" revision 1');
  expect(stderr).toMatch(/server upload\/download buffer sizes? 261120 \/ 261120|limits.*261120/i);
});

test('a large folder is listed whole', async () => {
  await using bed = await openBed();
  const home = await openHome(bed);
  await mkdir(join(home, 'many'));
  await Promise.all(
    Array.from({ length: 1000 }, (_, index) => writeFile(join(home, 'many', `f${index}`), '')),
  );
  const { client, files } = await connect(bed);
  expect((await call<unknown[]>((done) => files.readdir('many', done))).length).toBe(1000);
  client.end();
});

test('listings and sizes lie on demand', async () => {
  await using bed = await openBed();
  const home = await openHome(bed);
  await writeFile(join(home, 'honest'), 'x');
  const names = ['../../evil', 'a/b', '/etc/passwd', 'bell\u0007', '', '.', '..'];
  bed.emulator.faults.add({ kind: 'sftp-names', names }, 1);
  const { client, files } = await connect(bed);
  const entries = await call<{ filename: string }[]>((done) => files.readdir('.', done));
  const listed = entries.map(({ filename }) => filename);
  // ssh2 itself leaves out `.` and `..`.
  expect(listed.slice(-5)).toEqual(names.slice(0, 5));
  bed.emulator.faults.add({ kind: 'sftp-size', bytes: 5_000_000_000 }, 1);
  expect((await call<{ size: number }>((done) => files.stat('honest', done))).size).toBe(5_000_000_000);
  expect((await call<{ size: number }>((done) => files.stat('honest', done))).size).toBe(1);
  client.end();
});

test('closing the emulator closes connections and removes the homes', async () => {
  const bed = await openBed();
  const home = await openHome(bed);
  const { client, files } = await connect(bed);
  await call<Buffer>((done) => files.open('left-open', 'w', done));
  const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
  await bed.emulator[Symbol.asyncDispose]();
  await closed;
  await expect(access(home)).rejects.toThrow('ENOENT');
  await rm(bed.folder, { recursive: true });
});

async function openHome(bed: TestBed): Promise<string> {
  await bed.session('demo');
  return bed.emulator.sessions.get('demo').home ?? '';
}

async function sftp(bed: TestBed, batch: readonly string[], more: readonly string[] = []) {
  const { home = '', sshPort = 0 } = bed.emulator.sessions.get('demo');
  const options = [
    'StrictHostKeyChecking=no',
    'UserKnownHostsFile=/dev/null',
    'IdentitiesOnly=yes',
    'IdentityAgent=none',
  ];
  if (more.length === 0) options.push('LogLevel=ERROR');
  const child = spawn('sftp', [
    '-q',
    '-F',
    'none',
    '-b',
    '-',
    '-P',
    String(sshPort),
    '-i',
    join(home, 'id_container'),
    ...options.flatMap((option) => ['-o', option]),
    ...more,
    'work@127.0.0.1',
  ]);
  child.stdin.end(`${batch.join('\n')}\n`);
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() };
}

async function connect(bed: TestBed): Promise<{ client: Client; files: SFTPWrapper }> {
  const { home = '', sshPort = 0 } = bed.emulator.sessions.get('demo');
  const client = new ssh2.Client();
  const privateKey = await readFile(join(home, 'id_container'));
  await new Promise<void>((resolve, reject) => {
    client.on('error', reject);
    client.on('ready', () => resolve());
    client.connect({ host: '127.0.0.1', port: sshPort, username: 'work', privateKey });
  });
  return {
    client,
    files: await call<SFTPWrapper>((done) => void client.sftp((error, opened) => done(error, opened))),
  };
}

/** A call with a callback as a promise. */
function call<T>(start: (done: (error: Error | null | undefined, value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, value) => (error ? reject(error) : resolve(value)));
  });
}

function hash(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
