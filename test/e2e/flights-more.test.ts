/**
 * How often `bai exec` and `bai ssh` wait for the far end where something stands between, or is asked for, that costs more than the
 * four flights of `flights.test.ts`.
 */

import { once } from 'node:events';
import { appendFile, copyFile, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  dial,
  type EmulatorBed,
  freePort,
  listenersOn,
  openEmulator,
  take,
  until,
} from '../contract/app-bed.ts';
import { launcher } from '../support/bai.ts';
import { makeCertificate } from '../support/certificate.ts';
import { openConsole } from '../support/consoles.ts';
import { canCountFlights, type FlightCounter, startFlightCounter } from '../support/flights.ts';
import {
  microsocksMissing,
  startMicrosocks,
  startTinyproxy,
  startTlsFront,
  tinyproxyMissing,
} from '../support/proxies.ts';
import { makeKey, startAgent } from '../support/ssh-agent.ts';
import { dropbearMissing, startDropbear, type TestSshd } from '../support/sshd.ts';
import { openTerminal } from '../support/terminal.ts';

let bed: EmulatorBed;

beforeAll(async () => {
  bed = await openEmulator();
});
afterAll(() => bed?.[Symbol.asyncDispose]());

/**
 * What stands between line and manager here (a front for TLS, a proxy) may collect small packets until the one before is
 * acknowledged, which the system puts off by up to 40 ms. That is no flight.
 */
const settleMs = 150;

/** With a line of its own, before whatever the command is told to talk to. */
async function countedAt(
  port: number,
  work: (line: FlightCounter) => Promise<{ readonly code: number } | { readonly flights: number }>,
): Promise<number> {
  await using own = await startFlightCounter(port, { settleMs });
  // The first run learns what the second one knows.
  await work(own);
  own.begin();
  const done = await work(own);
  if ('code' in done) expect([done.code, own.log()]).toEqual([0, expect.anything()]);
  return 'flights' in done ? done.flights : own.flights();
}

describe.skipIf(!canCountFlights || dropbearMissing !== undefined)(
  'what costs more than the usual way:',
  () => {
    const command = ['exec', 'more', 'true'];
    const manager = (): number => Number(new URL(bed.emulator.endpoint).port);
    let server: TestSshd;
    let env: Readonly<Record<string, string>>;

    beforeAll(async () => {
      server = await startDropbear();
      const made = bed.emulator.sessions.get(await bed.create('more'));
      Object.defineProperty(made, 'sshPort', { value: server.port });
      await copyFile(server.privateKeyPath, join(made.home ?? '', 'id_container'));
      env = { ...bed.env, BAI_USER: server.user };
    });
    afterAll(() => server?.[Symbol.asyncDispose]());

    const through = (line: FlightCounter): Readonly<Record<string, string>> => ({
      ...env,
      BACKEND_ENDPOINT: `http://127.0.0.1:${line.port}`,
    });

    test('TLS: 5', async () => {
      const certificate = makeCertificate(bed.home);
      await using front = await startTlsFront(manager(), certificate);
      const flights = await countedAt(front.port, (own) => {
        const endpoint = `https://127.0.0.1:${own.port}`;
        return bed.bai(command, {
          env: { ...env, BACKEND_ENDPOINT: endpoint, NODE_EXTRA_CA_CERTS: certificate.file },
        });
      });
      expect(flights).toBe(5);
    });

    test.skipIf(tinyproxyMissing)('an HTTP proxy: 5', async () => {
      await using proxy = await startTinyproxy();
      const flights = await countedAt(proxy.port, (own) =>
        bed.bai(command, { env: { ...env, http_proxy: `http://127.0.0.1:${own.port}` } }),
      );
      expect(flights).toBe(5);
    });

    test.skipIf(microsocksMissing)('a SOCKS proxy: 6', async () => {
      await using proxy = await startMicrosocks();
      const flights = await countedAt(proxy.port, (own) =>
        bed.bai(command, { env: { ...env, ALL_PROXY: `socks5://127.0.0.1:${own.port}` } }),
      );
      expect(flights).toBe(6);
    });

    test('a terminal: 11', async () => {
      const flights = await countedAt(manager(), async (own) => {
        const words = [process.execPath, launcher, 'ssh', '-t', 'more', '--', 'true'];
        using terminal = openTerminal({ home: bed.home, env: through(own) }, words);
        return { code: await terminal.ended };
      });
      expect(flights).toBe(11);
    });

    test('-L, to the first byte of what is behind it: 5', async () => {
      const greeter = createServer((socket) => socket.end('hello'));
      greeter.listen(0, '127.0.0.1');
      await once(greeter, 'listening');
      const there = Object(greeter.address()).port;
      const flights = await countedAt(manager(), async (own) => {
        const port = await freePort();
        const child = bed.start(['ssh', '-N', '-L', `${port}:127.0.0.1:${there}`, 'more'], {
          env: through(own),
        });
        await until(() => listenersOn(port).length > 0, 'it listens');
        const socket = await dial(port);
        expect((await take(socket, 5)).toString()).toBe('hello');
        const counted = own.flights();
        socket.destroy();
        const ended = once(child, 'close');
        child.kill('SIGTERM');
        await ended;
        return { flights: counted };
      });
      greeter.close();
      expect(flights).toBe(5);
    });

    test.each([
      ['an agent with the key', 1, 9],
      ['an agent whose second key fits', 2, 10],
    ] as const)('%s', async (_what, keys, expected) => {
      await using agent = await startAgent();
      for (let key = 1; key <= keys; key += 1) {
        const path = join(bed.home, `agent-${keys}-${key}`);
        makeKey(path);
        agent.add(path);
        if (key === keys)
          await appendFile(join(server.home, '.ssh', 'authorized_keys'), await readFile(`${path}.pub`));
      }
      const flights = await countedAt(manager(), (own) =>
        bed.bai(command, { env: { ...through(own), SSH_AUTH_SOCK: agent.socket, BAI_IDENTITY: 'agent' } }),
      );
      expect(flights).toBe(expected);
    });

    test('a web console in place of the manager: 4, as for a manager, and 2 for session list', async () => {
      await using place = await openConsole();
      const own = await place.env();
      const resources = ['-r', 'cpu=1', '-r', 'mem=256m'];
      const create = ['session', 'create', 'python', '--name', 'told', ...resources, '--wait', '--json'];
      const created = await bed.bai(create, { env: own });
      expect(created).toMatchObject({ code: 0 });
      const made = place.emulator.sessions.get(JSON.parse(created.stdout).id);
      Object.defineProperty(made, 'sshPort', { value: server.port });
      await copyFile(server.privateKeyPath, join(made.home ?? '', 'id_container'));
      const port = Number(new URL(place.endpoint).port);
      const counts = [];
      for (const words of [
        ['session', 'list'],
        ['exec', 'told', 'true'],
      ])
        counts.push(
          await countedAt(port, (line) =>
            bed.bai(words, {
              env: { ...own, BAI_USER: server.user, BACKEND_ENDPOINT: `http://127.0.0.1:${line.port}` },
            }),
          ),
        );
      expect(counts).toEqual([2, 4]);
    });
  },
);
