/** Keys of every kind, and the programs that judge what bai writes. */

import { execFile, execFileSync } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { tempFolder } from './temp-folder.ts';

const run = promisify(execFile);

/** Where PuTTY's tools are not installed, what they judge is left out. */
export const puttyMissing = ((): boolean => {
  try {
    execFileSync('puttygen', ['--version'], { stdio: 'ignore' });
    return false;
  } catch {
    return true;
  }
})();

export const passphrase = 'open séçret, "quoted"';

/** By way of bytes, as bai makes keys itself: see src/keys/make-pair.ts. */
const publicKeyEncoding = { type: 'spki', format: 'der' } as const;
const privateKeyEncoding = { type: 'pkcs8', format: 'der' } as const;
const curve = (namedCurve: string): Buffer =>
  generateKeyPairSync('ec', { namedCurve, publicKeyEncoding, privateKeyEncoding }).privateKey;

const makers: Readonly<Record<string, () => Buffer>> = {
  'rsa 2048': () =>
    generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding, privateKeyEncoding }).privateKey,
  'ecdsa 256': () => curve('P-256'),
  'ecdsa 384': () => curve('P-384'),
  'ecdsa 521': () => curve('P-521'),
  ed25519: () => generateKeyPairSync('ed25519', { publicKeyEncoding, privateKeyEncoding }).privateKey,
};

export const keyTypes = Object.keys(makers);

export function makeKey(type: string): KeyObject {
  const make = makers[type];
  if (make === undefined) throw new Error(`no key of type ${type}`);
  return createPrivateKey({ key: make(), format: 'der', type: 'pkcs8' });
}

/** What `puttygen` makes of a key file: its public line (`-L`), or another format (`-O …`). */
export async function puttygen(
  key: Uint8Array,
  secret: string | undefined,
  ...args: readonly string[]
): Promise<Buffer> {
  using folder = tempFolder();
  const [file, words, out] = ['key', 'passphrase', 'out'].map((name) => join(folder.path, name)) as [
    string,
    string,
    string,
  ];
  await writeFile(file, key, { mode: 0o600 });
  await writeFile(words, secret ?? '', { mode: 0o600 });
  // Without a terminal it fails where it would ask, so a passphrase that is not needed is a failure too.
  const given = secret === undefined ? [] : ['--old-passphrase', words];
  await run('setsid', ['puttygen', file, ...given, ...args, '-o', out]);
  return await readFile(out);
}

/** The public line as `ssh-keygen -y` has it, without a comment. The passphrase of a test is no secret. */
export async function publicLineBySshKeygen(key: Uint8Array, secret: string | undefined): Promise<string> {
  using folder = tempFolder();
  const file = join(folder.path, 'key');
  await writeFile(file, key, { mode: 0o600 });
  const { stdout } = await run('ssh-keygen', ['-y', '-P', secret ?? '', '-f', file]);
  return stdout.trim().split(' ').slice(0, 2).join(' ');
}
