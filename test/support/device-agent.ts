/** An agent with the key of a FIDO device: what the device computes, without its touch. */

import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { tempFolder } from './temp-folder.ts';

export interface DeviceAgent extends AsyncDisposable {
  readonly socket: string;
  /** For authorized_keys. */
  readonly publicLine: string;
}

const type = 'sk-ssh-ed25519@openssh.com';
const application = 'ssh:';

export async function startDeviceAgent(): Promise<DeviceAgent> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const point = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  const blob = Buffer.concat([packed(type), packed(point), packed(application)]);
  let counter = 0;

  const signed = (data: Buffer): Buffer => {
    counter += 1;
    const facts = Buffer.concat([Buffer.of(1), number(counter)]);
    const message = Buffer.concat([sha256(application), facts, sha256(data)]);
    return Buffer.concat([packed(type), packed(sign(null, message, privateKey)), facts]);
  };
  const answer = (message: Buffer): Buffer => {
    if (message[0] === 11) return Buffer.concat([Buffer.of(12), number(1), packed(blob), packed('device')]);
    if (message[0] !== 13) return Buffer.of(5);
    const data = message.subarray(1 + 4 + blob.length + 4, -4);
    return Buffer.concat([Buffer.of(14), packed(signed(data))]);
  };

  const folder = tempFolder();
  const socket = join(folder.path, 'agent');
  const server = createServer((client) => serve(client, answer)).listen(socket);
  await once(server, 'listening');
  return {
    socket,
    publicLine: `${type} ${blob.toString('base64')} device\n`,
    async [Symbol.asyncDispose]() {
      server.close();
      folder[Symbol.dispose]();
    },
  };
}

function serve(client: Socket, answer: (message: Buffer) => Buffer): void {
  let waiting = Buffer.alloc(0);
  client.on('error', () => {});
  client.on('data', (chunk: Buffer) => {
    waiting = Buffer.concat([waiting, chunk]);
    while (waiting.length >= 4 && waiting.length >= 4 + waiting.readUInt32BE(0)) {
      const end = 4 + waiting.readUInt32BE(0);
      client.write(packed(answer(waiting.subarray(4, end))));
      waiting = waiting.subarray(end);
    }
  });
}

function packed(part: string | Buffer): Buffer {
  const bytes = Buffer.from(part);
  return Buffer.concat([number(bytes.length), bytes]);
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function sha256(data: string | Buffer): Buffer {
  return createHash('sha256').update(data).digest();
}
