/** Waits for the manager: every route that bai asks for, and what comes before and after a request. */

import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { makeKey } from '../support/ssh-agent.ts';
import type { Place, Wait, Waiting } from './waits-bed.ts';

const noAnswer = { code: 5, says: /127\.0\.0\.1:\d+ did not answer in \d+ s/ };

interface Asked {
  readonly route: string;
  readonly args: readonly string[];
  readonly prepare?: (place: Place) => void | Promise<void>;
  readonly limit?: Waiting['limit'];
}

/** The manager takes the request and never answers. */
function asked(
  name: string,
  covers: readonly string[],
  { route, args, prepare, limit = noAnswer }: Asked,
): Wait {
  return {
    name,
    covers,
    async begin(place) {
      await prepare?.(place);
      const fault = place.bed.emulator.faults.add({ kind: 'hang', route });
      return { args, reached: () => fault.hits > 0, limit };
    },
  };
}

const create = [
  'session',
  'create',
  'python',
  '--name',
  'other',
  '--no-wait',
  '-r',
  'cpu=1',
  '-r',
  'mem=256m',
];

const throughProxy = ['app', 'forward', 'demo', '--via', 'proxy', '--allow-from', 'everywhere'];

/** The manager's own words, when the names cannot be compared. */
const refused = { code: 4, says: /cannot create the session: .*no-such-group/ };

const routes: Wait[] = [
  asked('the handshake', ['GET /'], { route: 'GET /', args: ['session', 'list'] }),
  asked('the list of sessions', ['POST admin/gql'], { route: 'POST /admin/gql', args: ['session', 'list'] }),
  asked('a session looked up', ['GET session/_/match'], {
    route: 'GET /session/_/match',
    args: ['session', 'info', 'demo'],
  }),
  asked('the details of a session', [], { route: 'POST /admin/gql', args: ['session', 'info', 'demo'] }),
  asked('the logs of a session', ['GET session/*/logs'], {
    route: 'GET /session/*/logs',
    args: ['session', 'logs', 'demo'],
  }),
  asked('a session renamed', ['POST session/*/rename'], {
    route: 'POST /session/*/rename',
    args: ['session', 'rename', 'demo', 'other'],
  }),
  asked('a session ended', ['DELETE session/*'], {
    route: 'DELETE /session/*',
    args: ['session', 'terminate', 'demo'],
  }),
  asked('a session made', ['POST session'], {
    route: 'POST /session',
    args: create,
    limit: { code: 5, says: /did not answer in \d+ s; session other may have been created/ },
  }),
  asked('the images looked through', [], {
    route: 'POST /admin/gql',
    args: create.with(2, 'no-such-image'),
  }),
  asked('the folders there are, after a refusal', ['GET folders'], {
    route: 'GET /folders',
    args: [...create, '--scaling-group', 'no-such-group', '--mount', 'no-such-folder'],
    limit: refused,
  }),
  asked('the resource groups there are, after a refusal', ['GET scaling-groups'], {
    route: 'GET /scaling-groups',
    args: [...create, '--scaling-group', 'no-such-group'],
    limit: refused,
  }),
  asked('what is free', ['POST resource/check-presets'], {
    route: 'POST /resource/check-presets',
    args: ['resource', 'list'],
  }),
  asked('the app proxy asked for by the manager', ['POST session/*/start-service'], {
    route: 'POST /session/*/start-service',
    args: throughProxy,
  }),
  asked('a port asked of the app proxy', [], { route: 'GET /v2/proxy/auth', args: throughProxy }),
  asked('where an upload session listens', ['GET session/*/direct-access-info'], {
    route: 'GET /session/*/direct-access-info',
    args: ['app', 'forward', 'demo', '--via', 'direct'],
  }),
  asked('the apps of a session', ['GET stream/session/*/apps'], {
    route: 'GET /stream/session/*/apps',
    args: ['app', 'list', 'demo'],
  }),
  asked('a file of a session', ['GET session/*/*'], {
    route: '* /session/*/download*',
    args: ['key', 'fetch', 'demo'],
  }),
  asked("the account's key", ['GET auth/ssh-keypair'], {
    route: 'GET /auth/ssh-keypair',
    args: ['key', 'status'],
  }),
  asked("the account's key renewed", ['PATCH auth/ssh-keypair'], {
    route: 'PATCH /auth/ssh-keypair',
    args: ['key', 'rotate'],
  }),
  asked("the account's key replaced", ['POST auth/ssh-keypair'], {
    route: 'POST /auth/ssh-keypair',
    args: ['key', 'upload', 'own', '--yes'],
    prepare: ({ folder }) => void makeKey(join(folder, `own`), ['-t', 'rsa']),
  }),
  asked('the tunnel', ['GET stream/session/*/tcpproxy'], {
    route: 'GET /stream/session/*/tcpproxy',
    args: ['sftp', 'ls', 'demo:'],
    limit: { code: 5, says: /the manager did not open the tunnel to the sshd of session demo in \d+ s/ },
  }),
];

/** A session that starts is waited for without a limit, and says so. */
const starting: Wait[] = [
  {
    name: 'a session that starts',
    covers: ['GET events/session'],
    async begin({ bed }) {
      const { emulator } = bed;
      await emulator.sessions.get('demo').force('PREPARING');
      return {
        args: ['session', 'wait', 'demo'],
        reached: ({ stderr }) => stderr.includes('demo: PREPARING'),
      };
    },
  },
  {
    name: 'a session that starts, while the manager has stopped to answer',
    covers: [],
    async begin({ bed }) {
      const { emulator } = bed;
      await emulator.sessions.get('demo').force('PREPARING');
      const events = emulator.faults.add({ kind: 'hang', route: 'GET /events/session' });
      const fault = emulator.faults.add({ kind: 'hang', route: 'POST /admin/gql' });
      return {
        args: ['session', 'wait', 'demo'],
        reached: () => fault.hits > 0 && events.hits > 0,
        limit: {
          code: 5,
          says: /did not answer in \d+ s; session demo was still starting/,
          // A manager that is started anew is waited for, for two minutes.
          withinMs: 140_000,
        },
      };
    },
  },
];

/** What is sent before it falls silent. */
interface Speech {
  readonly name: string;
  readonly covers: readonly string[];
  readonly text: string;
  /** Goes on so, one byte each. */
  readonly trickle?: string;
  readonly scheme?: 'https';
  readonly limit: Waiting['limit'];
}

const speeches: Speech[] = [
  { name: 'a manager that accepts and says nothing', covers: [], text: '', limit: noAnswer },
  {
    name: 'a TLS handshake',
    covers: ['TLS'],
    text: '',
    scheme: 'https',
    limit: { code: 5, says: /no connection to 127\.0\.0\.1:\d+ in \d+ s/ },
  },
  { name: 'the rest of a status line', covers: [], text: 'HTTP/1.1 20', limit: noAnswer },
  {
    name: 'the rest of an answer',
    covers: ['body'],
    text: 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"version"',
    limit: { code: 5, says: /127\.0\.0\.1:\d+ did not go on with its answer for \d+ s/ },
  },
  {
    name: 'an answer that comes byte by byte',
    covers: [],
    text: 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n',
    trickle: ' ',
    limit: { code: 5, says: /127\.0\.0\.1:\d+ did not go on with its answer for \d+ s/ },
  },
  {
    name: 'a header that comes byte by byte',
    covers: [],
    text: 'HTTP/1.1 200 OK\r\nX: ',
    trickle: 'x',
    limit: noAnswer,
  },
];

function spoken({ name, covers, text, trickle, scheme = 'http' as never, limit }: Speech): Wait {
  return {
    name,
    covers,
    async begin(place) {
      const silent = place.keep(await startSilent(text, trickle));
      return {
        args: ['session', 'list'],
        env: { BACKEND_ENDPOINT: `${scheme}://127.0.0.1:${silent.port}` },
        reached: () => silent.connections() > 0,
        ...(limit && { limit }),
      };
    },
  };
}

interface SilentServer extends Disposable {
  readonly port: number;
  connections(): number;
}

async function startSilent(text: string, trickle?: string): Promise<SilentServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.resume();
    socket.write(text);
    if (trickle === undefined) return;
    const timer = setInterval(() => socket.write(trickle), 100);
    socket.on('close', () => clearInterval(timer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    connections: () => sockets.size,
    [Symbol.dispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

export const managerWaits: Wait[] = [...routes, ...starting, ...speeches.map(spoken)];
