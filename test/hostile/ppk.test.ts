/** PuTTY key files made by somebody who means harm: refused quickly, and never believed before their MAC is right. */

import { expect, test } from 'vitest';
import { BaiError } from '../../src/errors.ts';
import { inspectKey, openKey, writeKey } from '../../src/keys/key-formats.ts';
import { keyPairOf } from '../../src/keys/key-pair.ts';
import { makeKey } from '../support/key-programs.ts';

const secret = Buffer.from('secret');
const pair = keyPairOf(makeKey('ed25519'), 'me@laptop');
const rsa = keyPairOf(makeKey('rsa 2048'), 'me@laptop');
const ppk = async (version: 2 | 3, passphrase?: Buffer, key = pair): Promise<string> =>
  (await writeKey(key, { format: 'ppk', ppkVersion: version, passphrase })).toString();

const open = (text: string) => openKey(Buffer.from(text), 'the file', secret);

test.each([
  ['4 TiB of memory', 'Argon2-Memory: 8192', 'Argon2-Memory: 4294967295'],
  ['1 GiB of memory', 'Argon2-Memory: 8192', 'Argon2-Memory: 1048576'],
  ['a number of passes without end', 'Argon2-Passes: 21', 'Argon2-Passes: 4294967295'],
  ['more passes than a minute', 'Argon2-Passes: 21', 'Argon2-Passes: 100000'],
  ['a thousand lanes', 'Argon2-Parallelism: 1', 'Argon2-Parallelism: 1000'],
  ['less memory than its lanes need', 'Argon2-Memory: 8192', 'Argon2-Memory: 1'],
  ['no passes', 'Argon2-Passes: 21', 'Argon2-Passes: 0'],
  ['a negative number', 'Argon2-Passes: 21', 'Argon2-Passes: -1'],
  ['a number in exponents', 'Argon2-Memory: 8192', 'Argon2-Memory: 8e3'],
  ['another derivation', 'Key-Derivation: Argon2id', 'Key-Derivation: constructor'],
  ['an empty salt', /Argon2-Salt: .*/, 'Argon2-Salt: '],
  ['no derivation', /Key-Derivation: .*\n/, ''],
] as const)('%s is refused before anything is derived', async (_, from, to) => {
  const text = (await ppk(3, secret)).replace(from, to);
  await expect(open(text)).rejects.toMatchObject({ code: 'not-a-key', exitCode: 2 });
});

test.each([2, 3] as const)('version %i, cut off anywhere, is damaged and never a bug', async (version) => {
  for (const text of [await ppk(version), await ppk(version, undefined, rsa)]) {
    for (let length = 0; length < text.length - 1; length += 1) {
      const cut = text.slice(0, length);
      // What is left of the first line may be the start of any text.
      await expect(open(cut), `${length}`).rejects.toMatchObject({ code: 'not-a-key' });
    }
  }
});

test.each([2, 3] as const)('version %i, changed in any byte, is not believed', async (version) => {
  const text = await ppk(version);
  const end = text.indexOf('\nPrivate-MAC');
  for (let at = 0; at < end; at += 1) {
    const changed = `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
    await expect(open(changed), `${at}`).rejects.toMatchObject({ code: 'not-a-key' });
  }
});

test.each([2, 3] as const)('version %i with a public half that was swapped is refused', async (version) => {
  const other = keyPairOf(makeKey('ed25519'), 'me@laptop');
  const blobs = [pair, other].map(
    ({ publicBlob }) =>
      publicBlob
        .toString('base64')
        .match(/.{1,64}/g)
        ?.join('\n') ?? '',
  );
  for (const passphrase of [undefined, secret]) {
    const text = (await ppk(version, passphrase)).replace(blobs[0] ?? '', blobs[1] ?? '');
    const code = passphrase === undefined ? 'not-a-key' : 'wrong-passphrase';
    await expect(open(text)).rejects.toMatchObject({ code });
  }
});

test('a comment that was changed in an encrypted file is noticed', async () => {
  const text = (await ppk(2, secret)).replace('me@laptop', 'you@laptop');
  await expect(open(text)).rejects.toMatchObject({ code: 'wrong-passphrase' });
});

test.each([
  ['a count of lines without end', /Public-Lines: \d+/, 'Public-Lines: 9999999999'],
  ['a count of lines below one', /Public-Lines: \d+/, 'Public-Lines: 0'],
  ['more lines than there are', /Private-Lines: \d+/, 'Private-Lines: 1999'],
  ['text that is no base64', /Private-Lines: 1\n..../, 'Private-Lines: 1\n<<<<'],
  ['a type that is not that of its public half', 'ssh-ed25519', 'ssh-rsa'],
  ['a later version', 'User-Key-File-3', 'User-Key-File-4'],
  ['a version that overflows', 'User-Key-File-3', `User-Key-File-${'9'.repeat(40)}`],
  ['an unknown encryption', 'Encryption: none', 'Encryption: rot13'],
  ['a MAC of another length', /Private-MAC: .*/, 'Private-MAC: 00'],
  ['no MAC', /Private-MAC: .*/, ''],
] as const)('%s: refused', async (_, from, to) => {
  const text = (await ppk(3)).replace(from, to);
  await expect(open(text)).rejects.toMatchObject({ code: 'not-a-key' });
});

test('a line without end is read once, and refused', async () => {
  const text = `PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: ${'x'.repeat(8_000_000)}`;
  await expect(open(text)).rejects.toMatchObject({ code: 'not-a-key' });
  await expect(open('PuTTY-User-Key-File-3: '.padEnd(8_000_000, 'ssh-'))).rejects.toMatchObject({
    code: 'not-a-key',
  });
  expect(() => inspectKey(Buffer.from(`ssh-ed25519 ${'A'.repeat(8_000_000)}\0`), 'it')).not.toThrow();
});

test('numbers that do not belong together are refused although the MAC is right', async () => {
  const other = keyPairOf(makeKey('rsa 2048'), '');
  for (const [mine, foreign] of [
    [rsa, other],
    [keyPairOf(makeKey('ecdsa 256'), ''), keyPairOf(makeKey('ecdsa 256'), '')],
    [pair, keyPairOf(makeKey('ed25519'), '')],
  ] as const) {
    for (const version of [2, 3] as const) {
      // Written with the public half of one and the private half of another, and a MAC over both.
      const mixed = { ...mine, publicBlob: foreign.publicBlob };
      const text = await writeKey(mixed, { format: 'ppk', ppkVersion: version, passphrase: undefined });
      await expect(open(text.toString())).rejects.toMatchObject({ code: 'not-a-key' });
    }
  }
});

test('an OpenSSH file that asks for a day of bcrypt, and a PKCS#8 file that asks for 2³¹ rounds, are refused at once', async () => {
  const openssh = (await writeKey(pair, { format: 'openssh', passphrase: secret })).toString();
  const body = Buffer.from(openssh.split('\n').slice(1, -2).join(''), 'base64');
  const rounds = Buffer.from([0, 0, 0, 16]);
  const at = body.indexOf(rounds, body.indexOf('bcrypt') + 6 + 4 + 4 + 16);
  body.writeUInt32BE(0xffff_ffff, at);
  const endless = `-----BEGIN OPENSSH PRIVATE KEY-----\n${body.toString('base64')}\n-----END OPENSSH PRIVATE KEY-----\n`;
  await expect(open(endless)).rejects.toMatchObject({ message: expect.stringContaining('bcrypt') });

  const pkcs8 = (await writeKey(pair, { format: 'pkcs8', passphrase: secret })).toString();
  const der = Buffer.from(pkcs8.split('\n').slice(1, -2).join(''), 'base64');
  const integer = der.indexOf(Buffer.from([0x02, 0x02, 0x08, 0x00]));
  expect(integer).toBeGreaterThan(0);
  const longer = Buffer.concat([
    der.subarray(0, integer),
    Buffer.from([0x02, 0x04, 0x7f, 0xff, 0xff, 0xff]),
    der.subarray(integer + 4),
  ]);
  // The lengths of what stands around it grow with it.
  for (let each = 0; each < integer; each += 1) {
    if (
      longer[each] === 0x30 &&
      (longer[each + 1] ?? 0) < 0x80 &&
      each + 2 + (longer[each + 1] ?? 0) >= integer + 4 &&
      each > 1
    ) {
      longer.writeUInt8((longer[each + 1] ?? 0) + 2, each + 1);
    }
  }
  if (longer[1] === 0x81) longer.writeUInt8((longer[2] ?? 0) + 2, 2);
  const costly = `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${longer.toString('base64')}\n-----END ENCRYPTED PRIVATE KEY-----\n`;
  await expect(open(costly)).rejects.toMatchObject({
    code: 'not-a-key',
    message: expect.stringContaining('rounds'),
  });
});

test.each([
  ['openssh', undefined],
  ['pem', undefined],
  ['pkcs8', undefined],
  ['ppk', undefined],
  ['pkcs8', secret],
] as const)(
  '%s with a byte changed, or cut off, is a key or an error of bai’s, never a bug',
  async (format, passphrase) => {
    for (const key of [rsa, keyPairOf(makeKey('ecdsa 521'), 'me')]) {
      const whole = await writeKey(key, { format, passphrase });
      for (let at = 0; at < whole.length; at += 7) {
        const changed = Buffer.from(whole);
        changed[at] = (whole[at] ?? 0) ^ (1 << (at % 8));
        for (const bytes of [changed, whole.subarray(0, at)]) {
          const outcome: unknown = await openKey(bytes, 'the file', passphrase).catch(
            (error: unknown) => error,
          );
          if (outcome instanceof Error) expect(outcome, String(outcome.stack)).toBeInstanceOf(BaiError);
          try {
            inspectKey(bytes, 'the file');
          } catch (error) {
            expect(error).toBeInstanceOf(BaiError);
          }
        }
      }
    }
  },
);

test('no error holds a part of the key', async () => {
  const text = await ppk(3);
  const half = text.split('Private-Lines: 1\n')[1]?.split('\n')[0] ?? '';
  expect(half.length).toBeGreaterThan(30);
  for (const broken of [
    text.replace(/MAC: ../, 'MAC: 00'),
    text.replace(half, `${half}=`),
    text.replace('Private-MAC', 'MAC'),
  ]) {
    const error: unknown = await open(broken).catch((caught: unknown) => caught);
    const shown = `${String(error)} ${JSON.stringify(error)} ${(error as Error).stack} ${String((error as Error).cause)}`;
    expect(shown).not.toContain(half.slice(0, 20));
  }
});
