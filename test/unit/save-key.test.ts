import { expect, test } from 'vitest';
import { ConflictError } from '../../src/errors.ts';
import type { PrivateKey } from '../../src/keys/private-key.ts';
import { type KeySaving, saveKey, saveKeyBeside } from '../../src/services/keys/save-key.ts';

const path = '/home/me/.ssh/id_container';
const first = key('first');
const second = key('second');

test('nothing there: created', async () => {
  const disk = deps();
  expect(await save(first, disk)).toEqual({
    path,
    change: 'created',
    fingerprint: first.fingerprint,
    type: 'ssh-rsa',
  });
  expect(disk.content.get(path)).toBe(first.text);
});

test('the same key, in whatever form: unchanged and not written', async () => {
  const disk = deps({ [path]: `comment\n${first.text}` });
  expect(await save(first, disk)).toMatchObject({ change: 'unchanged' });
  expect(disk.writes).toBe(0);
});

test('an earlier key that bai wrote: replaced', async () => {
  const disk = deps();
  await save(first, disk);
  expect(await save(second, disk)).toMatchObject({ change: 'replaced' });
  expect(disk.content.get(path)).toBe(second.text);
});

test('a key that bai wrote and somebody replaced is not bai’s any more', async () => {
  const disk = deps();
  await save(first, disk);
  disk.content.set(path, second.text);
  await expect(save(key('third'), disk)).rejects.toThrow(ConflictError);
  expect(disk.content.get(path)).toBe(second.text);
});

test.each(['not a key at all', second.text, ''])('a foreign file (%j) stays without force', async (there) => {
  const disk = deps({ [path]: there });
  await expect(save(first, disk)).rejects.toMatchObject({
    code: 'key-conflict',
    exitCode: 6,
    hint: expect.stringContaining('--force'),
  });
  expect(disk.content.get(path)).toBe(there);
  expect(await save(first, disk, true)).toMatchObject({ change: 'replaced' });
});

test('on the way, a different key is never replaced: the new one goes beside', async () => {
  const disk = deps();
  await save(first, disk);
  const beside = await saveKeyBeside({ key: second, sessionId: 'two', path }, disk);
  expect(beside).toMatchObject({ change: 'created', path: expect.stringMatching(/id_container_\w{8}$/) });
  expect(disk.content.get(path)).toBe(first.text);
  expect(disk.content.get(beside.path)).toBe(second.text);
  const again = await saveKeyBeside({ key: second, sessionId: 'two', path }, disk);
  expect(again).toMatchObject({ change: 'unchanged', path: beside.path });
  expect(await saveKeyBeside({ key: first, sessionId: 'one', path }, disk)).toMatchObject({ path });
});

test('on the way, a foreign file beside stays as well', async () => {
  const disk = deps({ [path]: 'mine' });
  const { path: beside } = await saveKeyBeside({ key: first, sessionId: 'one', path }, disk);
  const full = deps({ [path]: 'mine', [beside]: 'also mine' });
  await expect(saveKeyBeside({ key: first, sessionId: 'one', path }, full)).rejects.toThrow(ConflictError);
  expect(full.content.get(beside)).toBe('also mine');
});

test('another command that is quicker keeps its file: what it wrote is compared like anything else', async () => {
  const disk = deps();
  const slow = { ...disk, files: { ...disk.files, create: quicker(disk.content, second.text) } };
  await expect(save(first, slow)).rejects.toThrow(ConflictError);
  const same = deps();
  const slower = { ...same, files: { ...same.files, create: quicker(same.content, first.text) } };
  expect(await save(first, slower)).toMatchObject({ change: 'unchanged' });
  const other = deps();
  const beside = { ...other, files: { ...other.files, create: quicker(other.content, second.text) } };
  await saveKeyBeside({ key: first, sessionId: 'one', path }, beside);
  expect(other.content.get(path)).toBe(second.text);
  expect([...other.content.values()]).toContain(first.text);
});

test('a file that others could read is tightened and told about', async () => {
  const disk = deps({ [path]: first.text }, '0644');
  await save(first, disk);
  expect(disk.warnings).toEqual([`${path} could be read by others (mode 0644); it is 0600 now`]);
});

/** Somebody else has the name by the time of the first attempt. */
function quicker(content: Map<string, string>, text: string) {
  return async (file: string, wanted: string): Promise<boolean> => {
    const isFirst = content.size === 0;
    if (content.has(file)) return false;
    content.set(file, isFirst ? text : wanted);
    return !isFirst;
  };
}

function save(saved: PrivateKey, disk: KeySaving, force = false) {
  return saveKey({ key: saved, sessionId: 'one', path, force }, disk);
}

function key(name: string): PrivateKey {
  return {
    text: `-----BEGIN ${name}-----\n`,
    type: 'ssh-rsa',
    publicKey: `ssh-rsa ${name}`,
    fingerprint: `SHA256:${name}+/0123456789`,
  };
}

/** A disk and a ledger in memory. */
function deps(there: Record<string, string> = {}, wideMode?: string) {
  const content = new Map(Object.entries(there));
  const written = new Map<string, string>();
  const warnings: string[] = [];
  const state = { writes: 0 };
  const made: KeySaving = {
    files: {
      async read(file) {
        const text = content.get(file);
        return text === undefined ? undefined : Buffer.from(text);
      },
      async write(file, text) {
        state.writes += 1;
        content.set(file, text);
      },
      async create(file, text) {
        if (content.has(file)) return false;
        state.writes += 1;
        content.set(file, text);
        return true;
      },
      tighten: async () => wideMode,
      tightenFolder: async () => undefined,
      fingerprintOf(bytes) {
        const name = /-----BEGIN (\w+)-----/.exec(Buffer.from(bytes).toString())?.[1];
        return name === undefined ? undefined : key(name).fingerprint;
      },
    },
    ledger: {
      wrote: async (file, fingerprint) => written.get(file) === fingerprint,
      record: async (file, fingerprint) => void written.set(file, fingerprint),
      use: async () => {},
      forget: async (file) => void written.delete(file),
      all: async () => [],
    },
    warn: (message) => void warnings.push(message),
  };
  return {
    ...made,
    content,
    warnings,
    get writes() {
      return state.writes;
    },
  };
}
