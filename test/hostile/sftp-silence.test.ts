/** Every request to a file server that answers none of them ends: by its limit, and by Ctrl-C. */

import { describe, expect, test } from 'vitest';
import { extensionsOf } from '../../src/ssh/ssh2-internals.ts';
import { SftpChannel } from '../../src/transfer/engine/sftp-channel.ts';
import { createSftpRequests, type SftpRequests } from '../../src/transfer/engine/sftp-requests.ts';
import { connectFully } from '../support/ssh-session.ts';
import { startLiar } from './transfer-liar.ts';

const handle = { id: Buffer.from('0'), path: 'a' };
const bytes = Buffer.alloc(8);

/** Each is asked once; a new one has to be named here. */
const asked: {
  readonly [Name in keyof SftpRequests]: ((requests: SftpRequests) => Promise<unknown>) | 'no request';
} = {
  open: (requests) => requests.open('a', 1),
  openFolder: (requests) => requests.openFolder('a'),
  close: (requests) => requests.close(handle),
  read: (requests) => requests.read(handle, bytes, 0),
  write: (requests) => requests.write(handle, bytes, 0),
  readFolder: (requests) => requests.readFolder(handle),
  attributes: (requests) => requests.attributes(handle),
  setMode: (requests) => requests.setMode(handle, 0o600),
  setOwner: (requests) => requests.setOwner(handle, 1, 1),
  setTimes: (requests) => requests.setTimes(handle, 1, 1),
  truncate: (requests) => requests.truncate(handle, 1),
  sync: (requests) => requests.sync(handle),
  stat: (requests) => requests.stat('a'),
  lstat: (requests) => requests.lstat('a'),
  realpath: (requests) => requests.realpath('a'),
  changeMode: (requests) => requests.changeMode('a', 0o600),
  mkdir: (requests) => requests.mkdir('a'),
  remove: (requests) => requests.remove('a'),
  removeFolder: (requests) => requests.removeFolder('a'),
  rename: (requests) => requests.rename('a', 'b'),
  posixRename: (requests) => requests.posixRename('a', 'b'),
  freeBytes: (requests) => requests.freeBytes('a'),
  offers: 'no request',
};

const requests = Object.entries(asked).flatMap(([name, ask]) =>
  ask === 'no request' ? [] : [[name, ask] as const],
);

test('every request that there is stands here', async () => {
  await using bed = await openSilent();
  expect(Object.keys(bed.requests).sort()).toEqual(Object.keys(asked).sort());
});

describe.each(requests)('%s', (_, ask) => {
  test('ends when nothing was answered for too long', async () => {
    await using bed = await openSilent(100);
    await expect(ask(bed.requests)).rejects.toMatchObject({ code: 'stalled', exitCode: 5 });
  });

  test('ends with Ctrl-C', async () => {
    await using bed = await openSilent();
    const answer = ask(bed.requests);
    bed.interrupt();
    await expect(answer).rejects.toMatchObject({ code: 'interrupted' });
  });
});

/** A server with all extensions that takes requests and keeps silent. */
async function openSilent(stallMs = 60_000) {
  const server = await startLiar({ isSilent: true });
  const connection = await connectFully(server);
  const interruption = new AbortController();
  // ssh2 refuses at once to send what the server has not offered.
  const extensions = {
    'posix-rename@openssh.com': '1',
    'fsync@openssh.com': '1',
    'statvfs@openssh.com': '2',
  };
  Object.assign(extensionsOf(connection.sftp), extensions);
  const channel = new SftpChannel(connection, { signal: interruption.signal, stallMs });
  return {
    requests: createSftpRequests(channel),
    interrupt: () => interruption.abort(),
    async [Symbol.asyncDispose]() {
      await connection[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}
