/** `bai forward` in the foreground, against every manager: ports, apps, both directions, and how it ends. */

import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BaiResult, finished, untilPrinted } from '../support/bai.ts';
import { managerKinds } from '../support/managers.ts';
import { dial, freePort, openSession, type SessionBed, take } from './app-bed.ts';

interface Running extends AsyncDisposable {
  /** The ports of this machine, in the order of the lines. */
  readonly ports: readonly number[];
  readonly lines: readonly string[];
  interrupt(): Promise<BaiResult>;
}

describe.each(managerKinds())('$name', (kind) => {
  let bed: SessionBed;

  beforeAll(async () => {
    bed = await openSession(kind);
  });
  afterAll(() => bed?.[Symbol.asyncDispose]());

  async function forward(specs: readonly string[], lines: number): Promise<Running> {
    const child = bed.start(['forward', bed.session, ...specs]);
    const ended = finished(child);
    const [text] = await untilPrinted(child, 'stdout', new RegExp(`^(?:.+\\n){${lines}}$`));
    const shown = text.trim().split('\n');
    const interrupt = (): Promise<BaiResult> => {
      child.kill('SIGINT');
      return ended;
    };
    return {
      lines: shown,
      ports: shown.map((line) => Number(/^127\.0\.0\.1:(\d+) /.exec(line)?.[1])),
      interrupt,
      async [Symbol.asyncDispose]() {
        if (child.exitCode === null) await interrupt();
      },
    };
  }

  async function read(port: number, bytes: number): Promise<string> {
    const socket = await dial(port);
    const taken = await take(socket, bytes);
    socket.destroy();
    return taken.toString('utf8', 0, bytes);
  }

  test('ports in both directions and an app are there at once, each line says where it leads, and Ctrl-C ends with 130', async () => {
    const server = createServer((socket) => socket.end('from here\n'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const local = typeof address === 'object' ? address?.port : undefined;
    const [here, there] = [await freePort(), await freePort()];
    const running = await forward(['-R', `${there}:127.0.0.1:${local}`, `${here}:${there}`, 'sshd'], 3);
    const { session } = bed;
    expect(running.lines[0]).toBe(`127.0.0.1:${here} -> ${session}:${there}`);
    expect(running.lines[1]).toMatch(new RegExp(`-> ${session}:sshd {2}ssh://work@127\\.0\\.0\\.1:\\d+$`));
    expect(running.lines[2]).toBe(`${session}:${there} -> 127.0.0.1:${local}`);
    const [port = 0, sshd = 0] = running.ports;
    expect(await read(sshd, 8)).toBe('SSH-2.0-');
    // Into the session, and out of it again: its port leads to the server here.
    expect(await read(port, 10)).toBe('from here\n');
    const script = `exec 3<>/dev/tcp/127.0.0.1/${there}; cat <&3`;
    const { stdout } = await bed.bai(['exec', '-n', session, `bash -c '${script}'`]);
    expect(stdout).toBe('from here\n');
    const { code, stderr } = await running.interrupt();
    expect(stderr).not.toMatch(/^(?:error|warning)/m);
    expect(code).toBe(130);
    server.close();
  });

  test('a port that is taken, an app that is not there and a word that is nothing open no port at all', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const failures = [[':1', `${port}:22`], ['no-such-app'], ['a b']];
    const results = await Promise.all(failures.map((specs) => bed.bai(['forward', bed.session, ...specs])));
    expect(results.map(({ code, stdout }) => ({ code, stdout }))).toEqual([
      { code: 6, stdout: '' },
      { code: 4, stdout: '' },
      { code: 2, stdout: '' },
    ]);
    expect(results[0]?.stderr).toMatch(/port \d+ on this machine is taken\nhint: .*:80/);
    taken.close();
  });
});
