/** Every key type in every format, with and without passphrase, judged by puttygen, ssh-keygen and ssh2. */

import { execFileSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { describe, expect, test } from 'vitest';
import { inspectKey, type KeyFormat, openKey, requireKey, writeKey } from '../../src/keys/key-formats.ts';
import { keyPairOf } from '../../src/keys/key-pair.ts';
import { describePublicKey, publicLine } from '../../src/keys/public-key.ts';
import {
  keyTypes,
  makeKey,
  passphrase,
  publicLineBySshKeygen,
  puttygen,
  puttyMissing,
} from '../support/key-programs.ts';
import { tempFolder } from '../support/temp-folder.ts';

interface Form {
  readonly format: KeyFormat;
  readonly ppkVersion?: 2 | 3;
}

const forms: readonly Form[] = [
  { format: 'ppk', ppkVersion: 2 },
  { format: 'ppk', ppkVersion: 3 },
  { format: 'openssh' },
  { format: 'pem' },
  { format: 'pkcs8' },
];

const cases = keyTypes.flatMap((type) => [undefined, passphrase].map((secret) => ({ type, secret })));
const named = cases.map(
  (each) => [`${each.type}, ${each.secret === undefined ? 'none' : 'passphrase'}`, each] as const,
);
const bytes = (secret: string | undefined) => (secret === undefined ? undefined : Buffer.from(secret));
const comment = 'me@laptop näher';

describe.each(named)('%s', (_, { type, secret }) => {
  const pair = keyPairOf(makeKey(type), comment);
  const line = publicLine({ blob: pair.publicBlob, comment: '' });
  const write = (form: Form) => writeKey(pair, { ...form, passphrase: bytes(secret) });
  const mine = forms.filter(({ format }) => !(format === 'pem' && type === 'ed25519'));

  test.each(mine)('$format $ppkVersion comes back as it was', async (form) => {
    const text = await write(form);
    const file = requireKey(text, 'it');
    expect(file).toMatchObject({ kind: 'private', format: form.format, encrypted: secret !== undefined });
    const back = await openKey(text, 'it', bytes(secret));
    expect(back.privateKey.equals(pair.privateKey)).toBe(true);
    expect(back.comment).toBe(['pem', 'pkcs8'].includes(form.format) ? '' : comment);
    if (secret === undefined) return;
    const wrong = openKey(text, 'it', Buffer.from('wrong'));
    await expect(wrong).rejects.toMatchObject({ code: 'wrong-passphrase', exitCode: 3 });
    await expect(openKey(text, 'it')).rejects.toMatchObject({ code: 'wrong-passphrase' });
  });

  // PuTTY knows no PKCS#8.
  test.skipIf(puttyMissing).each(mine.filter(({ format }) => format !== 'pkcs8'))(
    'puttygen reads our $format $ppkVersion',
    async (form) => {
      const text = await write(form);
      expect((await puttygen(text, secret, '-L')).toString()).toContain(line);
      // It does nothing when the format is the one it has.
      const other = form.format === 'ppk' ? 'private-openssh-new' : 'private';
      const converted = await puttygen(text, secret, '-O', other);
      expect((await openKey(converted, 'it', bytes(secret))).privateKey.equals(pair.privateKey)).toBe(true);
    },
    60_000,
  );

  test
    .skipIf(puttyMissing)
    .each([
      ['private', '--ppk-param', 'version=2'],
      ['private', '--ppk-param', 'version=3'],
      ['private', '--ppk-param', 'kdf=argon2i,memory=1024,passes=2'],
      ['private', '--ppk-param', 'kdf=argon2d,memory=1024,passes=2'],
      ['private-openssh'],
      ['private-openssh-new'],
    ])(
    'we read %s of puttygen (%s %s)',
    async (kind, ...more) => {
      const written = await puttygen(
        await write({ format: kind === 'private' ? 'openssh' : 'ppk' }),
        secret,
        '-O',
        kind,
        ...more,
      );
      const file = requireKey(written, 'it');
      expect(file).toMatchObject({ kind: 'private', encrypted: secret !== undefined });
      const back = await openKey(written, 'it', bytes(secret));
      expect(back.privateKey.equals(pair.privateKey)).toBe(true);
    },
    60_000,
  );

  test.each(mine.filter(({ format }) => format !== 'ppk'))(
    'OpenSSH reads our $format',
    async ({ format }) => {
      const text = await write({ format });
      if (format === 'pkcs8' && type === 'ed25519') {
        // Only newer releases of ssh-keygen do; OpenSSL is the judge that is always there.
        const made = openssl(text, secret);
        expect(createPublicKey(made).equals(createPublicKey(pair.privateKey))).toBe(true);
        return;
      }
      expect(await publicLineBySshKeygen(text, secret)).toBe(line);
    },
    60_000,
  );

  test('ssh2 reads our openssh', async () => {
    const read = ssh2.utils.parseKey(await write({ format: 'openssh' }), secret);
    expect(read).not.toBeInstanceOf(Error);
  });

  test('the public half is read from what has one, without the passphrase', async () => {
    for (const form of mine) {
      const file = requireKey(await write(form), 'it');
      const hidden = secret !== undefined && ['pem', 'pkcs8'].includes(form.format);
      expect(file.kind === 'private' && file.publicBlob?.equals(pair.publicBlob)).toBe(
        hidden ? undefined : true,
      );
    }
  });

  test('the public half is described as ssh-keygen does', () => {
    using folder = tempFolder();
    const path = join(folder.path, 'key.pub');
    writeFileSync(path, `${line} a comment\n`);
    const facts = describePublicKey(pair.publicBlob);
    for (const [name, print] of [
      ['sha256', facts.sha256],
      ['md5', facts.md5],
    ] as const) {
      const said = execFileSync('ssh-keygen', ['-l', '-E', name, '-f', path], { encoding: 'utf8' }).trim();
      expect(`${facts.bits} ${print} a comment (${facts.algorithm})`).toBe(said);
    }
  });
});

test('PEM has no Ed25519, and that is said', async () => {
  const pair = keyPairOf(makeKey('ed25519'), '');
  const failed = writeKey(pair, { format: 'pem', passphrase: undefined });
  await expect(failed).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('Ed25519') });
});

test.skipIf(puttyMissing)('a comment cannot add lines to what is written', async () => {
  const pair = keyPairOf(makeKey('ed25519'), 'one\nEncryption: none\r\ntwo');
  for (const ppkVersion of [2, 3] as const) {
    const text = await writeKey(pair, { format: 'ppk', ppkVersion, passphrase: undefined });
    expect(text.toString()).toContain('\nComment: one Encryption: none two\n');
    expect((await puttygen(text, undefined, '-L')).toString()).toContain('ssh-ed25519 ');
  }
  expect(publicLine({ blob: pair.publicBlob, comment: pair.comment })).not.toContain('\n');
});

test.skipIf(puttyMissing)('public halves are read as OpenSSH and as PuTTY write them', async () => {
  const pair = keyPairOf(makeKey('ecdsa 256'), 'my key');
  const line = publicLine({ blob: pair.publicBlob, comment: pair.comment });
  const key = { blob: pair.publicBlob, comment: 'my key' };
  expect(inspectKey(Buffer.from(`${line}\n`), 'it')).toEqual({ kind: 'public', key });
  const ppk = await writeKey(pair, { format: 'ppk', passphrase: undefined });
  const rfc4716 = await puttygen(ppk, undefined, '-O', 'public');
  expect(inspectKey(rfc4716, 'it')).toEqual({ kind: 'public', key });
});

test('text that is no key is none, and a certificate or a known host is not taken for one', () => {
  for (const text of [
    '',
    'Host x\n',
    '# notes',
    '[127.0.0.1]:22 ssh-ed25519 AAAA',
    '-----BEGIN CERTIFICATE-----\nMIIB\n',
  ]) {
    expect(inspectKey(Buffer.from(text), 'it')).toBeUndefined();
  }
});

test('a DSA key is named, and not converted', async () => {
  const { privateKey } = generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 });
  const der = Buffer.from(privateKey.export({ format: 'pem', type: 'pkcs8' }));
  await expect(openKey(der, 'it')).rejects.toMatchObject({
    code: 'not-a-key',
    message: expect.stringContaining('dsa'),
  });
});

function openssl(text: Buffer, secret: string | undefined): Buffer {
  return execFileSync('openssl', ['pkey', '-passin', 'env:WORDS'], {
    input: text,
    env: { ...process.env, WORDS: secret ?? '' },
  });
}
