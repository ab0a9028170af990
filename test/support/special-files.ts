/** What can stand where a file is expected: each made anew in a folder of the test's own, never one of the system's. */

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { rename } from 'node:fs/promises';
import { createServer } from 'node:net';

/** It stays when nobody listens any more: libuv takes away only the name it was bound to. */
export async function makeSocket(path: string): Promise<void> {
  const server = createServer().listen(`${path}~`);
  await once(server, 'listening');
  await rename(`${path}~`, path);
  server.close();
  await once(server, 'close');
}

export interface SpecialFile {
  readonly kind: string;
  readonly make: (path: string) => Promise<void>;
}

const isRoot = process.getuid?.() === 0;

/** A copy of the null device, for root alone may make one. */
const devices: readonly SpecialFile[] = isRoot
  ? [
      { kind: 'a character device', make: async (path) => void execFileSync('mknod', [path, 'c', '1', '3']) },
      { kind: 'a block device', make: async (path) => void execFileSync('mknod', [path, 'b', '7', '200']) },
    ]
  : [];

export const specialFiles: readonly SpecialFile[] = [
  { kind: 'a named pipe', make: async (path) => void execFileSync('mkfifo', [path]) },
  { kind: 'a socket', make: makeSocket },
  ...devices,
];
