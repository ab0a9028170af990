/** Joins tunnels, forwarder, ssh and keys for the services that go into a session. */

import { dirname, join } from 'node:path';
import { type LineSettings, openLineSettings } from '../config/line-settings.ts';
import { findOwnPaths } from '../config/paths.ts';
import { isFirstTime } from '../config/told.ts';
import { askYesOrNo } from '../config/yes-or-no.ts';
import type { Environment, ProcessFacts } from '../context.ts';
import type { Reporter } from '../core/reporter.ts';
import type { SessionRef } from '../core/session/session.ts';
import type { Settings } from '../core/settings/settings.ts';
import { sanitizeLine } from '../core/text/sanitize.ts';
import { BaiError } from '../errors.ts';
import { authorizedFingerprints } from '../keys/authorized-keys.ts';
import { removeKeyFileIf } from '../keys/key-file.ts';
import { openKeyLedger } from '../keys/key-ledger.ts';
import { type PrivateKey, readIssuedKey } from '../keys/private-key.ts';
import { isPrivateKeyText, publicBlobOf } from '../keys/public-half.ts';
import { fingerprintOf } from '../keys/public-key.ts';
import { captureOutput } from '../output/captured-output.ts';
import { prefixedOutput } from '../output/prefixed-output.ts';
import { wantsColor } from '../output/style.ts';
import { leftInSession } from '../output/transfer-progress.ts';
import { readAccountKey } from '../providers/backend-ai/account-key.ts';
import { startForwarder } from '../proxy/forwarder.ts';
import { watchLocalPeers } from '../proxy/local-peers.ts';
import type { PruneDeps } from '../services/keys/prune-keys.ts';
import {
  type ConnectSftpRequest,
  type OpenSftpDeps,
  openLine,
  openSftp as openSftpTo,
} from '../services/sftp/open-sftp.ts';
import type { SftpDeps } from '../services/sftp/sftp-deps.ts';
import type { SpeedTestDeps } from '../services/sftp/sftp-speedtest.ts';
import type { BuiltinConnection } from '../services/ssh/connect-builtin.ts';
import type { ExecDeps } from '../services/ssh/exec-command.ts';
import { explainMissingKey } from '../services/ssh/explain-missing-key.ts';
import type { HostKeyDeps } from '../services/ssh/host-keys.ts';
import type { SshCommandDeps } from '../services/ssh/run-ssh-command.ts';
import type { LoginRequest } from '../services/ssh/ssh-way.ts';
import { runBuiltin } from '../ssh/builtin-client.ts';
import { fetchHostKey, openSshConnection, type SshConnection } from '../ssh/connection.ts';
import { fingerprints, keyType, openKnownHosts } from '../ssh/files/known-hosts.ts';
import { openNodeStreams } from '../ssh/node-streams.ts';
import { findProgram } from '../ssh/programs.ts';
import { openSftp } from '../ssh/sftp.ts';
import { runSsh } from '../ssh/system-ssh.ts';
import { benchmarkLink } from '../transfer/benchmark/benchmark.ts';
import { localFiles } from '../transfer/local/local-files.ts';
import { createRemoteFiles } from '../transfer/remote-files.ts';
import { answerLimit, appSettings, issuedKey, nullDevice } from './app-settings.ts';
import { startInBackground } from './background.ts';
import { lockWait } from './lock-wait.ts';
import { keyFilesFor, ownKeyDeps } from './login-keys.ts';
import type { ManagerAccess } from './manager.ts';
import { tunnelTo } from './tunnel.ts';
import type { UserSsh } from './user-ssh.ts';

export interface AppParts {
  readonly settings: Settings;
  readonly manager: ManagerAccess;
  readonly environment: Environment;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  readonly leaveInterruptsToChild: () => Disposable;
  readonly userSsh: UserSsh;
  /** For the builtin ssh client. */
  readonly streams: Pick<ProcessFacts, 'stdin' | 'stdout' | 'stderr' | 'stdioForChild' | 'background'>;
}

export function appDeps(parts: AppParts): SshCommandDeps {
  const { manager, reporter, signal } = parts;
  const places = findOwnPaths(parts.environment);
  const settings = appSettings(parts.settings);
  const answerMs = answerLimit(parts.settings);
  const logIn = async (request: LoginRequest): Promise<SshConnection> => {
    using _shown = reporter.wait(`waiting for session ${request.session} to log in`, answerMs);
    return await openSshConnection({ ...request, answerMs });
  };
  return {
    api: manager.api,
    reporter,
    signal,
    tunnelTo: (session, app, silenceMs) => tunnelTo(manager, { session, app, silenceMs, reporter }),
    startForwarder,
    knownHosts: openKnownHosts(places.knownHosts, lockWait(parts)),
    async fetchHostKey(stream, session, until) {
      using _shown = reporter.wait(`waiting for the host key of session ${session}`, answerMs);
      return await fetchHostKey(stream, session, until, { answerMs });
    },
    ...ownKeyDeps(parts, settings),
    settings,
    nullDevice,
    readKey: (session, until) => readSessionKey(manager, session, until),
    files: keyFilesFor(dirname(settings.keyPath)),
    ledger: openKeyLedger(places.keyLedger, accountOf(parts.settings), lockWait(parts)),
    warn: (message) => reporter.warn(message),
    runSsh: (args) =>
      runSsh(args, { program: 'ssh', environment: parts.environment, signal, terminal: parts.streams }),
    isTerminal: parts.streams.stdin.isTTY === true,
    hasSystemSsh: async () => findProgram('ssh', parts.environment) !== undefined,
    openSsh: async (request) => builtinOver(await logIn(request), parts),
    agent: async () => (await parts.userSsh.agents())[0],
    background: parts.streams.background,
    startInBackground: (wish) => startInBackground(wish, parts),
    userSettings: (file) => parts.userSsh.settings(file),
    openStreams: async (request) =>
      openNodeStreams(await logIn(request), { session: request.session, patienceMs: answerMs / 4 }),
    async probeLogin(request) {
      await using connection = await logIn(request);
      return connection.software;
    },
    readAuthorized: async (session, until) =>
      authorizedFingerprints(await manager.api.readFile(session, '.ssh/authorized_keys', until)),
    leaveInterruptsToChild: parts.leaveInterruptsToChild,
  };
}

/** `color` as the flag says it, or nothing. */
export function execDeps(parts: AppParts, color: boolean | undefined): ExecDeps {
  const { stdout, stderr } = parts.streams;
  return {
    ...appDeps(parts),
    labelled: (labels) =>
      prefixedOutput({ stdout, stderr, labels, color: wantsColor(stdout, parts.environment, color) }),
    capture: captureOutput,
  };
}

function builtinOver(
  connection: SshConnection,
  { streams, environment, reporter, signal }: AppParts,
): BuiltinConnection {
  const say = (message: string): void =>
    void streams.stderr.write(`${sanitizeLine(message)}${streams.stdin.isRaw ? '\r\n' : '\n'}`);
  return {
    software: connection.software,
    async run(work, { stdout, stderr } = streams) {
      using _terminal = reporter.yieldTerminal();
      const local = { stdin: streams.stdin, stdout, stderr, term: environment['TERM'], environment };
      const started = (): void => streams.background?.ready();
      return await runBuiltin(connection, work, { ...local, signal, say, started, peers: watchLocalPeers() });
    },
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}

export function sftpDeps(parts: AppParts): SftpDeps {
  const deps = openSftpDeps(parts);
  const answerMs = answerLimit(parts.settings);
  return {
    reporter: parts.reporter,
    signal: parts.signal,
    local: localFiles,
    isFirstTime: ({ id }) => isFirstTime(join(findOwnPaths(parts.environment).stateDir, 'told'), id),
    mountsOf: async ({ id }) => (await parts.manager.api.describe(id, parts.signal))?.mounts,
    async open(session, found) {
      const { connection, dial, peer, line } = await openSftpTo(session, deps, found);
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

export function speedTestDeps(parts: AppParts): SpeedTestDeps {
  const { reporter, signal } = parts;
  return {
    ...{ reporter, signal },
    measureLine: (connect, options) =>
      benchmarkLink(connect, {
        ...options,
        stallMs: answerLimit(parts.settings) / 2,
        onLeft: (path) => reporter.warn(leftInSession([path])),
      }),
    openLine: (session) => openLine(session, openSftpDeps(parts)),
    remember: (peer, setting) => lineSettings(parts).write(peer, setting),
  };
}

export function openSftpDeps(parts: AppParts): OpenSftpDeps {
  return {
    ...appDeps(parts),
    connectSftp: (request) => connectSftp({ ...request, answerMs: answerLimit(parts.settings) }, parts),
    lineOf: (peer) => lineSettings(parts).read(peer),
  };
}

function lineSettings({ environment }: AppParts): LineSettings {
  return openLineSettings(join(findOwnPaths(environment).stateDir, 'lines'));
}

export function pruneDeps(parts: AppParts): PruneDeps {
  const { api, signal, ledger, files, reporter } = appDeps(parts);
  const { streams } = parts;
  const canAsk = streams.stdin.isTTY && reporter.interactive;
  return {
    ...{ api, signal, ledger },
    readKey: (session, until) => readSessionKey(parts.manager, session, until),
    // PuTTY's form as well, which bai makes beside a key.
    files: { ...files, fingerprintOf: fingerprintOfPrivate, remove: removeKeyFileIf },
    async accountKey(until) {
      const blob = await readAccountKey(parts.manager.client, until);
      return blob && fingerprintOf(blob);
    },
    ask: canAsk ? (question) => askYesOrNo(question, { ...streams, signal }) : undefined,
  };
}

function fingerprintOfPrivate(bytes: Uint8Array): string | undefined {
  const blob = isPrivateKeyText(bytes) ? publicBlobOf(bytes) : undefined;
  return blob && fingerprintOf(blob);
}

/** What the ids of sessions are of. */
export function accountOf({ endpoint, accessKey }: Settings): string {
  return `${accessKey.value ?? ''} ${endpoint.value ?? ''}`;
}

export function hostKeyDeps(parts: AppParts): HostKeyDeps {
  const knownHosts = openKnownHosts(findOwnPaths(parts.environment).knownHosts, lockWait(parts));
  return { api: parts.manager.api, signal: parts.signal, knownHosts, fingerprints, keyType };
}

async function connectSftp(
  request: ConnectSftpRequest & { readonly answerMs: number },
  { reporter }: AppParts,
): ReturnType<typeof openSftp> {
  const { session, answerMs } = request;
  using _shown = reporter.wait(
    `waiting for session ${session} to log in and start its file server`,
    answerMs,
  );
  return await openSftp(await openSshConnection(request), session);
}

async function readSessionKey(
  manager: ManagerAccess,
  session: SessionRef,
  signal: AbortSignal,
): Promise<PrivateKey> {
  try {
    const bytes = await manager.api.readFile(session, issuedKey, signal);
    return readIssuedKey(bytes, `the ${issuedKey} of session ${session.name}`);
  } catch (cause) {
    if (!(cause instanceof BaiError) || cause.code !== 'file-not-found') throw cause;
    throw await explainMissingKey(session, cause, { api: manager.api, signal });
  }
}
