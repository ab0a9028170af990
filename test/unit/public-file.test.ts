/** Public keys in every form and state: one reader, so the commands take the same ones, and refuse the others with the same reasons. */

import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { inspectKey, requireKey } from '../../src/keys/key-formats.ts';
import { requirePublic } from '../../src/keys/public-file.ts';
import { publicBlobOf } from '../../src/keys/public-half.ts';
import { puttygen, puttyMissing } from '../support/key-programs.ts';
import { manglings, manglingsOfLines } from '../support/mangled-text.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';

let folder: TempFolder;
const at = (name: string): string => join(folder.path, name);
const keygen = (...words: string[]): Buffer => execFileSync('ssh-keygen', words, { stdio: 'pipe' });
const line = (type: string): string => readFileSync(at(`${type}.pub`), 'utf8').trim();
const blobOf = (type: string): Buffer => Buffer.from(line(type).split(' ')[1] ?? '', 'base64');

beforeAll(() => {
  folder = tempFolder();
  for (const [type, bits] of [
    ['rsa', '2048'],
    ['ecdsa', '384'],
    ['ed25519', '256'],
  ] as const)
    keygen('-q', '-t', type, '-b', bits, '-N', '', '-C', 'me@here', '-f', at(type));
  keygen('-q', '-s', at('rsa'), '-I', 'id', at('ed25519.pub'));
  return () => folder[Symbol.dispose]();
});

const exported = (type: string, form: string): Buffer => keygen('-e', '-m', form, '-f', at(`${type}.pub`));

const forms: Readonly<Record<string, (type: string) => Buffer | Promise<Buffer>>> = {
  'a line': (type) => readFileSync(at(`${type}.pub`)),
  'a line without a comment': (type) => Buffer.from(`${line(type).split(' ').slice(0, 2).join(' ')}\n`),
  'a line with options': (type) => Buffer.from(`no-pty,command="echo \\"a b\\"" ${line(type)}\n`),
  'a line below a comment': (type) => Buffer.from(`# mine\n\n${line(type)}\n`),
  'SSH2 of OpenSSH': (type) => exported(type, 'RFC4716'),
  'PKCS#8': (type) =>
    // ssh-keygen writes none of Ed25519.
    type === 'ed25519' ? ed25519AsPkcs8() : exported(type, 'PKCS8'),
  PEM: (type) => (type === 'ed25519' ? ed25519AsPkcs8() : exported(type, 'PEM')),
};

function ed25519AsPkcs8(): Buffer {
  const prefix = Buffer.from('302a300506032b6570032100', 'hex');
  const der = Buffer.concat([prefix, blobOf('ed25519').subarray(-32)]).toString('base64');
  return Buffer.from(`-----BEGIN PUBLIC KEY-----\n${der}\n-----END PUBLIC KEY-----\n`);
}

describe.each(['rsa', 'ecdsa', 'ed25519'])('%s', (type) => {
  describe.each(Object.keys(forms))('as %s', (form) => {
    const isLine = form.startsWith('a line');
    const ways = { ...manglings, ...(isLine ? {} : manglingsOfLines) };

    test.each(Object.entries(ways))('with %s', async (_, mangle) => {
      const bytes = mangle((await forms[form]?.(type)) ?? Buffer.alloc(0));
      const read = requirePublic(bytes, 'it');
      expect([read.type, Buffer.from(read.blob).equals(blobOf(type))]).toEqual([
        line(type).split(' ')[0],
        true,
      ]);
      expect(read.options).toBe(form === 'a line with options' ? 'no-pty,command="echo \\"a b\\""' : '');
      expect(inspectKey(bytes, 'it')).toEqual({
        kind: 'public',
        key: { blob: blobOf(type), comment: read.comment },
      });
      expect(Buffer.from(publicBlobOf(bytes) ?? []).equals(blobOf(type))).toBe(true);
    });
  });

  test.skipIf(puttyMissing)('as PuTTY writes it', async () => {
    const forms = await Promise.all(
      ['public', 'public-openssh'].map((form) => puttygen(readFileSync(at(type)), undefined, '-O', form)),
    );
    for (const bytes of forms) {
      expect(Buffer.from(requirePublic(bytes, 'it').blob).equals(blobOf(type))).toBe(true);
      expect(inspectKey(bytes, 'it')).toMatchObject({ kind: 'public', key: { blob: blobOf(type) } });
    }
  });
});

test('the comment of the SSH2 form is read whole, quotes and continued lines too', () => {
  const [begin, , ...rest] = exported('ed25519', 'RFC4716').toString().split('\n');
  const comment = 'Comment: "a \\\nlong \\"comment\\""';
  const text = [begin, 'Subject: me', comment, 'x-own: y', ...rest].join('\n');
  expect(requirePublic(Buffer.from(text), 'it').comment).toBe('a long "comment"');
});

const refused: Readonly<Record<string, { readonly text: () => string; readonly why: RegExp }>> = {
  'a certificate': { text: () => readFileSync(at('ed25519-cert.pub'), 'utf8'), why: /it is a certificate/ },
  'several keys': { text: () => `${line('rsa')}\n${line('ecdsa')}\n`, why: /it holds several keys/ },
  'a key and words': { text: () => `${line('rsa')}\nand more\n`, why: /it holds more than one line/ },
  'a key that is broken into lines': {
    text: () => line('rsa').replace(/(.{60})/g, '$1\n'),
    why: /it is damaged, or broken into several lines/,
  },
  'a key that was cut': { text: () => line('ed25519').slice(0, 60), why: /it is damaged/ },
  'another type inside': { text: () => line('rsa').replace('ssh-rsa', 'ssh-ed25519'), why: /it is damaged/ },
  'a type of nobody': {
    text: () => line('rsa').replace('ssh-rsa', 'ssh-xmss@openssh.com'),
    why: /of the type ssh-xmss@openssh.com/,
  },
  'a line of known_hosts': {
    text: () => `host.example ${line('rsa')}`,
    why: /not an option of authorized_keys/,
  },
  'a mark of known_hosts': {
    text: () => `@cert-authority *.example ${line('ed25519')}\n`,
    why: /not an option of authorized_keys/,
  },
  'an X.509 certificate': {
    text: () => '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n',
    why: /X\.509/,
  },
  'the SSH2 form, cut': {
    text: () => exported('rsa', 'RFC4716').toString().slice(0, 200),
    why: /it ends too early/,
  },
  'PKCS#8 of garbage': {
    text: () => '-----BEGIN PUBLIC KEY-----\nTm90\n-----END PUBLIC KEY-----\n',
    why: /it is damaged/,
  },
  'a key that SSH does not know': {
    text: () => String(generateKeyPairSync('x25519').publicKey.export({ type: 'spki', format: 'pem' })),
    why: /it is of the type x25519/,
  },
};

test.each(Object.entries(refused))('%s is refused by all, for the same reason', (_, { text, why }) => {
  const bytes = Buffer.from(text());
  expect(() => requirePublic(bytes, 'FILE')).toThrow(why);
  expect(() => requirePublic(bytes, 'FILE')).toThrow(
    expect.objectContaining({ code: 'not-a-public-key', hint: expect.stringMatching(/./) }),
  );
  expect(() => requireKey(bytes, 'FILE')).toThrow(why);
  expect(() => requireKey(bytes, 'FILE')).toThrow(
    expect.objectContaining({ code: 'not-a-key', hint: expect.stringMatching(/./) }),
  );
});

test('an X.509 certificate and a list of hosts are no public keys, and nothing that is damaged', () => {
  const certificate = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
  expect(() => requirePublic(Buffer.from(certificate), 'FILE')).toThrow(/X\.509/);
  const hosts = `host.example,192.0.2.1 ${line('rsa')}\n`;
  expect(() => requirePublic(Buffer.from(hosts), 'FILE')).toThrow(/not an option of authorized_keys/);
  for (const text of [certificate, hosts, `${hosts}${hosts}`])
    expect(inspectKey(Buffer.from(text), 'it')).toBeUndefined();
});

test('a file that is larger than any key is none, and takes no time', () => {
  const bytes = Buffer.from(`ssh-ed25519 ${'A'.repeat(8_000_000)}`);
  expect(inspectKey(bytes, 'it')).toBeUndefined();
  expect(() => requirePublic(bytes, 'FILE')).toThrow(/not a public key/);
});
