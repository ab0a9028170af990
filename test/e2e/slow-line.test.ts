/** A line that sends 256 kbit/s behind a deep queue is slow and not dead, also where a silent one is given up early. */

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type EmulatorBed, freePort, openEmulator, until } from '../contract/app-bed.ts';
import { launcher } from '../support/bai.ts';
import { endKeptShell } from '../support/kept-shells.ts';
import { type Relay, startRelay } from '../support/relay.ts';
import {
  sessionDropbearMissing,
  sshdMissing,
  startSessionDropbear,
  startSshd,
  type TestSshd,
} from '../support/sshd.ts';
import { openTerminal } from '../support/terminal.ts';
import { content } from './transfer-session.ts';

/** A packet waits for eight seconds in a queue that is full. */
const narrow = { way: 'up', bytesPerSecond: 32_000, queueBytes: 256_000 } as const;
const servers = [
  { name: 'sshd', missing: sshdMissing, start: startSshd },
  { name: 'dropbear of sessions', missing: sessionDropbearMissing, start: startSessionDropbear },
];

for (const { name, missing, start } of servers) {
  const why = missing === undefined ? '' : ` (${missing})`;
  describe.skipIf(missing !== undefined).concurrent(`to ${name}${why}`, { timeout: 240_000 }, () => {
    test('a put of 3 MB goes through without connecting again', async () => {
      await using slow = await openSlowly(start);
      const { bed, server, env } = slow;
      const bytes = content(3_000_000);
      await writeFile(join(bed.home, 'large'), bytes);
      const words = ['sftp', 'put', join(bed.home, 'large'), 'demo:', '--json'];
      const { code, stdout, stderr } = await bed.bai(words, { env });
      expect(code, stderr).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ bytes: bytes.length, retries: 0, failed: [] });
      expect((await readFile(join(server.home, 'large'))).equals(bytes)).toBe(true);
    });

    test.each(['system', 'builtin'])(
      'under --persist 3 MB go through a forward of the %s client, and the shell is never lost',
      async (client) => {
        await using slow = await openSlowly(start);
        await using sink = await countBytes();
        const port = await freePort();
        using terminal = openTerminal({ home: slow.bed.home, env: { ...slow.bed.env, ...slow.env } });
        const name = `s${randomBytes(3).toString('hex')}`;
        using _shell = { [Symbol.dispose]: () => endKeptShell(name) };
        const words = `--persist-name ${name} -- -L 127.0.0.1:${port}:127.0.0.1:${sink.port}`;
        terminal.type(
          `'${process.execPath}' '${launcher}' ssh demo --client ${client} ${words}; echo "status=$?"\r`,
        );
        await terminal.see(new RegExp(`\\[${name}\\]`));
        const sender = connect(port, '127.0.0.1');
        await once(sender, 'connect');
        sender.end(Buffer.alloc(3_000_000));
        await until(
          () => sink.bytes === 3_000_000 || /lost/.test(terminal.screen()),
          'all has arrived',
          200_000,
        );
        expect([sink.bytes, terminal.screen()]).toEqual([3_000_000, expect.not.stringMatching(/lost/)]);
        terminal.type('exit\r');
        await terminal.see(/status=0/);
      },
    );
  });
}

interface Slow extends AsyncDisposable {
  readonly bed: EmulatorBed;
  readonly relay: Relay;
  readonly server: TestSshd;
  readonly env: Readonly<Record<string, string>>;
}

async function openSlowly(start: () => Promise<TestSshd>): Promise<Slow> {
  const bed = await openEmulator();
  await bed.create('demo');
  const server = await start();
  const app = { name: 'sshd', protocol: 'tcp', containerPort: 2200, hostPort: server.port } as const;
  bed.emulator.sessions.get('demo').addApp(app);
  const relay = await startRelay(Number(new URL(bed.emulator.endpoint).port), { narrow });
  return {
    ...{ bed, relay, server },
    env: {
      BACKEND_ENDPOINT: `http://127.0.0.1:${relay.port}`,
      BAI_USER: server.user,
      BAI_IDENTITY: server.privateKeyPath,
    },
    async [Symbol.asyncDispose]() {
      for (const each of [relay, bed, server]) await each[Symbol.asyncDispose]();
    },
  };
}

/** A server that takes everything. */
async function countBytes() {
  let bytes = 0;
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      bytes += chunk.length;
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    get bytes() {
      return bytes;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, 'close');
    },
  };
}
