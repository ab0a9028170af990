/**
 * What people know of ssh, after the names of OpenSSH's own regression scripts, with both clients and on every server
 * that a session may run.
 */

import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bed, dial, freePort, take, until } from '../contract/app-bed.ts';
import { type BaiResult, cleanEnvironment, finished, launcher, untilPrinted } from '../support/bai.ts';
import { managerKinds } from '../support/managers.ts';
import { clients, type RegressBed, regressServers, why } from './regress-bed.ts';

const mebibyte = 1024 * 1024;

for (const server of regressServers(managerKinds())) {
  const { name, missing, isEmbedded } = server;
  describe.skipIf(missing !== undefined)(`on ${name}${why(missing)}`, () => {
    let opened: RegressBed;
    let bed: Bed;
    let session: string;
    let folder: string;
    let env: RegressBed['env'] = {};
    const content = randomBytes(5 * mebibyte + 1);
    const sum = createHash('sha256').update(content).digest('hex');

    beforeAll(async () => {
      opened = await server.open();
      ({ bed, session, folder, env } = opened);
      await opened.put('data', content);
    }, 120_000);
    afterAll(async () => {
      await opened?.[Symbol.asyncDispose]();
    });

    describe.each(clients)('with the %s client', (client) => {
      const ssh = (words: readonly string[], input?: Uint8Array): Promise<BaiResult> =>
        bed.bai(['ssh', session, '--client', client, '--', ...words], { env, ...(input && { input }) });
      /** In a pipe of the shell; returns what it printed. */
      const inShell = async (script: string): Promise<string> => {
        const options = { env: { ...cleanEnvironment({ home: bed.home, env: { ...bed.env, ...env } }) } };
        const bai = `'${process.execPath}' '${launcher}' ssh ${session} --client ${client} --`;
        const ran = promisify(execFile)('bash', ['-c', script.replaceAll('BAI', bai)], options);
        return (await ran).stdout;
      };

      test.each([0, 1, 4, 5, 44, 255])('exit-status %i', async (status) => {
        expect(await ssh([`exit ${status}`])).toMatchObject({ code: status, stdout: '', stderr: '' });
        expect((await ssh([`sleep 0.1; exec >/dev/null 2>&1; exit ${status}`])).code).toBe(status);
      });

      test('exit-status-signal', async () => {
        // The shell itself must be what the signal ends.
        const { code } = await ssh(['exec sh -c "kill -USR1 \\$\\$; sleep 10"']);
        expect(code).toBe(client === 'system' ? 255 : 128 + constants.signals.SIGUSR1);
      });

      test('stderr-data', async () => {
        const ran = await ssh(['sh', '-c', '"echo out; cat /etc/hostname - >&2"'], new Uint8Array());
        const same = await ssh(['cat /etc/hostname']);
        expect([ran.code, ran.stdout, ran.stderr]).toEqual([0, 'out\n', same.stdout]);
      });

      const losesBytes = client === 'system' && server.losesBytes;
      test.skipIf(losesBytes)('stderr-after-eof', async () => {
        const ran = await ssh([`exec >/dev/null; cat ${folder}/data >&2`]);
        const { stderr } = await inShell(
          `BAI 'exec >/dev/null; cat ${folder}/data >&2' 2>&1 >/dev/null | sha256sum`,
        ).then((printed) => ({ stderr: printed.slice(0, 64) }));
        expect([ran.code, ran.stdout, stderr]).toEqual([0, '', sum]);
      });

      test('broken-pipe', async () => {
        for (let turn = 0; turn < 3; turn += 1)
          expect(await inShell('BAI echo hi | true; echo done')).toBe('done\n');
      });

      // OpenSSH goes on reading what nobody wants from a server that is not OpenSSH.
      test.skipIf(client === 'system' && !server.isOpenSsh)('yes-head', async () => {
        expect(await inShell('BAI yes | head -2000 | wc -l')).toMatch(/^ *2000\n$/);
      });

      test.skipIf(losesBytes)('transfer', async () => {
        const there = await ssh([`cat > ${folder}/sent && sha256sum < ${folder}/sent`], content);
        expect(there.stdout.slice(0, 64)).toBe(sum);
        const back = await ssh([`cat ${folder}/data`]);
        expect([back.code, back.stdoutBytes.equals(content)]).toEqual([0, true]);
      });

      test('stdin’s end ends the command, and -n is an end at once', async () => {
        expect(await ssh(['cat; echo ended'], Buffer.from('in\n'))).toMatchObject({ stdout: 'in\nended\n' });
        const child = bed.start(['ssh', session, '--client', client, '--', '-n', 'cat; echo ended'], { env });
        expect((await finished(child)).stdout).toBe('ended\n');
      });

      test('no terminal for commands, one with -tt', async () => {
        expect((await ssh(['tty; exit 0'])).stdout).toMatch(/not a tty/);
        // dropbear takes the end of the input for the end of the terminal, so it stays open.
        const child = bed.start(['ssh', session, '--client', client, '--', '-tt', 'tty; exit 3'], { env });
        const ended = await finished(child);
        expect([ended.code, ended.stdout]).toEqual([3, expect.stringMatching(/^\/dev\/pts\/\d+\r?\n/m)]);
        expect((await ssh(['-T'], Buffer.from('tty; exit 4\n'))).code).toBe(4);
      });

      test('forwarding with -L and -N, each side’s end by itself', async () => {
        const target = createServer({ allowHalfOpen: true }, (socket) => {
          const hash = createHash('sha256');
          socket.on('data', (chunk: Buffer) => hash.update(chunk));
          socket.on('end', () => socket.end(hash.digest('hex')));
        }).listen(0, '127.0.0.1');
        await once(target, 'listening');
        const port = await freePort();
        const inner = await opened.seenThere(portOf(target));
        const words = ['-N', '-L', `${port}:127.0.0.1:${inner}`];
        const child = bed.start(['ssh', session, '--client', client, '--', ...words], { env });
        const socket = await dialWhenReady(port);
        socket.end(content);
        expect((await take(socket, 64)).toString()).toBe(sum);
        const ended = finished(child);
        child.kill('SIGTERM');
        expect((await ended).code).toBe(143);
        target.close();
      });

      test('forwarding with -R', async () => {
        const target = createServer((socket) => socket.end('from here\n')).listen(0, '127.0.0.1');
        await once(target, 'listening');
        const port = await freePort();
        const inner = portOf(target);
        const words = ['-R', `${port}:127.0.0.1:${inner}`, 'echo ready; cat'];
        const child = bed.start(['ssh', session, '--client', client, '--', ...words], { env });
        await untilPrinted(child, 'stdout', /ready/);
        const socket = await dial(await opened.seenHere(port));
        expect((await take(socket, 10)).toString()).toBe('from here\n');
        const ended = finished(child);
        child.stdin.end();
        socket.end();
        expect((await ended).code).toBe(0);
        target.close();
      });

      test('a forward that cannot be made is a warning, and with ExitOnForwardFailure the end', async () => {
        const taken = createServer().listen(0, '127.0.0.1');
        await once(taken, 'listening');
        const { port } = taken.address() as AddressInfo;
        const forward = ['-L', `${port}:127.0.0.1:1`];
        const warned = await ssh([...forward, 'echo goes on']);
        expect([warned.code, warned.stdout]).toEqual([0, 'goes on\n']);
        expect(warned.stderr).toContain(`${port}`);
        // OpenSSH is content with ::1.
        if (client === 'system') return void taken.close();
        const refused = await ssh(['-o', 'ExitOnForwardFailure=yes', ...forward, 'echo goes on']);
        expect([refused.code, refused.stdout]).toEqual([255, '']);
        taken.close();
      });

      test.skipIf(isEmbedded)('a server that is gone ends it with 255', async () => {
        const words = ['echo $PPID; exec sleep 60'];
        const child = bed.start(['ssh', session, '--client', client, '--', ...words], { env });
        const [pid] = await untilPrinted(child, 'stdout', /\d+/);
        const ended = finished(child);
        await ssh([`kill -KILL ${pid}`]);
        expect((await ended).code).toBe(255);
      });
    });

    test('SIGTERM ends the builtin client, and its terminal', async () => {
      const words = ['-tt', 'echo $$; exec sleep 60'];
      const child = bed.start(['ssh', session, '--client', 'builtin', '--', ...words], { env });
      const [pid] = await untilPrinted(child, 'stdout', /\d+/);
      const ended = finished(child);
      child.kill('SIGTERM');
      expect((await ended).code).toBe(143);
      const isGone = async (): Promise<boolean> =>
        (await bed.bai(['ssh', session, '--client', 'builtin', '--', `kill -0 ${pid}`], { env })).code !== 0;
      await until(isGone, 'the command has ended with its terminal');
    });

    test('no byte is lost at a reader that halts, of a command and of a forward', async () => {
      const large = Buffer.concat(Array.from({ length: 8 }, () => content));
      const target = createServer((socket) => socket.end(large)).listen(0, '127.0.0.1');
      await once(target, 'listening');
      const port = await freePort();
      const inner = await opened.seenThere(portOf(target));
      const words = [
        '-L',
        `${port}:127.0.0.1:${inner}`,
        `for turn in 1 2 3 4 5 6 7 8; do cat ${folder}/data; done; cat`,
      ];
      const child = bed.start(['ssh', session, '--client', 'builtin', '--', ...words], { env });
      const fromCommand = haltingly(child.stdout, large.length);
      const socket = await dialWhenReady(port);
      const fromForward = haltingly(socket, large.length);
      const same = createHash('sha256').update(large).digest('hex');
      expect(await fromCommand).toBe(same);
      expect(await fromForward).toBe(same);
      socket.end();
      const ended = finished(child);
      child.stdin.end();
      expect((await ended).code).toBe(0);
      target.close();
    });

    test('SIGTERM ends it although nobody reads its output', async () => {
      const child = bed.start(['ssh', session, '--client', 'builtin', '--', 'echo ready; exec yes'], { env });
      await once(child.stdout, 'readable');
      await delay(500);
      child.kill('SIGTERM');
      const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
      // A shell says 143 of either: with a status of its own, or by SIGTERM.
      expect(code ?? 128 + constants.signals[signal ?? 'SIGKILL']).toBe(143);
      child.stdout.destroy();
    });

    test('-R loses nothing while the connection here is still being made', async () => {
      // Nobody accepts: the system connects for it, and the bytes wait.
      const target = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
      await once(target, 'listening');
      const accepted = once(target, 'connection') as Promise<[Socket]>;
      const port = await freePort();
      const inner = portOf(target);
      const words = ['-R', `${port}:127.0.0.1:${inner}`, 'echo ready; cat'];
      const child = bed.start(['ssh', session, '--client', 'builtin', '--', ...words], { env });
      await untilPrinted(child, 'stdout', /ready/);
      const sender = await dialWhenReady(await opened.seenHere(port));
      sender.end(content);
      const [socket] = await accepted;
      await delay(1_000);
      expect(await haltingly(socket, content.length)).toBe(sum);
      socket.end();
      const ended = finished(child);
      child.stdin.end();
      expect((await ended).code).toBe(0);
      target.close();
    });

    test('a command’s end waits for what its forwards still carry', async () => {
      const target = createServer({ allowHalfOpen: true }, (socket) => {
        socket.on('end', () => socket.end('late\n')).resume();
      }).listen(0, '127.0.0.1');
      await once(target, 'listening');
      const port = await freePort();
      const inner = await opened.seenThere(portOf(target));
      const words = ['-L', `${port}:127.0.0.1:${inner}`, 'echo ready; cat; echo over'];
      const child = bed.start(['ssh', session, '--client', 'builtin', '--', ...words], { env });
      await untilPrinted(child, 'stdout', /ready/);
      const socket = await dial(port);
      socket.write('x');
      child.stdin.end();
      await untilPrinted(child, 'stdout', /over/);
      const ended = finished(child);
      socket.end();
      expect((await take(socket, 5)).toString()).toBe('late\n');
      expect((await ended).code).toBe(0);
      target.close();
    });
  });
}

/** The SHA-256 of so many bytes, read with a halt long enough for every buffer on the way to run full. */
async function haltingly(stream: Readable, length: number): Promise<string> {
  const hash = createHash('sha256');
  let read = 0;
  for await (const chunk of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    if (read === 0) await delay(1_500);
    hash.update(chunk);
    read += chunk.length;
    if (read >= length) break;
  }
  return hash.digest('hex');
}

async function dialWhenReady(port: number): Promise<Socket> {
  let socket: Socket | undefined;
  await until(async () => {
    socket = await dial(port).catch(() => undefined);
    return socket !== undefined;
  }, `port ${port} is listened on`);
  if (socket === undefined) throw new Error('no connection');
  return socket;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
