/** SFTP packets that no server may send: what was wrong with them is said, and not that there is no SFTP. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openEmulator } from './app-bed.ts';

const packet = (type: number, ...rest: number[]): Buffer => {
  const body = Buffer.from([type, ...rest]);
  return Buffer.concat([length(body.length), body]);
};

function length(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

const version = 2;
const status = 101;
const data = 103;
const name = 104;

interface Strange {
  readonly what: string;
  readonly request: string;
  readonly bytes: Buffer;
  readonly says: RegExp;
  readonly code: string;
}

const broken = 'the file server of session demo does not follow the SFTP protocol: it sent';

const answers: Strange[] = [
  {
    what: 'a packet that is too large',
    request: 'read',
    bytes: Buffer.concat([length(300_000), Buffer.from([data])]),
    says: new RegExp(`${broken} a packet of 300000 bytes, which begins with the bytes 000493e0`),
    code: 'protocol',
  },
  {
    what: 'a length that ssh2 takes for a negative number',
    request: 'read',
    bytes: Buffer.concat([length(0xff_ff_ff_f0), Buffer.from([data])]),
    says: new RegExp(`${broken} a packet of 4294967280 bytes`),
    code: 'protocol',
  },
  {
    what: 'text of a program in the background',
    request: 'read',
    bytes: Buffer.from('hello from cron\n'),
    says: new RegExp(`${broken} a packet of 1751477356 bytes, which begins with "hell"`),
    code: 'protocol',
  },
  {
    what: 'a packet without a type',
    request: 'read',
    bytes: length(0),
    says: new RegExp(`${broken} a packet without a type`),
    code: 'protocol',
  },
  {
    what: 'a type that there is not',
    request: 'opendir',
    bytes: packet(99, 0, 0, 0, 0),
    says: new RegExp(`${broken} a packet of type 99, which no server may send`),
    code: 'protocol',
  },
  {
    what: 'data that is cut short',
    request: 'read',
    bytes: packet(data, 0, 0),
    says: new RegExp(`${broken} a DATA packet that is cut short, or has wrong lengths in it`),
    code: 'protocol',
  },
  {
    what: 'names that are cut short',
    request: 'readdir',
    bytes: packet(name, 0, 0, 0, 3, 0, 0, 0, 9),
    says: new RegExp(`${broken} a NAME packet that is cut short`),
    code: 'protocol',
  },
  {
    what: 'its version a second time',
    request: 'opendir',
    bytes: packet(version, 0, 0, 0, 3),
    says: new RegExp(`${broken} its version twice`),
    code: 'protocol',
  },
  {
    what: 'a status in the place of its version',
    request: 'init',
    bytes: packet(status, 0, 0, 0, 0),
    says: new RegExp(`${broken} a packet of type 101 before its version`),
    code: 'protocol',
  },
  {
    what: 'a version that is cut short',
    request: 'init',
    bytes: packet(version, 0),
    says: new RegExp(`${broken} a VERSION packet that is cut short`),
    code: 'protocol',
  },
  {
    what: 'another version',
    request: 'init',
    bytes: packet(version, 0, 0, 0, 6),
    says: /the file server of session demo speaks version 6 of SFTP, and was asked for 3/,
    code: 'no-sftp',
  },
];

test.each(answers)('"has no SFTP service": $what is named', async ({ request, bytes, says, code }) => {
  await using bed = await openEmulator();
  await bed.create('demo');
  writeFileSync(join(bed.emulator.sessions.get('demo').home ?? '', 'file'), 'content');
  bed.emulator.faults.add({ kind: 'sftp-bytes', request, bytes });
  const args = request === 'read' ? ['get', 'demo:file', 'got'] : ['ls', 'demo:.'];
  const { code: status, stderr } = await bed.bai(['sftp', ...args, '--json']);
  const error: unknown = JSON.parse(stderr.trim().split('\n').at(-1) ?? '');
  expect(error).toMatchObject({ error: { code, message: expect.stringMatching(says) } });
  expect([status, stderr.includes('bug')]).toEqual([1, false]);
});
