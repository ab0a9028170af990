/** Joins tunnels, forwarder, ssh and keys for the services that go into a session. */

import { dirname, join } from 'node:path';
import { type LineSettings, openLineSettings } from '../config/line-settings.ts';
import { findPlaces } from '../config/places.ts';
import { askYesOrNo } from '../config/yes-or-no.ts';
import type { Environment, ProcessFacts } from '../context.ts';
import type { Reporter } from '../core/reporter.ts';
import type { SessionRef } from '../core/session.ts';
import type { Settings } from '../core/settings.ts';
import { BaiError } from '../errors.ts';
import { authorizedFingerprints } from '../keys/authorized-keys.ts';
import { removeKeyFileIf } from '../keys/key-file.ts';
import { openKeyLedger } from '../keys/key-ledger.ts';
import { type PrivateKey, readIssuedKey } from '../keys/private-key.ts';
import { isPrivateKeyText, publicBlobOf } from '../keys/public-half.ts';
import { fingerprintOf } from '../keys/public-key.ts';
import { readAccountKey } from '../manager/account-key.ts';
import { captureOutput } from '../output/captured-output.ts';
import { labelledLines } from '../output/labelled-lines.ts';
import { wantsColor } from '../output/style.ts';
import { startForwarder } from '../proxy/forwarder.ts';
import type { BuiltinConnection } from '../services/connect-builtin.ts';
import type { ConnectSshDeps } from '../services/connect-ssh.ts';
import type { ExecDeps } from '../services/exec-command.ts';
import { explainMissingKey } from '../services/explain-missing-key.ts';
import type { HostKeyDeps } from '../services/host-keys.ts';
import {
  type ConnectSftpRequest,
  type OpenSftpDeps,
  openLine,
  openSftp as openSftpTo,
} from '../services/open-sftp.ts';
import type { PruneDeps } from '../services/prune-keys.ts';
import type { SftpDeps } from '../services/sftp-deps.ts';
import type { SpeedTestDeps } from '../services/sftp-speedtest.ts';
import type { LoginRequest } from '../services/ssh-way.ts';
import { findAgent } from '../ssh/agent.ts';
import { runBuiltin } from '../ssh/builtin-client.ts';
import { connectSsh, fetchHostKey } from '../ssh/connection.ts';
import { fingerprints, keyType, openKnownHosts } from '../ssh/known-hosts.ts';
import { openNodeStreams } from '../ssh/node-streams.ts';
import { findProgram } from '../ssh/programs.ts';
import { openSftp } from '../ssh/sftp.ts';
import { runSsh } from '../ssh/system-ssh.ts';
import { localFiles } from '../transfer/local-files.ts';
import { measureLine } from '../transfer/measure-line.ts';
import { createRemoteFiles } from '../transfer/remote-files.ts';
import { appSettings, issuedKey, nullDevice } from './app-settings.ts';
import { lockWait } from './lock-wait.ts';
import { keyFilesFor, ownKeyDeps } from './login-keys.ts';
import type { ManagerAccess } from './manager.ts';
import { tunnelTo } from './tunnel.ts';

export interface AppParts {
  readonly settings: Settings;
  readonly manager: ManagerAccess;
  readonly environment: Environment;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  readonly leaveInterruptsToChild: () => Disposable;
  /** For the builtin ssh client. */
  readonly streams: Pick<ProcessFacts, 'stdin' | 'stdout' | 'stderr'>;
}

export function appDeps(parts: AppParts): ConnectSshDeps {
  const { manager, reporter, signal } = parts;
  const places = findPlaces(parts.environment);
  const settings = appSettings(parts.settings);
  return {
    api: manager.api,
    reporter,
    signal,
    tunnelTo: (session, app) => tunnelTo(manager, { session, app, reporter }),
    startForwarder,
    knownHosts: openKnownHosts(places.knownHosts, lockWait(parts)),
    fetchHostKey,
    ...ownKeyDeps(parts, settings),
    settings,
    nullDevice,
    readKey: (session, until) => readSessionKey(manager, session, until),
    files: keyFilesFor(dirname(settings.keyPath)),
    ledger: openKeyLedger(places.keyLedger, accountOf(parts.settings), lockWait(parts)),
    warn: (message) => reporter.warn(message),
    runSsh: (args) => runSsh(args, { program: 'ssh', signal, terminal: parts.streams }),
    isTerminal: parts.streams.stdin.isTTY,
    hasSystemSsh: async () => (await findProgram('ssh', parts.environment)) !== undefined,
    openSsh: (request) => openBuiltin(request, parts),
    agent: findAgent(parts.environment, process.platform),
    openStreams: async (request) => openNodeStreams(await connectSsh(request), { session: request.session }),
    async probeLogin(request) {
      await using connection = await connectSsh(request);
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
      labelledLines({ stdout, stderr, labels, color: wantsColor(stdout, parts.environment, color) }),
    capture: captureOutput,
  };
}

async function openBuiltin(
  request: LoginRequest,
  { streams, environment, signal }: AppParts,
): Promise<BuiltinConnection> {
  const connection = await connectSsh(request);
  const say = (message: string): void =>
    void streams.stderr.write(`${message}${streams.stdin.isRaw ? '\r\n' : '\n'}`);
  return {
    software: connection.software,
    run(work, { stdout, stderr } = streams) {
      const local = { stdin: streams.stdin, stdout, stderr, term: environment['TERM'] };
      return runBuiltin(connection, work, { ...local, signal, say });
    },
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}

export function sftpDeps(parts: AppParts): SftpDeps {
  const deps = openSftpDeps(parts);
  return {
    reporter: parts.reporter,
    signal: parts.signal,
    local: localFiles,
    mountsOf: async ({ id }) => (await parts.manager.api.describe(id, parts.signal))?.mounts,
    async open(session, found) {
      const { connection, dial, peer, line } = await openSftpTo(session, deps, found);
      const folder = join(findPlaces(parts.environment).stateDir, 'transfers');
      const resume = { folder, peer };
      return createRemoteFiles(connection, { signal: parts.signal, dial, resume, hint: line?.connections });
    },
  };
}

export function speedTestDeps(parts: AppParts): SpeedTestDeps {
  const { reporter, signal } = parts;
  return {
    ...{ reporter, signal, measureLine },
    openLine: (session) => openLine(session, openSftpDeps(parts)),
    remember: (peer, setting) => lineSettings(parts).write(peer, setting),
  };
}

export function openSftpDeps(parts: AppParts): OpenSftpDeps {
  return {
    ...appDeps(parts),
    connectSftp,
    lineOf: (peer) => lineSettings(parts).read(peer),
  };
}

function lineSettings({ environment }: AppParts): LineSettings {
  return openLineSettings(join(findPlaces(environment).stateDir, 'lines'));
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
  const knownHosts = openKnownHosts(findPlaces(parts.environment).knownHosts, lockWait(parts));
  return { api: parts.manager.api, signal: parts.signal, knownHosts, fingerprints, keyType };
}

async function connectSftp(request: ConnectSftpRequest): ReturnType<typeof openSftp> {
  return openSftp(await connectSsh(request), request.session);
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
