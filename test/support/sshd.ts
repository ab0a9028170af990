/** Real SSH servers for tests: OpenSSH's sshd and dropbear, as this user, on a free port of 127.0.0.1. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { homedir, tmpdir, userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import ssh2 from 'ssh2';
import { freePort } from './free-port.ts';

export interface TestSshd extends AsyncDisposable {
  readonly port: number;
  readonly user: string;
  /** An OpenSSH ed25519 key that the server lets in. */
  readonly privateKeyPath: string;
  /** `SHA256:…` without padding, as OpenSSH prints it. */
  readonly hostKeyFingerprint: string;
  /** Where SFTP sessions start; a real path with nothing but `.ssh` at first, gone with the server. */
  readonly home: string;
  /** Of the private half: dropbear from 2022.82 on reads it anew for each connection. */
  readonly hostKeyPath: string;
  /** Of the process that listens; those that serve connections are below it. */
  readonly pid: number;
  /** Ends whatever of it still runs, and starts it again on the same port with the same keys. */
  restart(): Promise<void>;
  /** What the server wrote to stderr so far. */
  log(): string;
}

export interface SshdOptions {
  /** Of SFTP sessions, e.g. 0o027; OpenSSH only. */
  readonly umask?: number;
  /** The user and group that files are served as, when root runs the server; OpenSSH only. */
  readonly serveAs?: number;
  /** Programs start through /bin/sh: the user's own shell reads start-up files, and those must not be killed in the middle. */
  readonly isPlainShell?: boolean;
  /** A real path where SFTP sessions start instead; not removed afterwards. */
  readonly home?: string;
  /** Files that each of its processes may have open; OpenSSH only. */
  readonly openFiles?: number;
  /** New keys after that much, e.g. `1M`, where the sessions' dropbear waits for 1 GiB; OpenSSH only. */
  readonly rekeyLimit?: string;
}

export interface DropbearOptions extends Pick<SshdOptions, 'home'> {
  /** The one account there is; the name of whoever runs the tests when left out. */
  readonly account?: string;
  /** The account's login shell, for what its start-up files do. */
  readonly shell?: string;
  /** The folder of Backend.AI's package with the programs of its sessions, to run its dropbear. */
  readonly runner?: string;
}

const sshd = findProgram('sshd');
const sftpServer = [
  '/usr/lib/openssh/sftp-server',
  '/usr/libexec/openssh/sftp-server',
  '/usr/libexec/sftp-server',
].find(existsSync);
const isRoot = process.getuid?.() === 0;
const namespaceFlags = isRoot ? ['--mount'] : ['--user', '--map-root-user', '--mount'];
const mountPasswd = 'mount --bind "$0" /etc/passwd && exec "$@"';

/** Why tests with this server are skipped, or nothing. */
export const sshdMissing: string | undefined =
  sshd === undefined || sftpServer === undefined ? 'openssh-server is not installed' : undefined;

export const dropbearMissing: string | undefined = dropbearProblem();

/** Why `isPlainShell` cannot be had, or nothing. */
export const plainShellMissing: string | undefined = namespaceProblem();

/** Where scripts/session-dropbear.mjs keeps what real sessions run. */
const sessionPrograms =
  process.env['BAI_TEST_SESSION_PROGRAMS'] ?? join(homedir(), '.cache', 'bai-test', 'session-26.9.6');
const sessionDropbear = join(sessionPrograms, 'dropbearmulti.x86_64.bin');
const sessionSftpServer = join(sessionPrograms, 'sftp-server.x86_64.bin');
const sessionTmux = join(sessionPrograms, 'tmux.x86_64.bin');

export const sessionDropbearMissing: string | undefined = [
  sessionDropbear,
  sessionSftpServer,
  sessionTmux,
].every(existsSync)
  ? namespaceProblem()
  : 'the dropbear of sessions was not fetched (node scripts/test.mjs does it)';

/** Every server that a session may run, with why it cannot be had here. */
export const sshServers = [
  { name: 'sshd', missing: sshdMissing, start: startSshd },
  { name: 'dropbear', missing: dropbearMissing, start: startDropbear },
  { name: 'dropbear of sessions', missing: sessionDropbearMissing, start: startSessionDropbear },
];

export interface KeyPair {
  readonly private: string;
  readonly public: string;
}

/** ssh2 drops a leading zero of the numbers it writes, so about one key in two hundred is malformed. */
export function generateKey(): KeyPair {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519');
    if (!(ssh2.utils.parseKey(pair.private) instanceof Error)) return pair;
  }
}

export async function startSshd(options: SshdOptions = {}): Promise<TestSshd> {
  const folder = await createFolder(options.home);
  // As root, sshd wants this folder; the package leaves making it to the system's service.
  if (isRoot) await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
  const hostKey = generateKey();
  await writeFile(folder.hostKeyPath, hostKey.private, { mode: 0o600 });
  return start(folder, fingerprint(hostKey.public), async (port) => {
    const config = join(folder.path, 'sshd_config');
    await writeFile(config, sshdConfig(folder, port, options));
    const { openFiles } = options;
    const limit = openFiles === undefined ? [] : ['prlimit', `--nofile=${openFiles}`];
    const words = [...limit, sshd ?? 'sshd', '-D', '-e', '-f', config];
    if (options.isPlainShell !== true) return spawnServer(words[0] ?? '', words.slice(1));
    const passwd = join(folder.path, 'passwd');
    await writeFile(passwd, await passwdWithPlainShell(folder.home));
    return spawnServer('unshare', [...namespaceFlags, 'sh', '-c', mountPasswd, passwd, ...words]);
  });
}

/** Debian's dropbear, or the one of `runner`. */
export async function startDropbear(options: DropbearOptions = {}): Promise<TestSshd> {
  const { program, keyProgram, prepare } = dropbearKind(options.runner);
  const folder = await createFolder(options.home);
  const { username, uid, gid } = userInfo();
  const { account = username, shell = '/bin/sh' } = options;
  await writeFile(join(folder.path, 'passwd'), `${account}:x:${uid}:${gid}::${folder.home}:${shell}\n`);
  const { hostKeyPath } = folder;
  const [makeKey, ...words] = keyProgram;
  const made = execFileSync(makeKey, [...words, '-t', 'ed25519', '-f', hostKeyPath], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const publicKey = made.split('\n').find((line) => line.startsWith('ssh-ed25519 ')) ?? '';
  return start({ ...folder, user: account }, fingerprint(publicKey), async (port) => {
    const dropbear = [...program, '-F', '-E', '-p', `127.0.0.1:${port}`, '-r', hostKeyPath, '-P', ''];
    const inner = isRoot
      ? dropbear
      : ['unshare', '-U', `--map-user=${uid}`, `--map-group=${gid}`, ...dropbear];
    return spawnServer('unshare', [
      ...namespaceFlags,
      'sh',
      '-c',
      `${prepare} && ${mountPasswd}`,
      join(folder.path, 'passwd'),
      ...inner,
    ]);
  });
}

/** sshd looks up an account of its own too, so the others stay. */
async function passwdWithPlainShell(home: string): Promise<string> {
  const { username, uid, gid } = userInfo();
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n');
  const others = lines.filter((line) => !line.startsWith(`${username}:`));
  return [`${username}:x:${uid}:${gid}::${home}:/bin/sh`, ...others].join('\n');
}

/** The dropbear 2024.85 of Backend.AI 26.9.6: it sends on when the client's window is shut. */
export function startSessionDropbear(options: Omit<DropbearOptions, 'runner'> = {}): Promise<TestSshd> {
  return startDropbear({ ...options, runner: sessionPrograms });
}

interface DropbearKind {
  readonly program: readonly string[];
  readonly keyProgram: readonly [string, ...string[]];
  /** Run in the namespace of the server. */
  readonly prepare: string;
}

/**
 * dropbear has no option for the file of allowed keys: it takes the home from /etc/passwd. So it gets a mount
 * namespace with a passwd of its own; for an ordinary user a user namespace around that, left again at once.
 */
function dropbearKind(runner: string | undefined): DropbearKind {
  if (runner === undefined) return { program: ['dropbear'], keyProgram: ['dropbearkey'], prepare: 'true' };
  const multi = join(runner, 'dropbearmulti.x86_64.bin');
  const server = join(runner, 'sftp-server.x86_64.bin');
  const tmux = join(runner, 'tmux.x86_64.bin');
  return {
    program: ['/opt/kernel/dropbearmulti', 'dropbear'],
    keyProgram: [multi, 'dropbearkey'],
    // It looks for the file server in this folder and nowhere else.
    prepare: [
      'mount -t tmpfs tmpfs /opt && mkdir /opt/kernel',
      `cp '${multi}' /opt/kernel/dropbearmulti && cp '${server}' /opt/kernel/sftp-server`,
      `cp '${tmux}' /opt/kernel/tmux`,
      'chmod 755 /opt/kernel/*',
    ].join(' && '),
  };
}

function dropbearProblem(): string | undefined {
  if (findProgram('dropbear') === undefined || findProgram('dropbearkey') === undefined) {
    return 'dropbear-bin is not installed';
  }
  // Debian's dropbear looks for the file server here and nowhere else.
  if (!existsSync('/usr/lib/sftp-server')) return 'openssh-sftp-server is not installed';
  return namespaceProblem();
}

function namespaceProblem(): string | undefined {
  try {
    execFileSync('unshare', [...namespaceFlags, 'sh', '-c', mountPasswd, '/etc/passwd', 'true'], {
      stdio: 'ignore',
    });
    return undefined;
  } catch {
    return 'this machine allows no mount namespace, which a server needs for a home and a shell of its own';
  }
}

interface ServerFolder {
  readonly path: string;
  readonly home: string;
  readonly privateKeyPath: string;
  readonly hostKeyPath: string;
  readonly user: string;
}

async function createFolder(givenHome: string | undefined): Promise<ServerFolder> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'bai-sshd-')));
  const home = givenHome ?? join(path, 'home');
  await mkdir(join(home, '.ssh'), { recursive: true, mode: 0o700 });
  const key = generateKey();
  const privateKeyPath = join(path, 'user_key');
  await writeFile(privateKeyPath, key.private, { mode: 0o600 });
  await writeFile(join(home, '.ssh', 'authorized_keys'), `${key.public}\n`, { mode: 0o600 });
  return { path, home, privateKeyPath, hostKeyPath: join(path, 'host_key'), user: userInfo().username };
}

function sshdConfig(folder: ServerFolder, port: number, options: SshdOptions): string {
  const { umask, serveAs, rekeyLimit } = options;
  const mask = umask === undefined ? '' : ` -u 0${umask.toString(8)}`;
  const as = serveAs === undefined ? '' : `setpriv --reuid=${serveAs} --regid=${serveAs} --clear-groups `;
  return [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${folder.path}/host_key`,
    'PidFile none',
    `AuthorizedKeysFile ${folder.home}/.ssh/authorized_keys`,
    // The temporary folder's parents may be writable by others.
    'StrictModes no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'UsePAM no',
    'PermitRootLogin prohibit-password',
    'MaxStartups 100',
    ...(rekeyLimit === undefined ? [] : [`RekeyLimit ${rekeyLimit}`]),
    // Or the shell runs the start-up files of whoever runs the tests, which may take long and lock each other out.
    `SetEnv HOME=${folder.home}`,
    `Subsystem sftp ${as}${sftpServer ?? 'internal-sftp'} -d ${folder.home}${mask}`,
    '',
  ].join('\n');
}

interface RunningServer {
  readonly child: ChildProcess;
  log(): string;
}

function spawnServer(program: string, args: readonly string[]): RunningServer {
  // The sessions' dropbear hands its environment on, and bash reads .bashrc only for the outermost shell.
  const { SHLVL: _, ...env } = process.env;
  // A group of its own, so that the children that serve connections can be ended with it.
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true, env });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  child.once('error', (error) => {
    log += String(error);
  });
  return { child, log: () => log };
}

async function start(
  folder: ServerFolder,
  hostKeyFingerprint: string,
  run: (port: number) => Promise<RunningServer>,
): Promise<TestSshd> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    let server = await run(port);
    if (await isReady(port, server.child)) {
      return {
        port,
        get pid() {
          return server.child.pid ?? 0;
        },
        restart: async () => {
          await stop(server.child);
          server = await run(port);
          if (!(await isReady(port, server.child))) throw new Error(`no new start: ${server.log()}`);
        },
        user: folder.user,
        privateKeyPath: folder.privateKeyPath,
        hostKeyPath: folder.hostKeyPath,
        hostKeyFingerprint,
        home: folder.home,
        log: () => server.log(),
        [Symbol.asyncDispose]: async () => {
          await stop(server.child);
          await rm(folder.path, { recursive: true, force: true });
        },
      };
    }
    await stop(server.child);
    // Somebody else can take the port before the server does, but not every time.
    if (attempt === 3) throw new Error(`the server did not start: ${server.log()}`);
  }
}

async function isReady(port: number, child: ChildProcess): Promise<boolean> {
  const deadline = Date.now() + 50_000;
  while (Date.now() < deadline && child.exitCode === null && child.signalCode === null) {
    if (await greets(port)) return true;
    await after(20);
  }
  return false;
}

/** An open port is not enough: the server has to say that it speaks SSH. */
async function greets(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    const [greeting] = (await once(socket, 'data', { signal: AbortSignal.timeout(20_000) })) as [Buffer];
    return greeting.toString('latin1').startsWith('SSH-2.0-');
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined) return;
  const gone = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The whole group has ended already.
  }
  await gone;
}

/** Of a public key as one line of text. */
function fingerprint(publicKey: string): string {
  const blob = Buffer.from(publicKey.split(' ')[1] ?? '', 'base64');
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, name)).find(existsSync);
}
