/** Waits for what is on this machine: programs, locks, pipes, stdin. */

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { generateKey } from '../support/sshd.ts';
import { tempFolder } from '../support/temp-folder.ts';
import type { Place, Wait, Waiting } from './waits-bed.ts';
import { idle } from './waits-process.ts';

/** stdin brings nothing and does not end. */
function ofStdin(name: string, args: readonly string[], covers: readonly string[] = []): Wait {
  return {
    name,
    covers,
    begin: () => ({ args, keepsStdin: true, reached: idle }),
  };
}

/** A named pipe that nobody writes to, in the place of a file. */
function ofPipe(name: string, args: readonly string[], covers: readonly string[] = []): Wait {
  return {
    name,
    covers,
    begin({ folder }) {
      if (!existsSync(join(folder, 'pipe'))) execFileSync('mkfifo', [join(folder, 'pipe')]);
      return { args, reached: idle };
    },
  };
}

/** A program of this name that runs for ever. */
function withProgram({ folder }: Place, name: string): Readonly<Record<string, string>> {
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, name), `#!/bin/sh\ntouch '${bin}/started'\nexec sleep 1000\n`, { mode: 0o755 });
  return { PATH: `${bin}:${process.env['PATH']}` };
}

interface ProgramWait {
  readonly name: string;
  readonly covers: readonly string[];
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Nothing where a person may take minutes. */
  readonly limit?: Waiting['limit'];
  readonly prepare?: (place: Place) => Promise<unknown>;
}

const programs: ProgramWait[] = [
  {
    name: 'a jump host that says nothing',
    covers: ['jump-host.ts'],
    program: 'ssh',
    args: ['session', 'list'],
    env: { BAI_PROXY_JUMP: 'hop' },
    limit: { code: 5, says: /did not answer in \d+ s/ },
  },
  {
    name: 'a clipboard program that does not end',
    covers: ['programs.ts feed'],
    program: 'xclip',
    args: ['key', 'show', 'own', '--copy'],
    env: { DISPLAY: ':1' },
    limit: { code: 0, says: /there is no clipboard to copy it to/ },
    prepare: async ({ folder }) => {
      writeFileSync(join(folder, 'own'), generateKey().private, { mode: 0o600 });
    },
  },
  {
    name: 'a keyring that hangs',
    covers: ['run-quietly.ts'],
    program: 'secret-tool',
    args: ['-P', 'kept', 'session', 'list'],
    env: { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nowhere' },
    limit: { code: 1, says: /the keyring did not answer within 5 seconds/ },
    prepare: async ({ bed }) => {
      await bed.bai(['config', 'set', 'endpoint', bed.emulator.endpoint, '-P', 'kept']);
      const { path } = JSON.parse((await bed.bai(['config', 'path', '--json'])).stdout);
      const content = JSON.parse(readFileSync(path, 'utf8'));
      Object.assign(content.profiles.kept, { accessKey: 'AK', keyring: 'secretKey:1f2e' });
      writeFileSync(path, JSON.stringify(content));
    },
  },
  {
    name: 'a command for the secret that does not end',
    covers: ['secret-command.ts'],
    program: 'my-pass',
    args: ['session', 'list'],
    env: { BAI_SECRET_COMMAND: 'my-pass show', BACKEND_SECRET_KEY: '' },
  },
  {
    name: 'an editor that has not opened its window yet',
    covers: ['programs.ts launch'],
    program: 'code',
    args: ['open', 'vscode', 'demo'],
    env: { DISPLAY: ':1' },
    limit: { code: 0, says: /^/ },
    prepare: ({ bed }) => bed.bai(['ssh-config', 'install']),
  },
];

function ofProgram({ name, covers, program, args, env = {}, limit, prepare }: ProgramWait): Wait {
  return {
    name,
    covers,
    async begin(place) {
      await prepare?.(place);
      const found = withProgram(place, program);
      return {
        args,
        env: { ...env, ...found },
        reached: () => existsSync(join(place.folder, 'bin', 'started')),
        ...(limit && { limit }),
      };
    },
  };
}

const others: Wait[] = [
  {
    name: 'a lock that another command holds',
    covers: ['authorized-keys.ts'],
    begin(place) {
      const part = join(place.remoteHome, '.ssh', '.authorized_keys.bai-part');
      writeFileSync(part, 'of another command');
      // It goes on, so it is not taken away.
      let turn = 0;
      const timer = setInterval(() => {
        turn += 1;
        utimesSync(part, turn, turn);
      }, 100);
      place.keep({ [Symbol.dispose]: () => clearInterval(timer) });
      return {
        args: ['key', 'authorize', 'demo', generateKey().public],
        reached: ({ stderr }) => stderr.includes('waiting for another command that changes authorized_keys'),
      };
    },
  },
  {
    name: 'a local manager that accepts and says nothing',
    covers: ['local.ts'],
    async begin(place) {
      const home = place.keep(tempFolder());
      const server = createServer((socket) => socket.on('error', () => {}));
      let connections = 0;
      server.on('connection', () => {
        connections += 1;
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      place.keep({ [Symbol.dispose]: () => void server.close() });
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const state = {
        pid: 1,
        endpoint: `http://127.0.0.1:${port}`,
        accessKey: 'a',
        secretKey: 'b',
        release: '26.9.6',
      };
      writeFileSync(join(home.path, 'local.json'), JSON.stringify(state));
      return {
        args: ['local', 'status'],
        env: { BAI_HOME: home.path },
        reached: () => connections > 0,
        limit: { code: 4, says: /no local manager is running/ },
      };
    },
  },
  {
    name: 'a connection that does not come about',
    covers: ['connect'],
    async begin(place) {
      const full = place.keep(await startFull());
      return {
        args: ['session', 'list'],
        env: { BACKEND_ENDPOINT: `http://127.0.0.1:${full.port}` },
        // Once it has ended, its words alone tell how far it came.
        reached: (seen) => idle(seen) || seen.stderr.includes('no connection to'),
        limit: { code: 5, says: /no connection to 127\.0\.0\.1:\d+ in \d+ s/ },
      };
    },
  },
];

/** Listens and has stopped to accept, with as many waiting as the system keeps: it drops who comes next. */
async function startFull(): Promise<Disposable & { readonly port: number }> {
  const script = `const s = require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(s.address().port))`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [printed] = (await once(child.stdout, 'data')) as [Buffer];
  const port = Number(printed.toString());
  child.kill('SIGSTOP');
  const waiting = Array.from({ length: 8 }, () => connect(port, '127.0.0.1').on('error', () => {}));
  await once(waiting[0] as Socket, 'connect');
  return {
    port,
    [Symbol.dispose]() {
      for (const socket of waiting) socket.destroy();
      child.kill('SIGKILL');
    },
  };
}

export const localWaits: Wait[] = [
  ...programs.map(ofProgram),
  ofStdin('a public key from stdin', ['key', 'authorize', 'demo', '-'], ['authorize.ts readAll']),
  ofStdin('commands from stdin', ['sftp', 'shell', 'demo', '-b', '-'], ['sftp-shell-lines.ts']),
  ofStdin('a file from stdin', ['sftp', 'put', '-', 'demo:new'], ['put-stream.ts']),
  ofStdin(
    'a passphrase from stdin',
    ['key', 'generate', '--output', 'made', '--passphrase-stdin'],
    ['read-secret.ts'],
  ),
  ofStdin('a secret from stdin', ['config', 'set', 'secretKey']),
  ofPipe('an environment file that is a pipe', ['--env-file', 'pipe', 'session', 'list'], ['env-file.ts']),
  ofPipe('a key that is a pipe', ['ssh', 'demo', '--identity', 'pipe', '--', 'true']),
  ofPipe('a bootstrap script that is a pipe', ['session', 'create', 'python', '--bootstrap-script', 'pipe']),
  ofPipe('a batch that is a pipe', ['sftp', 'shell', 'demo', '-b', 'pipe']),
  ...others,
];
