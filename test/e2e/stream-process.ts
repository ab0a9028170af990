/** A process of its own that streams one file: `node FILE JSON`; at its end it prints on stderr by how much its memory has grown. */

import { readFileSync } from 'node:fs';
import { defaultTransferOptions as options } from '../../src/core/sftp/transfer-options.ts';
import { createRemoteFiles } from '../../src/transfer/remote-files.ts';
import { connectSftp, type ServerAddress, watch } from './transfer-session.ts';

interface Order {
  readonly server: ServerAddress;
  readonly direction: 'put' | 'get';
  readonly remote: string;
}

const { server, direction, remote } = JSON.parse(process.argv[2] ?? '') as Order; // Written by the test that starts this.
const files = createRemoteFiles(await connectSftp(server), { signal: new AbortController().signal });
const memory = (field: 'VmHWM' | 'VmRSS'): number =>
  Number(new RegExp(`^${field}:\\s*(\\d+)`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
const before = memory('VmRSS');
const write = (bytes: Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => {
    process.stdout.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
await (direction === 'put'
  ? files.putStream({ source: process.stdin, name: '-', remote, options }, watch())
  : files.getStream({ remote, write, options }, watch()));
await files[Symbol.asyncDispose]();
process.stderr.write(`${memory('VmHWM') - before} kB`);
