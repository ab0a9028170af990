/** Joins tunnels, forwarder, ssh and keys for the services that go into a session. */

import { join } from 'node:path';
import { type LineSettings, openLineSettings } from '../config/line-settings.ts';
import { findOwnPaths } from '../config/paths.ts';
import { isFirstTime } from '../config/told.ts';
import { askYesOrNo } from '../config/yes-or-no.ts';
import type { Environment, ProcessFacts } from '../context.ts';
import { requireFeature } from '../core/session/features.ts';
import type { Settings } from '../core/settings/settings.ts';
import { removeKeyFileIf } from '../keys/key-file.ts';
import { isPrivateKeyText, publicBlobOf } from '../keys/public-half.ts';
import { fingerprintOf } from '../keys/public-key.ts';
import { captureOutput } from '../output/captured-output.ts';
import { prefixedOutput } from '../output/prefixed-output.ts';
import { wantsColor } from '../output/style.ts';
import { leftInSession } from '../output/transfer-progress.ts';
import { startForwarder } from '../proxy/forwarder.ts';
import { watchLocalPeers } from '../proxy/local-peers.ts';
import type { PruneTools } from '../services/keys/prune-keys.ts';
import type { SessionTools } from '../services/session/session-tools.ts';
import {
  type ConnectSftpRequest,
  type OpenSftpTools,
  openLine,
  openSftp as openSftpTo,
} from '../services/sftp/open-sftp.ts';
import type { SpeedTestTools } from '../services/sftp/sftp-speedtest.ts';
import type { SftpTools } from '../services/sftp/sftp-tools.ts';
import type { ExecTools } from '../services/ssh/exec-command.ts';
import type { HostKeyTools } from '../services/ssh/host-keys.ts';
import type { SshClient, SshTools } from '../services/ssh/ssh-tools.ts';
import { openSshConnection } from '../ssh/connection.ts';
import { fingerprints, keyType, openKnownHosts } from '../ssh/files/known-hosts.ts';
import { fetchHostKey } from '../ssh/host-key.ts';
import { findProgram } from '../ssh/programs.ts';
import { readRemoteHome } from '../ssh/remote-home.ts';
import { openSftp, sftpWithLogin } from '../ssh/sftp.ts';
import { openNodeStreams } from '../ssh/streams/node-streams.ts';
import { openSessionPorts } from '../ssh/streams/session-ports.ts';
import { runSsh } from '../ssh/system-ssh.ts';
import { benchmarkLink } from '../transfer/benchmark/benchmark.ts';
import type { SftpConnection } from '../transfer/engine/sftp-connection.ts';
import { localFiles } from '../transfer/local/local-files.ts';
import { partAhead } from '../transfer/remote/part-ahead.ts';
import { createRemoteFiles } from '../transfer/remote-files.ts';
import { answerLimit, nullDevice, sshSettings } from './app-settings.ts';
import { startInBackground } from './background.ts';
import { type OpenConnection, openBuiltin } from './builtin.ts';
import { lockWait } from './lock-wait.ts';
import { loginKeys } from './login-keys.ts';
import type { UserSsh } from './user-ssh.ts';

/** What a command has of the process, beside the tools for sessions. */
export interface AppParts extends SessionTools {
  readonly settings: Settings;
  readonly environment: Environment;
  readonly leaveInterruptsToChild: () => Disposable;
  readonly userSsh: UserSsh;
  readonly holdLogin: (what: string) => void;
  /** For the builtin ssh client. */
  readonly streams: Pick<ProcessFacts, 'stdin' | 'stdout' | 'stderr' | 'stdioForChild' | 'background'>;
}

export function sshTools(parts: AppParts): SshTools {
  const { provider, reporter, signal, owner, profile, ask } = parts;
  const places = findOwnPaths(parts.environment);
  const settings = sshSettings(parts.settings);
  return {
    ...{ provider, reporter, signal, owner, profile, ask, settings, startForwarder },
    holdLogin: parts.holdLogin,
    access: (session, options) => provider.access(session, { signal, ...options }),
    knownHosts: openKnownHosts(places.knownHosts, lockWait(parts)),
    keys: loginKeys(parts, settings),
    client: sshClient(parts),
    system: {
      isThere: async () => findProgram('ssh', parts.environment) !== undefined,
      run: (args) =>
        runSsh(args, { program: 'ssh', environment: parts.environment, signal, terminal: parts.streams }),
      userSettings: (file) => parts.userSsh.settings(file),
      nullDevice,
      platform: process.platform,
      isTerminal: parts.streams.stdin.isTTY === true,
      background: parts.streams.background,
      startInBackground: (wish) => startInBackground(wish, parts),
      leaveInterruptsToChild: parts.leaveInterruptsToChild,
    },
  };
}

function sshClient(parts: AppParts): SshClient {
  const { reporter } = parts;
  const answerMs = answerLimit(parts.settings);
  const logIn: OpenConnection = async (request) => {
    using _shown = reporter.wait(`waiting for session ${request.session} to log in`, answerMs);
    return await openSshConnection({ ...request, answerMs });
  };
  return {
    open: (request) => openBuiltin(request, logIn, parts),
    openStreams: async (request) =>
      openNodeStreams(await logIn(request), { session: request.session, patienceMs: answerMs / 4 }),
    openPorts: async (request, { remotes, say }) => {
      const { session } = request;
      const options = { session, remotes, say, signal: request.signal, peers: watchLocalPeers() };
      return await openSessionPorts(await logIn(request), options);
    },
    async probe(request) {
      await using connection = await logIn(request);
      return connection.software;
    },
    async home(request) {
      return await readRemoteHome(await logIn(request), request.session);
    },
    async fetchHostKey(stream, session, until) {
      using _shown = reporter.wait(`waiting for the host key of session ${session}`, answerMs);
      return await fetchHostKey(stream, session, until, { answerMs });
    },
    agent: async () => (await parts.userSsh.agents())[0],
  };
}

/** `color` as the flag says it, or nothing. */
export function execTools(parts: AppParts, color: boolean | undefined): ExecTools {
  const { stdout, stderr } = parts.streams;
  return {
    ...sshTools(parts),
    labelled: (labels) =>
      prefixedOutput({ stdout, stderr, labels, color: wantsColor(stdout, parts.environment, color) }),
    capture: captureOutput,
  };
}

export function sftpTools(parts: AppParts): SftpTools {
  const tools = openSftpTools(parts);
  const answerMs = answerLimit(parts.settings);
  return {
    reporter: parts.reporter,
    signal: parts.signal,
    local: localFiles,
    partAhead,
    stdin: parts.streams.stdin,
    stdout: parts.streams.stdout,
    isFirstTime: ({ id }) => isFirstTime(join(findOwnPaths(parts.environment).stateDir, 'told'), id),
    mountsOf: async ({ id }) => (await parts.provider.describe(id, parts.signal))?.mounts,
    async open(session, wish) {
      const { connection, dial, peer, line } = await openSftpTo(session, tools, wish);
      const folder = join(findOwnPaths(parts.environment).stateDir, 'transfers');
      return createRemoteFiles(connection, {
        ...{ signal: parts.signal, dial, resume: { folder, peer }, hint: line?.connections },
        ...{ stallMs: 5 * answerMs, programMs: answerMs },
        waiting: (ms) => parts.reporter.wait(`waiting for the file server of session ${session}`, ms),
        onTrouble: ({ path, reason }) => parts.reporter.info(`${path}: ${reason}`),
      });
    },
  };
}

export function speedTestTools(parts: AppParts): SpeedTestTools {
  const { reporter, signal } = parts;
  return {
    ...{ reporter, signal },
    measureLine: (connect, options) =>
      benchmarkLink(connect, {
        ...options,
        stallMs: answerLimit(parts.settings) / 2,
        onLeft: (path) => reporter.warn(leftInSession([path])),
      }),
    openLine: (session) => openLine(session, openSftpTools(parts)),
    remember: (peer, setting) => lineSettings(parts).write(peer, setting),
  };
}

export function openSftpTools(parts: AppParts): OpenSftpTools {
  return {
    ...sshTools(parts),
    connectSftp: (request) => connectSftp({ ...request, answerMs: answerLimit(parts.settings) }, parts),
    lineOf: (peer) => lineSettings(parts).read(peer),
  };
}

function lineSettings({ environment }: AppParts): LineSettings {
  return openLineSettings(join(findOwnPaths(environment).stateDir, 'lines'));
}

export function pruneTools(parts: AppParts): PruneTools {
  const { provider, signal, streams } = parts;
  requireFeature(provider, 'issuedKey');
  const keys = loginKeys(parts, sshSettings(parts.settings));
  return {
    ...{ provider, signal },
    ledger: keys.ledger,
    readKey: (session, until) => keys.issued(session, until),
    // PuTTY's form as well, which bai makes beside a key.
    files: { ...keys.files, fingerprintOf: fingerprintOfPrivate, remove: removeKeyFileIf },
    async accountKey(until) {
      const blob = await provider.accountKey?.read(until);
      return blob && fingerprintOf(blob);
    },
    ask: parts.ask && ((question) => askYesOrNo(question, { ...streams, signal })),
  };
}

function fingerprintOfPrivate(bytes: Uint8Array): string | undefined {
  const blob = isPrivateKeyText(bytes) ? publicBlobOf(bytes) : undefined;
  return blob && fingerprintOf(blob);
}

export function hostKeyTools(parts: AppParts): HostKeyTools {
  const knownHosts = openKnownHosts(findOwnPaths(parts.environment).knownHosts, lockWait(parts));
  const { provider, reporter, signal, owner } = parts;
  return { provider, reporter, signal, owner, knownHosts, fingerprints, keyType };
}

async function connectSftp(
  { isStepwise, ahead = { paths: [] }, ...request }: ConnectSftpRequest & { readonly answerMs: number },
  { reporter }: AppParts,
): Promise<SftpConnection> {
  const { session, answerMs } = request;
  using _shown = reporter.wait(
    `waiting for session ${session} to log in and start its file server`,
    answerMs,
  );
  let begun: Promise<SftpConnection> | undefined;
  const withLogin = sftpWithLogin({ session, ahead }, (opened) => {
    begun = opened;
    // Whoever waits for the connection hears it first.
    opened.catch(() => {});
  });
  const connection = await openSshConnection({ ...request, ...(!isStepwise && { withLogin }) });
  return await (begun ?? openSftp(connection, session, ahead));
}
