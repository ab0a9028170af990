/** `bai app ssh`: the builtin client, or a forwarder in this process and the system's ssh through it. */

import type { Duplex } from 'node:stream';
import type { SessionRef } from '../../core/session/session.ts';
import type { CreateRequest } from '../../core/session/session-api.ts';
import { explainTooLong } from '../../core/ssh/command-limit.ts';
import { goesToBackground, refuseSharing } from '../../core/ssh/shared-connection.ts';
import type { Forwarder, Tunnel } from '../../core/ssh/ssh-access.ts';
import { parseSshArguments, type SshWork } from '../../core/ssh/ssh-arguments.ts';
import { builtinWork, type ClientPreference, connectionFailed } from '../../core/ssh/ssh-client.ts';
import { hasForwards, sshArguments } from '../../core/ssh/ssh-command.ts';
import { takeConfiguration } from '../../core/ssh/ssh-options.ts';
import { inheritedOptions } from '../../core/ssh/ssh-settings.ts';
import { limitTime, unlessAborted } from '../../core/time-limit.ts';
import { BaiError, ExitCode, NotFoundError, UsageError } from '../../errors.ts';
import type { LoginKey } from '../../ssh/login.ts';
import type { SshAnswer } from '../../ssh/ssh-settings.ts';
import { createSession } from '../session/create-session.ts';
import { openRunningSession } from '../session/open-session.ts';
import { findEnd } from '../session/session-end.ts';
import { whileBusy } from '../session/while-busy.ts';
import { type BuiltinDeps, connectBuiltin } from './connect-builtin.ts';
import { type ClusterDeps, enterNode } from './enter-node.ts';
import { explainRefusal } from './explain-refusal.ts';
import { type PreparedSsh, prepareSsh, sshApp, sshTarget } from './prepare-ssh.ts';
import type { LoginRequest } from './ssh-way.ts';
import { type PortPreference, type StartRequest, startAppForwarder } from './start-app-forwarder.ts';
import { agentRing } from './user-keys.ts';

export interface SshCommandRequest extends PortPreference {
  readonly session: string;
  /** A container of a cluster session; main1 when left out. */
  readonly node?: string | undefined;
  /** For ssh itself: its options, then a command. */
  readonly sshArguments: readonly string[];
  readonly client: ClientPreference;
  /** Made when there is no live session of that name. */
  readonly create?: CreateRequest | undefined;
}

export interface SshCommandDeps extends ClusterDeps, BuiltinDeps {
  /** Whether stdin is a terminal. */
  readonly isTerminal: boolean;
  hasSystemSsh(): Promise<boolean>;
  /** Whether a key file has a passphrase, or is of a kind that only the system's ssh knows. */
  isForSsh(path: string): Promise<boolean>;
  runSsh(args: readonly string[]): Promise<number>;
  /** What the user's own ssh configuration says, or another file; nothing where there is no ssh. */
  userSettings(file: string | undefined): Promise<SshAnswer | undefined>;
  /** Logs in, hangs up, and returns the server's name for itself; rejects with a BaiError that says why it could not. */
  readonly probeLogin: (request: LoginRequest) => Promise<string | undefined>;
  /** Where this process was started to go on in the background: told when it has come so far. */
  readonly background: { ready(): void } | undefined;
  /** Starts this very command in the background; returns when it has come so far, or has failed. */
  startInBackground(wish: BackgroundWish): Promise<BackgroundStart>;
  /** While ssh has the terminal, Ctrl-C is for what runs inside it. */
  readonly leaveInterruptsToChild: () => Disposable;
}

export interface BackgroundWish {
  /** What it prints then is wanted. */
  readonly prints: boolean;
}

export type BackgroundStart = { readonly pid: number } | { readonly status: number };

/** ssh's exit status: that of the remote command, 255 when the connection failed. */
export async function runSshCommand(request: SshCommandRequest, deps: SshCommandDeps): Promise<number> {
  // A wrong command line is told before anything is asked of the manager.
  const work = await workOfBuiltin(request, deps);
  if (goesToBackground(request.sshArguments) && deps.background === undefined)
    return await leave(request, deps);
  const session = await openOrCreate(request, deps);
  await using place = await enterNode(session, request.node, deps);
  return work === undefined
    ? await connectSystem(place.session, request, place.deps)
    : await connectBuiltin(place.session, work, place.deps);
}

/** The rest is done by a process of its own, which has said how far it came; what goes wrong before it tells itself. */
async function leave({ sshArguments: words }: SshCommandRequest, deps: SshCommandDeps): Promise<number> {
  const parsed = parseSshArguments(words);
  const started = await deps.startInBackground({ prints: !('work' in parsed && parsed.work.runsNothing) });
  if ('status' in started) return started.status;
  deps.reporter.info(
    `goes on in the background as process ${started.pid}, which \`kill ${started.pid}\` ends`,
  );
  return ExitCode.ok;
}

/** What a session that can be made is missed with. */
const missing: ReadonlySet<string> = new Set(['session-not-found', 'session-ended']);

export async function openOrCreate(
  { session, create }: SshCommandRequest,
  deps: SshCommandDeps,
): Promise<SessionRef> {
  try {
    const found = await openRunningSession(session, deps);
    // What is made goes by its name: the beginning of another session's id is no reason not to.
    if (create === undefined || found.name === session || found.id === session) return found;
  } catch (error) {
    if (create === undefined || !(error instanceof NotFoundError) || !missing.has(error.code)) throw error;
  }
  const { id, name, status } = await createSession({ session: create, wait: true }, deps);
  return { id, name, status };
}

/** Nothing when the system's ssh is to do it. */
export async function workOfBuiltin(
  { session, client, sshArguments: words, port, strictPort }: SshCommandRequest,
  deps: SshCommandDeps,
): Promise<SshWork | undefined> {
  refuseSharing(session, words);
  if (client === 'system') return undefined;
  const { keyStore, usesAgent, identity } = deps.settings;
  // Another program cannot use a key in this one's memory.
  const isOnlyHere = keyStore === 'memory' && !usesAgent && identity === undefined;
  const work = await builtinWork({
    wish: client === 'auto' && isOnlyHere ? 'builtin' : client,
    parsed: parseSshArguments(words),
    isTerminal: deps.isTerminal,
    needsPort: port !== undefined || strictPort,
    hasSystem: () => deps.hasSystemSsh(),
  });
  // In the background ssh has no terminal to ask for a passphrase.
  const isDecided = work === undefined || client !== 'auto' || work.isInBackground;
  if (isDecided || !(await deps.hasSystemSsh())) return work;
  return (await isForSsh(deps)) ? undefined : work;
}

/** A key that the system's ssh can use and the builtin client cannot, or not without a question. */
async function isForSsh(deps: SshCommandDeps): Promise<boolean> {
  const { identity, usesAgent } = deps.settings;
  if (identity !== undefined) return deps.isForSsh(identity);
  if (!usesAgent) return false;
  return ((await deps.agentLogin())?.unusable.length ?? 0) > 0;
}

interface SystemConnection extends SshCommandRequest {
  /** After ssh has failed: whether nobody who knows why can be reached, and the user is to hear of it at once. */
  readonly isPastAsking?: () => boolean;
}

export async function connectSystem(
  session: SessionRef,
  request: SystemConnection,
  deps: SshCommandDeps,
): Promise<number> {
  const failures: unknown[] = [];
  try {
    const preparing = Promise.all([prepareSsh(session, deps), inheritedFor(request, deps)]);
    const [ready, inherited] = await whileBusy(`connecting to session ${session.name}`, preparing, deps);
    const onConnectionFailed = (error: unknown): void => void failures.push(error);
    const status = await runSystem(ready, { ...request, inherited, app: sshApp, onConnectionFailed }, deps);
    if (status !== connectionFailed || deps.signal.aborted || request.isPastAsking?.()) return status;
    const end = await findEnd(session, deps);
    if (end !== undefined) {
      failures.length = 0;
      const ended = deps.reporter.failure(end);
      return hasForwards(request.sshArguments) ? ended : status;
    }
    if (failures.length === 0) await explainFailure(ready, request.sshArguments, deps);
    return status;
  } finally {
    // Not while ssh has the terminal: the lines would land in the middle of the user's screen.
    for (const failure of failures) warnOf(failure, deps);
  }
}

interface SystemRequest extends Omit<StartRequest, 'tunnel'>, Pick<SshCommandRequest, 'sshArguments'> {
  /** Options of the user's own configuration. */
  readonly inherited: readonly string[];
}

async function runSystem(ready: PreparedSsh, request: SystemRequest, deps: SshCommandDeps): Promise<number> {
  const { reporter } = deps;
  // ssh says nothing before sshd has greeted, unless it was asked to.
  const busy = isVerbose(request.sshArguments)
    ? undefined
    : reporter.busy(`waiting for the sshd of session ${ready.session.name}`);
  let terminal = busy === undefined ? reporter.yieldTerminal() : undefined;
  try {
    const tunnel = afterFirstDial(ready.tunnel, () => {
      busy?.stop();
      terminal ??= reporter.yieldTerminal();
    });
    await using forwarder = await startAppForwarder({ ...request, tunnel }, deps);
    const words = sshArguments(sshTarget(ready, forwarder, deps), request.sshArguments, request.inherited);
    const status = await runInTerminal(words, deps);
    if (status === ExitCode.ok) await carryOn(forwarder, deps);
    return status;
  } finally {
    busy?.stop();
    terminal?.[Symbol.dispose]();
  }
}

function isVerbose(words: readonly string[]): boolean {
  return words.some((word) => /^-\w*v/.test(word));
}

/** From then on the terminal is ssh's, or whoever waited is told. */
function afterFirstDial(tunnel: Tunnel, dialled: () => void): Tunnel {
  return { dial: (signal) => tunnel.dial(signal).finally(dialled) };
}

/** Of the user's own configuration, which ssh itself does not get to see. */
async function inheritedFor(
  { sshArguments: words }: SshCommandRequest,
  deps: SshCommandDeps,
): Promise<readonly string[]> {
  const { file } = takeConfiguration(words);
  const answer = await deps.userSettings(file);
  if (answer === undefined) return [];
  if ('settings' in answer)
    return inheritedOptions(answer.settings, words, { hasOwnKey: deps.settings.identity !== undefined });
  if (file !== undefined) throw new UsageError(`ssh cannot read ${file}: ${answer.problem}`);
  deps.reporter.warn(`your ssh configuration cannot be read, and nothing of it is used: ${answer.problem}`);
  return [];
}

/** How long the end of a program takes to reach the other end of its connection. */
const goneMs = 500;

/** ssh ends with 0 as well where it only went to the background: by -f, or by `~&` in a shell. */
async function carryOn(forwarder: Forwarder, deps: SshCommandDeps): Promise<void> {
  if (deps.background === undefined && !deps.isTerminal) return;
  const gone = forwarder.firstGone();
  using limit = limitTime(deps.signal, goneMs);
  if (
    await unlessAborted(
      gone.then(() => true),
      limit.signal,
    ).catch(() => false)
  )
    return;
  if (deps.background === undefined)
    deps.reporter.info(
      'ssh went to the background: bai stays here to carry its connection; Ctrl-C ends both',
    );
  deps.background?.ready();
  await unlessAborted(gone, deps.signal).catch(() => {});
}

async function runInTerminal(args: readonly string[], deps: SshCommandDeps): Promise<number> {
  using _interrupts = deps.leaveInterruptsToChild();
  return await deps.runSsh(args);
}

/** Longer than a login takes, and short enough for somebody who already knows that it failed. */
const explainLimitMs = 5_000;

/** ssh has said that it failed but not why it may have; a login of our own tells the usual causes apart. */
async function explainFailure(
  ready: PreparedSsh,
  words: readonly string[],
  deps: SshCommandDeps,
): Promise<void> {
  const { session, tunnel, identityFile, hostKeyAlias } = ready;
  // That one cannot be tried here explains nothing, and nobody is asked for a passphrase twice.
  if (identityFile !== undefined && (await deps.isForSsh(identityFile))) return;
  using limit = limitTime(deps.signal, explainLimitMs);
  const { signal } = limit;
  const key = triedKey(ready, deps);
  key.catch(() => {});
  let stream: Duplex | undefined;
  try {
    stream = await tunnel.dial(signal);
    const software = await deps.probeLogin({
      session: session.name,
      node: session.node,
      user: deps.settings.user,
      stream,
      privateKey: key,
      verifyHostKey: (hostKey) => deps.knownHosts.verify(hostKeyAlias, hostKey, session),
      signal,
    });
    const error = explainTooLong({ session: session.name, command: commandOf(words), software });
    if (error !== undefined) warnOf(error, deps);
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof BaiError)) throw error;
    warnOf(await explainRefusal({ session, key, error }, deps), deps);
  } finally {
    stream?.destroy();
  }
}

async function triedKey({ identityFile, ownKeys }: PreparedSsh, deps: SshCommandDeps): Promise<LoginKey> {
  if (identityFile !== undefined) return deps.readOwnKey(identityFile);
  if (ownKeys.length === 0) return agentRing(deps);
  return { agent: await deps.agentLogin(), ...(await deps.defaultKeys()) };
}

/** Of words with options that only ssh knows, the last one is the command when any is. */
function commandOf(words: readonly string[]): string | undefined {
  const parsed = parseSshArguments(words);
  return 'work' in parsed ? parsed.work.command : words.at(-1);
}

function warnOf(failure: unknown, { reporter }: SshCommandDeps): void {
  if (failure instanceof BaiError) reporter.warn(failure.message, failure.hint);
  else reporter.warn(failure instanceof Error ? failure.message : String(failure));
}
