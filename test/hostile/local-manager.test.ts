/** Who may not call the local manager costs it no memory. */

import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { expect, test } from 'vitest';
import { bai } from '../support/bai.ts';
import { tempFolder } from '../support/temp-folder.ts';

const onLinux = test.skipIf(process.platform !== 'linux');
const bodyBytes = 31 << 20;

function largestMegabytes(pid: number): number {
  return Number(/^VmHWM:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** The status of the answer, or nothing when the connection was closed over the body. */
function send(url: URL, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve) => {
    const outgoing = request(url, { method: 'POST', headers, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    outgoing.on('error', () => resolve(undefined));
    const chunk = Buffer.alloc(1 << 20, 'x');
    let left = bodyBytes;
    const more = (): void => {
      while (left > 0 && !outgoing.destroyed) {
        left -= chunk.length;
        if (!outgoing.write(chunk)) return void outgoing.once('drain', more);
      }
      outgoing.end();
    };
    more();
  });
}

onLinux('40 unauthenticated bodies of 31 MB at once leave the local manager as small as it was', async () => {
  using home = tempFolder();
  const run = (...args: string[]) => bai(args, { home: home.path });
  const up = await run('local', 'up', '--json');
  const { endpoint, pid } = JSON.parse(up.stdout);
  try {
    const before = largestMegabytes(pid);
    const version = { 'X-BackendAI-Version': 'v9.20250722', Date: new Date().toISOString() };
    const kinds = [
      version,
      { ...version, Authorization: `BackendAI signMethod=HMAC-SHA256, credential=AKIAX:${'0'.repeat(64)}` },
      { 'Content-Type': 'application/json' },
    ];
    const paths = ['/session', '/admin/gql', '/nothing/there', '/'];
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, at) =>
        send(new URL(paths[at % paths.length] ?? '/', endpoint), kinds[at % kinds.length] ?? {}),
      ),
    );
    expect(answers.filter((status) => status !== undefined && status < 400)).toEqual([]);
    expect(largestMegabytes(pid) - before).toBeLessThan(60);
    expect(await run('session', 'list')).toMatchObject({ code: 0 });
  } finally {
    await run('local', 'down');
  }
});
