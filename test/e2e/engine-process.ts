/** A process of its own that moves one file: `node FILE JSON`; it prints the bytes that have arrived. */

import { createRemoteFiles } from '../../src/transfer/remote-files.ts';
import { connectSftp, type ServerAddress, watch } from './transfer-session.ts';

interface Order {
  readonly server: ServerAddress;
  readonly direction: 'put' | 'get';
  readonly source: string;
  readonly target: string;
  readonly stateFolder: string;
}

const order = JSON.parse(process.argv[2] ?? '') as Order; // Written by the test that starts this.
const resume = { folder: order.stateFolder, peer: 'x' };
const files = createRemoteFiles(await connectSftp(order.server), {
  signal: new AbortController().signal,
  resume,
});
const job = { sources: [order.source], target: order.target, recursive: false };
const observer = watch((bytes) => process.stdout.write(`${bytes}\n`));
await (order.direction === 'put' ? files.put(job, observer) : files.get(job, observer));
await files[Symbol.asyncDispose]();
