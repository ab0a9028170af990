/** A process of its own that gets or lists what a liar has: `node FILE JSON`; it prints how it ended, and its memory in kB. */

import { readFileSync } from 'node:fs';
import { defaultTransferOptions } from '../../src/core/sftp/transfer-options.ts';
import { BaiError } from '../../src/errors.ts';
import { listRemoteTree } from '../../src/services/sftp/sftp-tree.ts';
import { createRemoteFiles, type RemoteFiles } from '../../src/transfer/remote-files.ts';
import type { ServerAddress } from '../e2e/transfer-session.ts';
import { connectFully } from '../support/ssh-session.ts';

export interface Order {
  readonly server: ServerAddress;
  readonly work: 'get' | 'get -r' | 'tar' | 'stream' | 'list' | 'sync';
  readonly target: string;
}

export interface Report {
  readonly code: string;
  readonly failed: readonly string[];
  readonly retried: readonly string[];
  readonly growthKb: number;
}

const { server, work, target } = JSON.parse(process.argv[2] ?? '') as Order; // Written by the test that starts this.
const signal = new AbortController().signal;
const retried: string[] = [];
const observer = {
  started: () => ({ update: () => {}, stop: () => {} }),
  failed: () => {},
  skipped: () => {},
  retrying: ({ code }: { readonly code: string }) => void retried.push(code),
};

function memory(field: 'VmHWM' | 'VmRSS'): number {
  return Number(new RegExp(`^${field}:\\s*(\\d+)`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
}

async function run(files: RemoteFiles): Promise<readonly { readonly code: string }[]> {
  const options = { ...defaultTransferOptions, via: work === 'tar' ? ('tar' as const) : ('sftp' as const) };
  switch (work) {
    case 'list':
      for await (const _ of files.list('trap'));
      return [];
    case 'sync':
      return (await listRemoteTree('trap', files, { accepts: () => true, use: 'here' })).problems;
    case 'stream':
      return (await files.getStream({ remote: 'x', write: async () => {}, options }, observer)).failed;
    default: {
      const recursive = work !== 'get';
      const job = { sources: [recursive ? 'trap' : 'x'], target, recursive, options };
      return (await files.get(job, observer)).failed;
    }
  }
}

const connection = await connectFully(server);
const files = createRemoteFiles(connection, { signal });
const before = memory('VmRSS');
let code = 'done';
let failed: readonly { readonly code: string }[] = [];
try {
  failed = await run(files);
} catch (error) {
  code = error instanceof BaiError ? error.code : `a bug: ${String(error)}`;
}
const report: Report = {
  code,
  failed: [...new Set(failed.map((problem) => problem.code))],
  retried,
  growthKb: memory('VmHWM') - before,
};
process.stdout.write(JSON.stringify(report));
process.exit();
