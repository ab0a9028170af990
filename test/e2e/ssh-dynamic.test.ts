/** Dynamic forwards and agents, with both clients and on every server that a session may run. */

import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort, readAll, until } from '../contract/app-bed.ts';
import { finished, untilPrinted } from '../support/bai.ts';
import { managerKinds } from '../support/managers.ts';
import { clients, type RegressBed, regressServers, why } from './regress-bed.ts';

/** curl's exit status and what it printed. */
async function curl(words: readonly string[]): Promise<{ readonly code: number; readonly stdout: string }> {
  const ran = promisify(execFile)('curl', ['-sS', '--max-time', '20', ...words]);
  return ran.then(
    ({ stdout }) => ({ code: 0, stdout }),
    (error: { readonly code: number; readonly stdout: string }) => ({
      code: error.code,
      stdout: error.stdout,
    }),
  );
}

const socksForms = ['--socks4', '--socks4a', '--socks5', '--socks5-hostname'];

for (const server of regressServers(managerKinds())) {
  const { name, missing, isEmbedded } = server;
  describe.skipIf(missing !== undefined)(`on ${name}${why(missing)}`, () => {
    let opened: RegressBed;
    let web: Server;
    /** As programs here see it, and those of the session. */
    let page: string;
    let pageThere: string;

    beforeAll(async () => {
      opened = await server.open();
      web = createServer((request, answer) => answer.end(`page ${request.url}\n`));
      web.listen(0, '127.0.0.1');
      await once(web, 'listening');
      const { port } = web.address() as AddressInfo;
      page = `http://localhost:${port}`;
      pageThere = `http://localhost:${await opened.seenThere(port)}`;
    }, 120_000);
    afterAll(async () => {
      web?.close();
      await opened?.[Symbol.asyncDispose]();
    });

    describe.each(clients)('with the %s client', (client) => {
      /** bai with these words for ssh, once it has forwards; ended by the end of its input. */
      const withForward = async (words: readonly string[]) => {
        const all = ['ssh', opened.session, '--client', client, '--', ...words, 'echo ready; cat'];
        const child = opened.bed.start(all, { env: opened.env });
        await untilPrinted(child, 'stdout', /ready/);
        return {
          child,
          async [Symbol.asyncDispose]() {
            const ended = finished(child);
            child.stdin.end();
            await ended;
          },
        };
      };

      test('dynamic-forward', async () => {
        const port = await freePort();
        await using _open = await withForward(['-D', String(port)]);
        for (const form of socksForms) {
          const shown = await curl([form, `127.0.0.1:${port}`, `${pageThere}/${form}`]);
          expect(shown).toEqual({ code: 0, stdout: `page /${form}\n` });
        }
      });

      test('dynamic-forward says so where nothing answers, and goes on', async () => {
        const [port, closed] = [await freePort(), await freePort()];
        await using _open = await withForward(['-D', `127.0.0.1:${port}`]);
        for (const form of socksForms) {
          const { code, stdout } = await curl([form, `127.0.0.1:${port}`, `http://127.0.0.1:${closed}/`]);
          // OpenSSH hangs up without an answer.
          expect([code > 0, stdout]).toEqual([true, '']);
          if (client === 'builtin') expect(code).toBe(97);
        }
        const shown = await curl(['--socks5', `127.0.0.1:${port}`, `${pageThere}/after`]);
        expect(shown).toEqual({ code: 0, stdout: 'page /after\n' });
      });

      test('dynamic-forward with -R: programs of the session go out through this machine', async () => {
        const port = await freePort();
        await using _open = await withForward(['-R', String(port)]);
        const proxy = `127.0.0.1:${await opened.seenHere(port)}`;
        for (const form of socksForms) {
          const shown = await curl([form, proxy, `${page}/back`]);
          expect(shown).toEqual({ code: 0, stdout: 'page /back\n' });
        }
      });

      // The embedded manager forwards no agent.
      test.skipIf(isEmbedded)('agent: programs of the session may ask it with -A only', async ({ skip }) => {
        const asked = ['ssh', opened.session, '--client', client, '--', 'command -v ssh-add'];
        const found = await opened.bed.bai(asked, { env: opened.env });
        if (found.stdout === '') skip('the image has no ssh-add');
        await using agent = await startAgent(opened.bed.home);
        const env = { ...opened.env, SSH_AUTH_SOCK: agent.socket };
        const list = (words: readonly string[]) =>
          opened.bed.bai(['ssh', opened.session, '--client', client, '--', ...words, 'ssh-add -l'], { env });
        expect(await list(['-A'])).toMatchObject({ code: 0, stdout: expect.stringContaining('of-a-test') });
        expect(await list(['-o', 'ForwardAgent=yes'])).toMatchObject({ code: 0 });
        const without = await list([]);
        // A session may have an agent of its own.
        expect([0, 1, 2]).toContain(without.code);
        expect(without.stdout).not.toContain('of-a-test');
      });
    });

    test('-A without an agent is a warning', async () => {
      const words = ['ssh', opened.session, '--client', 'builtin', '--', '-A', 'echo goes on'];
      const ran = await opened.bed.bai(words, { env: opened.env });
      expect(ran).toMatchObject({ code: 0, stdout: 'goes on\n' });
      expect(ran.stderr).toMatch(/no SSH agent[\s\S]*ssh-add/);
    });

    test.each([
      ['nothing', Buffer.alloc(0), ''],
      ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n'), ''],
      ['SOCKS5 that wants a password', Buffer.from([5, 1, 2]), '05ff'],
      ['SOCKS5 that wants to listen', Buffer.from([5, 1, 0, 5, 2, 0, 1, 127, 0, 0, 1, 0, 80]), '0500050700'],
      ['SOCKS5 with a strange address', Buffer.from([5, 1, 0, 5, 1, 0, 9, 1]), '0500050800'],
      ['SOCKS5 broken off', Buffer.from([5, 1, 0, 5, 1, 0, 3, 200, 97]), '0500'],
      [
        'SOCKS4 with an endless name',
        Buffer.concat([Buffer.from([4, 1, 0, 80, 0, 0, 0, 1]), Buffer.alloc(9_000, 97)]),
        '',
      ],
    ])('a program that speaks %s to a dynamic forward is hung up on', async (_, bytes, answer) => {
      const port = await freePort();
      const words = [
        'ssh',
        opened.session,
        '--client',
        'builtin',
        '--',
        '-D',
        String(port),
        'echo ready; cat',
      ];
      const child = opened.bed.start(words, { env: opened.env });
      await untilPrinted(child, 'stdout', /ready/);
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      socket.end(bytes);
      const got = (await readAll(socket)).bytes.toString('hex');
      expect(got.slice(0, answer.length)).toBe(answer);
      expect(got === '').toBe(answer === '');
      const ended = finished(child);
      child.stdin.end();
      expect((await ended).code).toBe(0);
    });
  });
}

async function startAgent(home: string): Promise<AsyncDisposable & { readonly socket: string }> {
  const socket = join(home, `agent-${process.hrtime.bigint()}`);
  const key = `${socket}-key`;
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'of-a-test', '-f', key]);
  const options = { env: { ...process.env, SSH_AUTH_SOCK: socket }, stdio: 'ignore' } as const;
  await until(() => {
    try {
      execFileSync('ssh-add', [key], options);
      return true;
    } catch {
      return false;
    }
  }, 'the agent answers');
  return {
    socket,
    async [Symbol.asyncDispose]() {
      const gone = once(agent, 'close');
      agent.kill();
      await gone;
    },
  };
}
