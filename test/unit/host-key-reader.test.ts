import { expect, test } from 'vitest';
import { HostKeyReader } from '../../src/core/ssh/host-key-reader.ts';

const text = (value: string): Buffer => Buffer.from(value, 'latin1');
const withLength = (bytes: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};
const packet = (type: number, payload: Buffer): Buffer =>
  withLength(Buffer.concat([Buffer.from([4, type]), payload, Buffer.alloc(4)]));
const key = Buffer.concat([withLength(text('ssh-ed25519')), withLength(Buffer.alloc(32, 7))]);
const proposal = packet(20, Buffer.alloc(600, 1));
const answer = packet(31, Buffer.concat([withLength(key), withLength(Buffer.alloc(32, 9))]));
const greeting = text('SSH-2.0-dropbear_2024.85\r\n');

function readAll(chunks: readonly Buffer[]): { readonly key: Buffer | undefined; readonly isOver: boolean } {
  const reader = new HostKeyReader();
  const found = chunks.map((chunk) => reader.read(chunk)).filter((each) => each !== undefined);
  return { key: found[0] && Buffer.from(found[0]), isOver: reader.isOver };
}

test.each([
  ['at once', (bytes: Buffer) => [bytes]],
  ['byte by byte', (bytes: Buffer) => Array.from(bytes, (byte) => Buffer.from([byte]))],
])('the host key is found when everything comes %s', (_, cut) => {
  expect(readAll(cut(Buffer.concat([greeting, proposal, answer])))).toEqual({ key, isOver: true });
  const wordy = Buffer.concat([text('welcome\r\nto it\r\n'), greeting, proposal, answer]);
  expect(readAll(cut(wordy)).key).toEqual(key);
});

test('a group of the server’s choice comes before the answer', () => {
  const group = packet(
    31,
    Buffer.concat([withLength(Buffer.alloc(257, 200)), withLength(Buffer.from([0, 2]))]),
  );
  const late = packet(33, Buffer.concat([withLength(key), withLength(Buffer.alloc(256, 9))]));
  expect(readAll([greeting, proposal, group, late])).toEqual({ key, isOver: true });
});

test.each([
  ['a length that no packet has', text('\u00FF\u00FF\u00FF\u00FFmore')],
  ['an empty packet', Buffer.alloc(8)],
  ['another message', packet(94, Buffer.alloc(20))],
  ['an answer without a key', packet(33, withLength(text('nonsense')))],
  ['bytes without end', Buffer.alloc(200_000, 'x')],
])('%s ends the search without a key', (_, bytes) => {
  expect(readAll([greeting, bytes])).toEqual({ key: undefined, isOver: true });
});

test('a server that has said nothing more is waited for', () => {
  expect(readAll([greeting, proposal.subarray(0, 100)])).toEqual({ key: undefined, isOver: false });
});
