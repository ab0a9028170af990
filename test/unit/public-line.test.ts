import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { isFull, sameBytes, withKey, withoutKeys } from '../../src/core/keys/authorized-keys.ts';
import {
  checkAuthorizable,
  formatPublicLine,
  type PublicLine,
  parsePublicLine,
  plainPublicLine,
} from '../../src/core/keys/public-line.ts';
import { UsageError } from '../../src/errors.ts';
import { requirePublic } from '../../src/keys/public-file.ts';
import { tempFolder } from '../support/temp-folder.ts';

const readPublicLine = (text: string, origin: string): PublicLine =>
  checkAuthorizable(requirePublic(Buffer.from(text), origin), origin);

let ed25519: string;
let rsa: string;

beforeAll(() => {
  ed25519 = publicLine('ed25519', '256');
  rsa = publicLine('rsa', '2048');
});

test.each([
  ['rsa', '2048'],
  ['rsa', '16384'],
  ['ecdsa', '256'],
  ['ecdsa', '384'],
  ['ecdsa', '521'],
  ['ed25519', '256'],
])('a line of %s %s comes out as it went in', (type, bits) => {
  const line = bits === '16384' ? rsaOf(16384) : publicLine(type, bits);
  expect(formatPublicLine(readPublicLine(`${line}\n`, 'FILE'))).toBe(line);
});

test('options stay in front, quotes and blanks in them too', () => {
  const options = 'no-pty,command="echo \\"a b\\" ssh-rsa AAAA",from="10.0.0.0/8"';
  const line = `${options} ${ed25519}`;
  expect(readPublicLine(line, 'FILE')).toMatchObject({ options, type: 'ssh-ed25519', comment: 'me@here' });
  expect(formatPublicLine(readPublicLine(line, 'FILE'))).toBe(line);
});

test.each([
  ['me@my-laptop.example', ' me@my-laptop.example'],
  ['', ''],
  ['$(reboot)`id`\\', ' reboot-id'],
  ['EOF\nx; rm -rf / # é', ' EOF-x-rm-rf'],
  ['a'.repeat(200), ` ${'a'.repeat(100)}`],
])(
  'a key goes to a platform without options, and the comment %j without what a shell heeds',
  (comment, shown) => {
    const key = { ...readPublicLine(ed25519, 'FILE'), options: 'no-pty', comment };
    expect(plainPublicLine(key)).toBe(`${ed25519.split(' ').slice(0, 2).join(' ')}${shown}`);
  },
);

test.each<readonly [string, () => string]>([
  ['two lines', () => `${ed25519}\n${rsa}`],
  ['a line break before more', () => `${ed25519}\ncommand="x"`],
  ['a carriage return before more', () => `${ed25519}\r${rsa}`],
  ['a Unicode line separator', () => `${ed25519}\u2028x`],
  ['a NUL', () => `${ed25519}\0`.concat('x')],
  ['another type inside', () => ed25519.replace('ssh-ed25519', 'ssh-rsa')],
  ['a type that is none', () => ed25519.replace('ssh-ed25519', 'ssh-foo')],
  ['a certificate', () => ed25519.replace('ssh-ed25519', 'ssh-ed25519-cert-v01@openssh.com')],
  ['a cut blob', () => ed25519.replace(/(.{40}) me/, ' me')],
  [
    'bytes behind the key',
    () => `ssh-ed25519 ${Buffer.concat([blobOf(ed25519), Buffer.alloc(4)]).toString('base64')}`,
  ],
  ['no blob', () => 'ssh-ed25519 me@here'],
  ['a line of known_hosts', () => `host.example ${ed25519}`],
  ['a blob of zeros', () => `ssh-ed25519 ${Buffer.alloc(51).toString('base64')}`],
  ['open quotes', () => `command="x ${ed25519}`],
  ['an escape sequence in the options', () => `command="\u001b]0;x" ${ed25519}`],
  ['a private key', () => '-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn\n-----END OPENSSH PRIVATE KEY-----'],
  ['the first line of the SSH2 form', () => '---- BEGIN SSH2 PUBLIC KEY ----'],
  ['nothing', () => ' \n'],
  ['a comment alone', () => `# ${ed25519}`],
  ['far too much', () => `command="${'x'.repeat(4000)}" ${ed25519}`],
  ['DSA', () => `ssh-dss ${dssBlob().toString('base64')}`],
  ['RSA of 1024 bits', () => rsaOf(1024)],
])('%s is refused, and named', (_, make) => {
  const read = () => readPublicLine(make(), 'the file FILE');
  expect(read).toThrow(UsageError);
  expect(read).toThrow(/the file FILE/);
  expect(read).toThrow(expect.objectContaining({ hint: expect.stringMatching(/./) }));
});

test('control characters of a comment become visible', () => {
  expect(readPublicLine(`${ed25519} \u001b[31m\u202e`, 'x').comment).toBe('me@here \\x1b[31m\\u202e');
});

test('a key is appended on a line of its own, whatever the file ends with, and never twice', () => {
  const isMeant = (blob: Uint8Array) => sameBytes(blob, blobOf(ed25519));
  expect(withKey('', ed25519, isMeant)).toBe(`${ed25519}\n`);
  expect(withKey(`${rsa}\n`, ed25519, isMeant)).toBe(`${rsa}\n${ed25519}\n`);
  expect(withKey(`# no end`, ed25519, isMeant)).toBe(`# no end\n${ed25519}\n`);
  const other = ed25519.replace('me@here', 'elsewhere');
  for (const there of [
    other,
    `${other}\r\n`,
    `no-pty ${other}\n${rsa}`,
    `\t${other}\n`,
    `${rsa}\n${other}`,
  ]) {
    expect(withKey(there, ed25519, isMeant), there).toBeUndefined();
  }
  expect(withKey(`#${other}\n`, ed25519, isMeant)).toBe(`#${other}\n${ed25519}\n`);
});

test('all lines with the key go, and no other byte changes', () => {
  const isMeant = (blob: Uint8Array) => sameBytes(blob, blobOf(ed25519));
  const pieces = [
    '# mine\r\n',
    '\n',
    `${rsa}\r\n`,
    'command="a #b" nonsense\n',
    '\xff\xfe\n',
    `# ${ed25519}\n`,
    `${rsa} last`,
  ];
  const mixed = pieces.flatMap((piece) => [`${ed25519}\r\n`, piece]).join('');
  expect(withoutKeys(mixed, isMeant)).toEqual({ content: pieces.join(''), removed: pieces.length });
  expect(withoutKeys(`${rsa}\nno-pty ${ed25519}`, isMeant)).toEqual({ content: `${rsa}\n`, removed: 1 });
  expect(withoutKeys(pieces.join(''), isMeant).removed).toBe(0);
});

test('more lines than dropbear reads are noticed', () => {
  expect(isFull('\n'.repeat(299))).toBe(false);
  expect(isFull('\n'.repeat(300))).toBe(true);
});

test('what is no key of a line is nothing, and never an exception', () => {
  for (const line of [
    '',
    '#',
    'ssh-rsa',
    'ssh-rsa =',
    'ssh-rsa A',
    `${'"'.repeat(100)} x`,
    'a\\',
    'ssh-rsa AAAAB',
  ]) {
    expect(parsePublicLine(line)).toBeUndefined();
  }
});

function blobOf(line: string): Buffer {
  return Buffer.from(line.split(' ')[1] ?? '', 'base64');
}

function field(bytes: Buffer | string): Buffer {
  const content = Buffer.from(bytes);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([length, content]);
}

function dssBlob(): Buffer {
  return Buffer.concat([field('ssh-dss'), ...[1, 2, 3, 4].map(() => field(Buffer.alloc(20, 1)))]);
}

function rsaOf(bits: number): string {
  const modulus = Buffer.concat([Buffer.alloc(1), Buffer.alloc(bits / 8, 0x81)]);
  const blob = Buffer.concat([field('ssh-rsa'), field(Buffer.from([1, 0, 1])), field(modulus)]);
  return `ssh-rsa ${blob.toString('base64')} me@here`;
}

function publicLine(type: string, bits: string): string {
  using folder = tempFolder();
  const path = join(folder.path, 'key');
  execFileSync('ssh-keygen', ['-q', '-t', type, '-b', bits, '-N', '', '-C', 'me@here', '-f', path]);
  return readFileSync(`${path}.pub`, 'utf8').trim();
}
