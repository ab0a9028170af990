/** Waits for keys: for the agent that has them, and for what computes them. */

import { once } from 'node:events';
import { appendFileSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { generateKey } from '../support/sshd.ts';
import { tempFolder } from '../support/temp-folder.ts';
import type { Wait, Waiting } from './waits-bed.ts';
import { isLeftToSystem } from './waits-process.ts';

interface SilentAgent extends AsyncDisposable {
  readonly socket: string;
  /** Of the key that it lists. */
  readonly publicLine: string;
  /** Whether it has been asked for this. */
  wasAsked(type: number): boolean;
}

const requestIdentities = 11;
const signRequest = 13;

/** Lists one key, or answers nothing at all; it never signs and takes no key. */
async function startSilentAgent(lists: boolean): Promise<SilentAgent> {
  const folder = tempFolder();
  const socket = join(folder.path, 'agent');
  const publicLine = generateKey().public;
  const asked = new Set<number>();
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    sockets.add(client);
    client.on('error', () => {});
    client.on('data', (chunk) => {
      const type = chunk[4] ?? 0;
      asked.add(type);
      if (lists && type === requestIdentities) client.write(identities(publicLine));
    });
  });
  server.listen(socket);
  await once(server, 'listening');
  return {
    socket,
    publicLine,
    wasAsked: (type) => asked.has(type) || (asked.size > 0 && type === 0),
    async [Symbol.asyncDispose]() {
      for (const each of sockets) each.destroy();
      server.close();
      folder[Symbol.dispose]();
    },
  };
}

function identities(publicLine: string): Buffer {
  const blob = Buffer.from(publicLine.split(' ')[1] ?? '', 'base64');
  const text = (bytes: Buffer): Buffer => Buffer.concat([number(bytes.length), bytes]);
  return text(Buffer.concat([Buffer.of(12), number(1), text(blob), text(Buffer.from('silent'))]));
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

interface AgentWait {
  readonly name: string;
  readonly covers: readonly string[];
  readonly lists: boolean;
  readonly asks: number;
  readonly args: readonly string[];
  readonly limit: Waiting['limit'];
}

const agents: AgentWait[] = [
  {
    name: 'an agent that does not list its keys, for a login',
    covers: ['agent-keys.ts'],
    lists: false,
    asks: requestIdentities,
    args: ['ssh', 'demo', '--identity', 'agent', '--', 'true'],
    limit: { code: 5, says: /the SSH agent did not answer in \d+ s/ },
  },
  {
    name: 'an agent that does not list its keys, for key list',
    covers: ['agent.ts'],
    lists: false,
    asks: requestIdentities,
    args: ['key', 'list'],
    limit: { code: 0, says: /the SSH agent does not answer/ },
  },
  {
    name: 'an agent that does not sign',
    covers: ['agent sign'],
    lists: true,
    asks: signRequest,
    args: ['ssh', 'demo', '--identity', 'agent', '--client', 'builtin', '--', 'true'],
    limit: { code: 255, says: /the SSH agent did not sign the login in \d+ s/ },
  },
  {
    name: 'an agent that does not take a key',
    covers: ['ssh-add.ts'],
    lists: false,
    asks: 0,
    args: ['ssh', 'demo', '--key-store', 'agent', '--client', 'system', '--', 'true'],
    limit: { code: 5, says: /the SSH agent did not take the key in \d+ s/ },
  },
];

function ofAgent({ name, covers, lists, asks, args, limit }: AgentWait): Wait {
  return {
    name,
    covers,
    async begin(place) {
      const agent = place.keep(await startSilentAgent(lists));
      // A server asks for a signature only where it would take the key.
      if (asks === signRequest)
        appendFileSync(join(place.remoteHome, '.ssh', 'authorized_keys'), `${agent.publicLine}\n`);
      return {
        args,
        env: { SSH_AUTH_SOCK: agent.socket },
        reached: () => agent.wasAsked(asks),
        ...(limit && { limit }),
      };
    },
  };
}

/** No thread of JavaScript hears a signal meanwhile, so that these end by it. */
const computing: Wait[] = [
  {
    name: 'an RSA key that takes minutes to make',
    covers: ['make-pair.ts'],
    begin: () => ({
      args: ['key', 'generate', '-t', 'rsa', '-b', '16384', '--no-passphrase', '--output', 'made'],
      reached: isLeftToSystem,
    }),
  },
  {
    name: 'a passphrase with many rounds',
    covers: ['key-formats.ts openKey'],
    begin({ folder }) {
      writeFileSync(join(folder, 'slow'), slowKey('a passphrase'), { mode: 0o600 });
      return {
        args: ['key', 'convert', 'slow', '--to', 'pkcs8', '--output', 'made', '--passphrase-stdin'],
        stdin: 'a passphrase\n',
        reached: isLeftToSystem,
      };
    },
  },
];

/** As many rounds as bai takes on. The key itself was made with few, which nobody finds out for a long time. */
function slowKey(passphrase: string): string {
  const made = ssh2.utils.generateKeyPairSync('ed25519', { cipher: 'aes256-ctr', passphrase, rounds: 1 });
  const [head, ...lines] = made.private.trim().split('\n');
  const bytes = Buffer.from(lines.slice(0, -1).join(''), 'base64');
  // Behind the name stand the lengths of the options and of the salt, and the salt.
  bytes.writeUInt32BE(1_000, bytes.indexOf('bcrypt') + 6 + 4 + 4 + 16);
  return [head, bytes.toString('base64').replaceAll(/.{70}/g, '$&\n'), lines.at(-1), ''].join('\n');
}

export const keyWaits: Wait[] = [...agents.map(ofAgent), ...computing];
