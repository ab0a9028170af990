/** Packets and writes that bai makes in the place of ssh2, read by an ssh2 server. */

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import ssh2, { type Client, type ClientChannel, type ServerChannel, type SFTPWrapper } from 'ssh2';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { quickenPackets } from '../../src/ssh/quick-packets.ts';
import { batchRequests, writeUncopied } from '../../src/ssh/request-batching.ts';
import { protocolOf } from '../../src/ssh/ssh2-internals.ts';
import { generateKey } from '../support/sshd.ts';

// As in the bundle: where ssh2's own native part is built, it would go another way.
await vi.hoisted(async () => {
  const { createRequire } = await import('node:module');
  createRequire(import.meta.url).extensions['.node'] = () => {
    throw new Error('there are no native parts');
  };
});

let received: Buffer[] = [];
let programs: ServerChannel[] = [];
let file = Buffer.alloc(0);

const server = new ssh2.Server({ hostKeys: [generateKey().private] }, (connection) => {
  connection.on('error', () => {});
  connection.on('authentication', (context) => context.accept());
  connection.on('session', (accept) => {
    const session = accept();
    session.on('sftp', (acceptSftp) => serveFile(acceptSftp()));
    session.on('exec', (acceptExec) => {
      const program = acceptExec();
      programs.push(program);
      program.on('data', (chunk: Buffer) => received.push(chunk));
      program.on('end', () => {
        program.exit(0);
        program.end();
      });
    });
  });
});

/** One file, whatever it is asked for. */
function serveFile(sftp: SFTPWrapper): void {
  sftp.on('WRITE', (id, _, position, content) => {
    content.copy(file, position);
    sftp.status(id, ssh2.utils.sftp.STATUS_CODE.OK);
  });
  sftp.on('REALPATH', (id) =>
    sftp.name(id, [
      { filename: '/', longname: '/', attrs: { mode: 0, uid: 0, gid: 0, size: 0, atime: 0, mtime: 0 } },
    ]),
  );
}

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterAll(() => void server.close());

beforeEach(() => {
  received = [];
  programs = [];
});

interface Opened extends AsyncDisposable {
  readonly client: Client;
  readonly socket: Socket;
  /** What is written to the socket. */
  readonly written: Uint8Array[];
}

async function open(cipher: 'chacha20-poly1305@openssh.com' | 'aes128-ctr'): Promise<Opened> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const written: Uint8Array[] = [];
  const write = socket.write.bind(socket) as (...words: unknown[]) => boolean;
  socket.write = (...words: unknown[]): boolean => {
    written.push(words[0] as Uint8Array);
    return write(...words);
  };
  const client = new ssh2.Client();
  client.on('error', () => {});
  client.connect({ sock: socket, username: 'work', password: 'any', algorithms: { cipher: [cipher] } });
  await once(client, 'ready');
  quickenPackets(protocolOf(client), socket);
  return {
    ...{ client, socket, written },
    async [Symbol.asyncDispose]() {
      client.end();
      await once(client, 'close');
    },
  };
}

const run = (client: Client): Promise<ClientChannel> =>
  new Promise((resolve, reject) => {
    client.exec('take', (error, channel) => (error ? reject(error) : resolve(channel)));
  });

async function send(channel: ClientChannel, pieces: readonly Buffer[]): Promise<void> {
  for (const piece of pieces) if (!channel.write(piece)) await once(channel, 'drain');
}

test.each(['chacha20-poly1305@openssh.com', 'aes128-ctr'] as const)(
  'under %s all arrives, before and after the keys are exchanged anew',
  async (cipher) => {
    await using opened = await open(cipher);
    const { client } = opened;
    const channel = await run(client);
    const sizes = [1, 8_191, 8_192, 32_768, 100_000, 262_144, 3, 1_000_000];
    const pieces = [...sizes, ...sizes].map((size) => randomBytes(size));
    await send(channel, pieces);
    const rekeyed = once(client, 'handshake');
    const protocol: unknown = Reflect.get(client, '_protocol');
    Reflect.apply(Reflect.get(protocol as object, 'rekey') as () => void, protocol, []);
    await send(channel, pieces);
    await rekeyed;
    await send(channel, pieces);
    channel.end();
    await once(channel.resume(), 'close');
    expect(Buffer.concat(received).equals(Buffer.concat([...pieces, ...pieces, ...pieces]))).toBe(true);
  },
);

test('large packets leave in memory that is used again', async () => {
  await using opened = await open('chacha20-poly1305@openssh.com');
  const { client, written } = opened;
  const channel = await run(client);
  for (let round = 0; round < 40; round += 1) {
    const wanted = (round + 1) * 65_536;
    await send(channel, [randomBytes(65_536)]);
    while (Buffer.concat(received).length < wanted) await once(programs[0] as ServerChannel, 'data');
  }
  channel.end();
  await once(channel.resume(), 'close');
  const large = written.slice(written.length >> 1).filter(({ length }) => length > 30_000);
  expect(large.length).toBeGreaterThan(20);
  expect(new Set(large.map(({ buffer }) => buffer)).size).toBeLessThan(large.length / 4);
});

test('writes of all sizes arrive where they belong, though the window is too small for them together', async () => {
  await using opened = await open('chacha20-poly1305@openssh.com');
  const sftp = await new Promise<SFTPWrapper>((resolve, reject) => {
    opened.client.sftp((error, made) => (error ? reject(error) : resolve(made)));
  });
  batchRequests(sftp);
  writeUncopied(sftp);
  const sizes = [10, 65_535, 65_536, 100_000, 200_000, 260_096];
  const content = randomBytes(5 * sizes.reduce((sum, size) => sum + size, 0));
  file = Buffer.alloc(content.length);
  const written: Promise<unknown>[] = [];
  for (let position = 0, turn = 0; position < content.length; turn += 1) {
    const bytes = content.subarray(position, position + (sizes[turn % sizes.length] ?? 0));
    const at = position;
    written.push(
      new Promise<void>((resolve, reject) => {
        sftp.write(Buffer.from('handle'), bytes, 0, bytes.length, at, (error) =>
          error ? reject(error) : resolve(),
        );
      }),
      // Short requests keep their place among them.
      new Promise<void>((resolve, reject) => {
        sftp.realpath('.', (error) => (error ? reject(error) : resolve()));
      }),
    );
    position += bytes.length;
  }
  await Promise.all(written);
  expect(file.equals(content)).toBe(true);
});
