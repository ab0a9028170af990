/** Waits on the way into a session: its SSH server at each stage, its file server at each request. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Fault, SshStage } from '../../src/emulator/emulator.ts';
import { startAgent } from '../support/ssh-agent.ts';
import type { Place, Wait, Waiting } from './waits-bed.ts';

const command = ['ssh', 'demo', '--client', 'builtin', '--', 'true'];
const list = ['sftp', 'ls', 'demo:.'];

interface Silent {
  readonly args: readonly string[];
  readonly limit: Waiting['limit'];
  readonly session?: readonly string[];
  readonly prepare?: (place: Place) => Promise<Readonly<Record<string, string>>>;
}

function silentFault(
  name: string,
  covers: readonly string[],
  fault: Fault,
  { args, limit, session, prepare }: Silent,
): Wait {
  return {
    name,
    covers,
    ...(session && { session }),
    async begin(place) {
      const env = await prepare?.(place);
      const struck = place.bed.emulator.faults.add(fault);
      return { args, reached: () => struck.hits > 0, ...(limit && { limit }), ...(env && { env }) };
    },
  };
}

const stage = (at: SshStage): Fault => ({ kind: 'ssh-silent', at });

const lost = (says: RegExp, code = 5): Waiting['limit'] => ({ code, says });
/** Each try of a request has its limit, and there are two. */
const stalled = { code: 5, says: /file server did not answer for \d+ seconds/, withinMs: 60_000 };
const ofSsh = (says: RegExp): Waiting['limit'] => ({ code: 255, says });

const greeting = /says nothing within|did not greet/;
const handshake = /did not finish the key exchange in \d+ s/;
const login = /did not answer the login in \d+ s/;

/** The builtin client, SFTP, and the look at the host key before the system's ssh. */
const ways = [
  ['ssh', command, ofSsh],
  ['sftp', list, lost],
  ['the host key for the system ssh', command.with(3, 'system'), lost],
] as const;

/** No terminal: the signal comes to bai alone, as from a CI system. */
const systemCommand: Wait = {
  name: 'a command under the system ssh',
  covers: [],
  begin: () => ({
    args: ['ssh', 'demo', '--client', 'system', '--', 'echo begun >&2; exec sleep 1000'],
    reached: ({ stderr }) => stderr.includes('begun'),
  }),
};

const connecting: Wait[] = ways.flatMap(([way, args, limit]) => [
  silentFault(
    `the greeting of sshd, ${way}`,
    ['ssh greeting'],
    { kind: 'sshd-silent' },
    { args, limit: limit(greeting) },
  ),
  silentFault(`the key exchange, ${way}`, ['ssh key exchange'], stage('key-exchange'), {
    args,
    limit: limit(handshake),
  }),
]);

const logins: Wait[] = [
  silentFault('the login, ssh', ['ssh login'], stage('login'), { args: command, limit: ofSsh(login) }),
  silentFault('the login, sftp', ['ssh login'], stage('login'), { args: list, limit: lost(login) }),
];

const noSubsystem = /session demo did not start its file server in \d+ s/;

const requests: Wait[] = [
  silentFault('the channel of a command', ['client.exec'], stage('channel'), {
    args: command,
    limit: ofSsh(/session demo did not start the command in \d+ s/),
  }),
  silentFault('a command', ['client.exec'], stage('exec'), {
    args: command,
    limit: ofSsh(/session demo did not start the command in \d+ s/),
  }),
  silentFault('a shell', ['client.shell'], stage('shell'), {
    args: ['ssh', 'demo', '--client', 'builtin'],
    limit: ofSsh(/session demo did not start the shell in \d+ s/),
  }),
  silentFault('a terminal over there', ['client.exec'], stage('pty-req'), {
    args: ['ssh', 'demo', '--client', 'builtin', '--', '-tt', 'true'],
    limit: ofSsh(/session demo did not start the command in \d+ s/),
  }),
  silentFault('the forwarding of the agent', ['client.exec'], stage('auth-agent-req'), {
    args: ['ssh', 'demo', '--client', 'builtin', '--', '-A', 'true'],
    limit: ofSsh(/session demo did not start the command in \d+ s/),
    async prepare(place) {
      const agent = place.keep(await startAgent());
      return { SSH_AUTH_SOCK: agent.socket };
    },
  }),
  silentFault('a port of the session', ['client.forwardIn'], stage('tcpip-forward'), {
    args: [
      'ssh',
      'demo',
      '--client',
      'builtin',
      '--',
      '-N',
      '-o',
      'ExitOnForwardFailure=yes',
      '-R',
      '0:127.0.0.1:9',
    ],
    limit: ofSsh(/session demo did not say whether it listens on port 0 in \d+ s/),
  }),
  silentFault('the way to another container', ['client.forwardOut'], stage('direct-tcpip'), {
    args: ['ssh', 'demo', '--node', 'sub1', '--client', 'builtin', '--', 'true'],
    session: ['--cluster-size', '2'],
    limit: ofSsh(/main1 does not get through to node sub1/),
  }),
  silentFault('a command in all containers', [], stage('exec'), {
    args: ['exec', 'demo', '--all-nodes', '--', 'true'],
    session: ['--cluster-size', '2'],
    limit: ofSsh(/did not start the command in \d+ s/),
  }),
  silentFault('the channel for files', ['client.sftp'], stage('channel'), {
    args: list,
    limit: lost(noSubsystem),
  }),
  silentFault('the subsystem for files', ['client.sftp'], stage('subsystem'), {
    args: list,
    limit: lost(noSubsystem),
  }),
  silentFault(
    'the greeting of the file server',
    ['client.sftp'],
    { kind: 'sftp-silent', request: 'init' },
    {
      args: list,
      limit: lost(
        /session demo did not start its file server in \d+ s\n.*hint: .*start-up file of the login shell.*\.bashrc/s,
      ),
    },
  ),
  silentFault(
    'the limits of the file server',
    [],
    { kind: 'sftp-silent', request: 'limits@openssh.com' },
    // Nobody waits for them: what is waited for is the request behind.
    { args: list, limit: stalled },
  ),
];

interface FileWait {
  /** As the embedded manager names requests on the wire. */
  readonly request: string;
  readonly covers: readonly string[];
  readonly args: readonly string[];
  /** Where the server has no extensions. */
  readonly isPlain?: true;
  /** Left alone, too: that the limit holds for every request, is shown more quickly elsewhere. */
  readonly isLeftAlone?: true;
}

const small = 'small.txt';
const large = 'large.bin';
const largeBytes = 5 * 1024 * 1024;

const files: FileWait[] = [
  { request: 'open', covers: ['open'], args: ['sftp', 'get', `demo:${small}`, 'got'] },
  { request: 'open', covers: [], args: ['sftp', 'put', small, 'demo:new'] },
  { request: 'read', covers: ['read'], args: ['sftp', 'get', `demo:${small}`, 'got'], isLeftAlone: true },
  { request: 'read', covers: [], args: ['sftp', 'get', `demo:${large}`, 'got'] },
  { request: 'fstat', covers: ['attributes'], args: ['sftp', 'get', `demo:${small}`, 'got'] },
  { request: 'fstat', covers: [], args: ['sftp', 'put', small, 'demo:new'] },
  { request: 'fstat', covers: [], args: ['sftp', 'put', large, 'demo:new'] },
  { request: 'write', covers: ['write'], args: ['sftp', 'put', small, 'demo:new'], isLeftAlone: true },
  { request: 'write', covers: [], args: ['sftp', 'put', large, 'demo:new'] },
  { request: 'close', covers: ['close'], args: ['sftp', 'put', small, 'demo:new'] },
  { request: 'close', covers: [], args: ['sftp', 'put', large, 'demo:new'] },
  { request: 'posix-rename@openssh.com', covers: ['posixRename'], args: ['sftp', 'put', small, 'demo:new'] },
  { request: 'posix-rename@openssh.com', covers: [], args: ['sftp', 'put', large, 'demo:new'] },
  {
    request: 'posix-rename@openssh.com',
    covers: [],
    args: ['sftp', 'mv', `demo:${small}`, 'demo:other'],
    isLeftAlone: true,
  },
  { request: 'rename', covers: ['rename'], args: ['sftp', 'put', small, 'demo:new'], isPlain: true },
  { request: 'fsync@openssh.com', covers: ['sync'], args: ['sftp', 'put', 'huge.bin', 'demo:new'] },
  { request: 'fsetstat mode', covers: ['setMode'], args: ['sftp', 'put', large, 'demo:new'] },
  { request: 'fsetstat times', covers: ['setTimes'], args: ['sftp', 'put', '-p', small, 'demo:new'] },
  { request: 'fsetstat size', covers: ['truncate'], args: ['sftp', 'put', large, 'demo:new'] },
  { request: 'stat', covers: ['stat'], args: ['sftp', 'ls', `demo:${small}`] },
  { request: 'lstat', covers: ['lstat'], args: ['sftp', 'stat', `demo:${small}`] },
  { request: 'realpath', covers: ['realpath'], args: ['sftp', 'put', large, 'demo:new'] },
  { request: 'opendir', covers: ['openFolder'], args: list },
  { request: 'readdir', covers: ['readFolder'], args: list, isLeftAlone: true },
  { request: 'mkdir', covers: ['mkdir'], args: ['sftp', 'mkdir', 'demo:made'] },
  { request: 'remove', covers: ['remove'], args: ['sftp', 'rm', `demo:${small}`] },
  { request: 'rmdir', covers: ['removeFolder'], args: ['sftp', 'rm', '-r', 'demo:folder'] },
  { request: 'setstat', covers: ['changeMode'], args: ['sftp', 'shell', 'demo', '-b', 'chmod.txt'] },
];

/** The connection is made anew once, for a line that stood still. */
function onFiles({ request, covers, args, isPlain, isLeftAlone }: FileWait): Wait {
  return {
    name: `${request} of ${args.slice(0, 3).join(' ')}`,
    covers: covers.map((each) => `sftp ${each}`),
    begin(place) {
      fillBoth(place);
      const { faults } = place.bed.emulator;
      if (isPlain === true) faults.add({ kind: 'sftp-plain' });
      const struck = faults.add({ kind: 'sftp-silent', request });
      return {
        args,
        reached: () => struck.hits > 0,
        ...(isLeftAlone && { limit: stalled }),
      };
    },
  };
}

/** The same files on both sides. */
export function fillBoth({ folder, remoteHome }: Place): void {
  for (const side of [folder, remoteHome]) {
    writeFileSync(join(side, small), 'small');
    writeFileSync(join(side, large), Buffer.alloc(largeBytes, 'x'));
    mkdirSync(join(side, 'folder'), { recursive: true });
    writeFileSync(join(side, 'folder', 'a'), 'a');
  }
  writeFileSync(join(folder, 'huge.bin'), Buffer.alloc(9 * 1024 * 1024, 'h'));
  writeFileSync(join(folder, 'chmod.txt'), `chmod 600 ${small}\n`);
}

export const sessionWaits: Wait[] = [
  systemCommand,
  ...connecting,
  ...logins,
  ...requests,
  ...files.map(onFiles),
];
