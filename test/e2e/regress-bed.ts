/**
 * A session on every server that one may run: behind the embedded manager its own sshd or a real one, and on genuine
 * managers what is in their sessions.
 */

import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { type Bed, freePort, openEmulator, openSession } from '../contract/app-bed.ts';
import { untilPrinted } from '../support/bai.ts';
import type { ManagerKind } from '../support/managers.ts';
import { sshServers, type TestSshd } from '../support/sshd.ts';

export interface RegressServer {
  readonly name: string;
  /** Why it cannot be had here. */
  readonly missing: string | undefined;
  /** Whether its sshd is the embedded manager's, in the process of the test. */
  readonly isEmbedded: boolean;
  readonly isOpenSsh: boolean;
  /** Whether OpenSSH's client loses bytes of large outputs there, which is why bai has a client of its own. */
  readonly losesBytes: boolean;
  open(): Promise<RegressBed>;
}

export const clients = ['builtin', 'system'] as const;

export interface RegressBed extends AsyncDisposable {
  readonly bed: Bed;
  readonly session: string;
  readonly id: string;
  /** The home of the session; of this machine only where the manager is the embedded one. */
  readonly folder: string;
  /** Account and key, where they are not those that bai finds by itself. */
  readonly env: Readonly<Record<string, string>>;
  put(name: string, content: Uint8Array): Promise<void>;
  /** Where the session's programs reach what listens on this port of this machine's loopback. */
  seenThere(port: number): Promise<number>;
  /** Where this machine's programs reach what listens on this port of the session's loopback. */
  seenHere(port: number): Promise<number>;
  /** Of the embedded manager. */
  openTunnels?(): number;
}

/** The servers behind the embedded manager unless the managers are genuine ones alone. */
export function regressServers(kinds: readonly ManagerKind[]): RegressServer[] {
  const genuine = kinds.filter(({ isGenuine }) => isGenuine);
  const isGenuineOnly = genuine.length === kinds.length;
  return [...(isGenuineOnly ? [] : embeddedServers()), ...genuine.flatMap(genuineServers)];
}

function embeddedServers(): RegressServer[] {
  const own = {
    name: 'the embedded manager',
    missing: undefined,
    isEmbedded: true,
    isOpenSsh: false,
    losesBytes: false,
    open: () => openRegress(undefined),
  };
  const real = sshServers.map(({ name, missing, start }) => ({
    name,
    missing,
    isEmbedded: false,
    isOpenSsh: name === 'sshd',
    losesBytes: name === 'dropbear of sessions',
    open: () => openRegress(start),
  }));
  return [own, ...real];
}

/** The dropbear of their sessions, and OpenSSH's sshd where a session can be told to run that. */
function genuineServers(kind: ManagerKind): RegressServer[] {
  const { name, openSshEnvironment } = kind;
  const common = { missing: undefined, isEmbedded: false };
  const dropbear = {
    ...common,
    name,
    isOpenSsh: false,
    losesBytes: true,
    open: () => openGenuine(kind, []),
  };
  if (openSshEnvironment === undefined) return [dropbear];
  const openSsh = {
    ...common,
    name: `${name} with sshd`,
    isOpenSsh: true,
    losesBytes: false,
    open: () => openGenuine(kind, ['--env', openSshEnvironment]),
  };
  return [dropbear, openSsh];
}

async function openRegress(start: (() => Promise<TestSshd>) | undefined): Promise<RegressBed> {
  const bed = await openEmulator();
  const id = await bed.create('demo');
  const session = bed.emulator.sessions.get('demo');
  const server = await start?.();
  let env = {};
  if (server !== undefined) {
    session.addApp({ name: 'sshd', protocol: 'tcp', containerPort: 2200, hostPort: server.port });
    env = { BAI_USER: server.user, BAI_IDENTITY: server.privateKeyPath };
  }
  const place = { bed, session: 'demo', id, env, folder: server?.home ?? session.home ?? '' };
  await learnKeys(place);
  const same = async (port: number): Promise<number> => port;
  return {
    ...place,
    put: (name, content) => put(place, name, content),
    seenThere: same,
    seenHere: same,
    openTunnels: () => bed.emulator.openTunnels,
    async [Symbol.asyncDispose]() {
      await bed[Symbol.asyncDispose]();
      await server?.[Symbol.asyncDispose]();
    },
  };
}

async function openGenuine(kind: ManagerKind, options: readonly string[]): Promise<RegressBed> {
  const bed = await openSession(kind, ...options);
  const place = { bed, session: bed.session, id: bed.id, env: {}, folder: '/home/work' };
  await learnKeys(place);
  const isShared = await sharesLoopback(place);
  return {
    ...place,
    put: (name, content) => put(place, name, content),
    seenThere: async (port) => (isShared ? port : leadThere(place, port)),
    seenHere: async (port) => (isShared ? port : leadHere(place, port)),
    [Symbol.asyncDispose]: () => bed[Symbol.asyncDispose](),
  };
}

type Place = Pick<RegressBed, 'bed' | 'session' | 'env' | 'folder'>;

/** ssh of the system says so when it saves the key. */
async function learnKeys({ bed, session, env }: Place): Promise<void> {
  await bed.bai(['ssh', session, '--client', 'system', '--', 'true'], { env });
}

async function put({ bed, session, env, folder }: Place, name: string, input: Uint8Array): Promise<void> {
  const words = ['ssh', session, '--client', 'builtin', '--', `cat > ${folder}/${name}`];
  const ran = await bed.bai(words, { env, input });
  if (ran.code !== 0) throw new Error(`${name} did not get into the session: ${ran.stderr}`);
}

/** A container has a loopback of its own; sessions that are processes of this machine have not. */
async function sharesLoopback({ bed, session }: Place): Promise<boolean> {
  const server = createServer((socket) => socket.end('seen\n')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const script = `bash -c 'cat < /dev/tcp/127.0.0.1/${port}'`;
  const ran = await bed.bai(['ssh', session, '--client', 'builtin', '--', script]);
  server.close();
  return ran.stdout === 'seen\n';
}

async function leadThere({ bed, session }: Place, port: number): Promise<number> {
  const there = await freePort();
  await startLead({ bed, session }, ['-R', `${there}:127.0.0.1:${port}`]);
  return there;
}

async function leadHere({ bed, session }: Place, port: number): Promise<number> {
  const here = await freePort();
  await startLead({ bed, session }, ['-L', `${here}:127.0.0.1:${port}`]);
  return here;
}

/** Ends with the bed. */
async function startLead({ bed, session }: Pick<Place, 'bed' | 'session'>, words: readonly string[]) {
  const child = bed.start(['ssh', session, '--client', 'builtin', '--', ...words, 'echo ready; cat']);
  await untilPrinted(child, 'stdout', /ready/);
}

/** In the title of what is left out. */
export function why(missing: string | undefined): string {
  return missing === undefined ? '' : ` (${missing})`;
}
