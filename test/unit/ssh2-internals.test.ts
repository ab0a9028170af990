import { once } from 'node:events';
import ssh2, { type Client, type ParsedKey, type ServerChannel, type SFTPWrapper } from 'ssh2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as internals from '../../src/ssh/ssh2-internals.ts';
import { generateKey } from '../support/sshd.ts';

const server = new ssh2.Server({ hostKeys: [generateKey().private] }, (connection) => {
  connection.on('authentication', (context) => context.accept());
  connection.on('session', (accept) => {
    const session = accept();
    session.on('sftp', (acceptSftp) => serveFolder(acceptSftp()));
    session.on('exec', (acceptExec) => {
      serverChannel = acceptExec();
    });
  });
});

/** Of one folder with nothing in it but itself. */
function serveFolder(stream: SFTPWrapper): void {
  stream.on('READDIR', (id) => stream.name(id, [{ filename: '.', longname: '.', attrs: noAttributes }]));
}

const noAttributes = { mode: 0, uid: 0, gid: 0, size: 0, atime: 0, mtime: 0 };
let client: Client;
let sftp: SFTPWrapper;
let serverChannel: ServerChannel;
let key: ParsedKey;

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = new ssh2.Client();
  const { port } = server.address() as { port: number };
  client.connect({ host: '127.0.0.1', port, username: 'work', password: 'any', keepaliveInterval: 60_000 });
  await once(client, 'ready');
  sftp = await new Promise((resolve, reject) => {
    client.sftp((error, opened) => (error ? reject(error) : resolve(opened)));
  });
  await new Promise<void>((resolve, reject) => {
    client.exec('true', (error) => (error ? reject(error) : resolve()));
  });
  key = ssh2.utils.parseKey(generateKey().private) as ParsedKey;
});

afterAll(() => {
  client.end();
  server.close();
});

/** The same object for ssh2, but for one part that has moved to another name. */
function without<T extends object>(owner: T, name: string): T {
  return Object.create(owner, { [name]: { value: undefined } }) as T;
}

/** The object in the path, and all above it, without its last part. */
function withoutPath<T extends object>(owner: T, [name = '', ...more]: readonly string[]): T {
  const value: unknown = Reflect.get(owner, name);
  if (more.length === 0 || typeof value !== 'object' || value === null) return without(owner, name);
  return Object.create(owner, { [name]: { value: withoutPath(value, more) } }) as T;
}

type Owner = 'client' | 'sftp' | 'protocol' | 'serverChannel' | 'key';

/** What is taken hold of, by whom, and each part that it lives on. */
const reaches: readonly [keyof typeof internals, Owner, readonly string[], (owner: never) => unknown][] = [
  [
    'protocolOf',
    'client',
    [
      '_protocol',
      '_protocol.authPK',
      '_protocol.session',
      '_protocol.exec',
      '_protocol.shell',
      '_protocol.subsystem',
    ],
    (owner: Client) => internals.protocolOf(owner),
  ],
  [
    'protocolOf',
    'sftp',
    ['_protocol.channelData', '_protocol.channelEOF', '_protocol.channelClose'],
    (owner: SFTPWrapper) => internals.protocolOf(owner),
  ],
  [
    'setProtocol',
    'sftp',
    ['_protocol'],
    (owner: SFTPWrapper) => internals.setProtocol(owner, internals.protocolOf(sftp)),
  ],
  [
    'handlersOf',
    'protocol',
    [
      '_handlers',
      '_handlers.SERVICE_ACCEPT',
      '_handlers.USERAUTH_FAILURE',
      '_handlers.CHANNEL_OPEN_CONFIRMATION',
      '_handlers.CHANNEL_OPEN_FAILURE',
      '_handlers.CHANNEL_WINDOW_ADJUST',
    ],
    (owner: internals.Protocol) => internals.handlersOf(owner),
  ],
  [
    'writerOf',
    'protocol',
    ['_packetRW', '_packetRW.write', '_packetRW.write.finalize'],
    (owner: internals.Protocol) => internals.writerOf(owner),
  ],
  [
    'makePackets',
    'protocol',
    ['_cipher'],
    (owner: internals.Protocol) => internals.makePackets(owner, { take: () => undefined, seal: () => false }),
  ],
  ['loadPoly1305', 'protocol', [], () => internals.loadPoly1305()],
  ['resetKeepalive', 'client', ['_resetKA'], (owner: Client) => internals.resetKeepalive(owner)],
  ['softwareOf', 'client', ['_remoteVer'], (owner: Client) => internals.softwareOf(owner)],
  [
    'sftpByRemoteId',
    'client',
    ['_chanMgr', '_chanMgr._channels'],
    (owner: Client) => internals.sftpByRemoteId(owner, 0),
  ],
  [
    'channelByLocalId',
    'client',
    ['_chanMgr', '_chanMgr._channels'],
    (owner: Client) => internals.channelByLocalId(owner, 0),
  ],
  ['greetFileServer', 'sftp', ['_init'], (owner: SFTPWrapper) => internals.greetFileServer(owner)],
  [
    'outgoingOf',
    'sftp',
    ['outgoing', 'outgoing.id', 'outgoing.window', 'outgoing.packetSize', 'outgoing.state'],
    (owner: SFTPWrapper) => internals.outgoingOf(owner),
  ],
  [
    'longestWriteOf',
    'sftp',
    ['_writeReqid', '_maxWriteLen', '_requests', '_buffer', '_waitWindow'],
    (owner: SFTPWrapper) => internals.longestWriteOf(owner),
  ],
  [
    'askInPieces',
    'sftp',
    ['_writeReqid', '_maxWriteLen', '_requests', '_buffer', '_waitWindow', 'outgoing'],
    (owner: SFTPWrapper) =>
      internals.askInPieces(
        owner,
        () => [],
        () => {},
      ),
  ],
  [
    'incomingOf',
    'sftp',
    ['incoming', 'incoming.window'],
    (owner: SFTPWrapper) => internals.incomingOf(owner),
  ],
  [
    'openWindow',
    'sftp',
    ['_client', '_client._protocol', '_client._protocol.channelWindowAdjust', 'outgoing'],
    (owner: SFTPWrapper) => internals.openWindow(owner, 1),
  ],
  [
    'interceptIncoming',
    'sftp',
    ['push'],
    (owner: SFTPWrapper) => internals.interceptIncoming(owner, (push) => push),
  ],
  ['sftpVersionOf', 'sftp', ['_version'], (owner: SFTPWrapper) => internals.sftpVersionOf(owner)],
  ['extensionsOf', 'sftp', ['_extensions'], (owner: SFTPWrapper) => internals.extensionsOf(owner)],
  ['limitReads', 'sftp', ['_maxReadLen'], (owner: SFTPWrapper) => internals.limitReads(owner, 1 << 30)],
  [
    'readFolderInFull',
    'sftp',
    ['readdir'],
    (owner: SFTPWrapper) => internals.readFolderInFull(owner, Buffer.from('x'), () => {}),
  ],
  [
    'keyLike',
    'key',
    [],
    (owner: ParsedKey) => internals.keyLike(owner, { type: 'other', getPublicSSH: () => Buffer.alloc(0) }),
  ],
  ['forgetWaiting', 'serverChannel', [], (owner: ServerChannel) => internals.forgetWaiting(owner)],
];

const ownerOf = (owner: Owner): object =>
  ({ client, sftp, protocol: internals.protocolOf(client), serverChannel, key })[owner];

test('every reach is in this list', () => {
  expect(Object.keys(internals).sort()).toEqual([...new Set(reaches.map(([name]) => name))].sort());
});

describe.each(reaches)('%s of a %s', (_, owner, parts, use) => {
  test('finds its part in this release of ssh2', () => {
    // An object of its own, so that nothing of the connection is changed.
    expect(() => use(Object.create(ownerOf(owner)) as never)).not.toThrow();
  });

  test.each(parts)('without %s it says that ssh2 has moved it', (path) => {
    const broken = withoutPath(ownerOf(owner), path.split('.'));
    expect(() => use(broken as never)).toThrow(
      /release of ssh2 has moved or changed its \w+: bai is made for/,
    );
  });
});

test('a folder that is read in full comes with what ssh2 leaves out of others', async () => {
  const read = (done: (error: unknown, entries?: unknown) => void): void =>
    internals.readFolderInFull(sftp, Buffer.from('x'), done);
  const entries = await new Promise((resolve, reject) => {
    read((error, found) => (error ? reject(error) : resolve(found)));
  });
  expect(entries).toMatchObject([{ filename: '.' }]);
});

test('what descends from no key of ssh2 is no key', () => {
  expect(() =>
    internals.keyLike({} as ParsedKey, { type: 'other', getPublicSSH: () => Buffer.alloc(0) }),
  ).toThrow(/has moved or changed its parsed keys/);
});

test('a channel that notes what waits under other names is told of', () => {
  expect(() => internals.forgetWaiting({} as ServerChannel)).toThrow(/has moved or changed its _chunk/);
});
