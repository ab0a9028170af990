/** `bai app ssh`: the builtin client, or a forwarder in this process and the system's ssh through it. */

import { milestone } from '../../core/milestones.ts';
import type { CreateRequest, Tunnel } from '../../core/session/provider.ts';
import type { SessionRef } from '../../core/session/session.ts';
import { explainTooLong } from '../../core/ssh/command-limit.ts';
import { type Forwarder, sshApp } from '../../core/ssh/forwarder.ts';
import { goesToBackground, refuseSharing } from '../../core/ssh/shared-connection.ts';
import { parseSshArguments, type SshWork } from '../../core/ssh/ssh-arguments.ts';
import { builtinWork, type ClientPreference, connectionFailed } from '../../core/ssh/ssh-client.ts';
import { hasForwards, sshArguments } from '../../core/ssh/ssh-command.ts';
import { takeConfiguration } from '../../core/ssh/ssh-options.ts';
import { inheritedOptions } from '../../core/ssh/ssh-settings.ts';
import { limitTime, unlessAborted } from '../../core/time-limit.ts';
import { BaiError, ExitCode, NotFoundError, UsageError } from '../../errors.ts';
import type { LoginKey } from '../../ssh/login.ts';
import { createSession } from '../session/create-session.ts';
import { lookForEnd } from '../session/look-for-end.ts';
import { openRunningSession } from '../session/open-session.ts';
import { findEnd } from '../session/session-end.ts';
import { whileBusy } from '../session/while-busy.ts';
import { connectBuiltin } from './connect-builtin.ts';
import { enterNode } from './enter-node.ts';
import { headStart } from './head-start.ts';
import { dialAndLogIn } from './open-access.ts';
import { type PreparedSsh, prepareSsh, sshTarget } from './prepare-ssh.ts';
import type { SshTools } from './ssh-tools.ts';
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

/** ssh's exit status: that of the remote command, 255 when the connection failed. */
export async function runSshCommand(request: SshCommandRequest, tools: SshTools): Promise<number> {
  // A wrong command line is told before anything is asked of the manager.
  const work = await workOfBuiltin(request, tools);
  if (goesToBackground(request.sshArguments) && tools.system.background === undefined)
    return await leave(request, tools);
  if (work === undefined) {
    await using place = await enterNode(await openOrCreate(request, tools), request.node, tools);
    return await connectSystem(place.session, request, place.tools);
  }
  await using start = await headStart(request.session, tools);
  await using place = await enterNode(await openOrCreate(request, start.tools), request.node, start.tools);
  return await connectBuiltin(place.session, work, place.tools);
}

/** The rest is done by a process of its own, which has said how far it came; what goes wrong before it tells itself. */
async function leave({ sshArguments: words }: SshCommandRequest, tools: SshTools): Promise<number> {
  const parsed = parseSshArguments(words);
  const started = await tools.system.startInBackground({
    prints: !('work' in parsed && parsed.work.runsNothing),
  });
  if ('status' in started) return started.status;
  tools.reporter.info(
    `goes on in the background as process ${started.pid}, which \`kill ${started.pid}\` ends`,
  );
  return ExitCode.ok;
}

/** What a session that can be made is missed with. */
const missing: ReadonlySet<string> = new Set(['session-not-found', 'session-ended']);

export async function openOrCreate(
  { session, create }: SshCommandRequest,
  tools: SshTools,
): Promise<SessionRef> {
  try {
    const found = await openRunningSession(session, tools);
    // What is made goes by its name: the beginning of another session's id is no reason not to.
    if (create === undefined || found.name === session || found.id === session) return found;
  } catch (error) {
    if (create === undefined || !(error instanceof NotFoundError) || !missing.has(error.code)) throw error;
  }
  const { id, name, status } = await createSession({ session: create, wait: true }, tools);
  return { id, name, status };
}

/** Nothing when the system's ssh is to do it. */
export async function workOfBuiltin(
  request: SshCommandRequest,
  tools: SshTools,
): Promise<SshWork | undefined> {
  const work = await chosenWork(request, tools);
  milestone('ssh', () => {
    const why = request.client === 'auto' ? 'for what is to be done' : `--client ${request.client}`;
    return `the ${work === undefined ? "system's" : 'builtin'} client, ${why}`;
  });
  return work;
}

async function chosenWork(
  { session, client, sshArguments: words, port, strictPort }: SshCommandRequest,
  tools: SshTools,
): Promise<SshWork | undefined> {
  refuseSharing(session, words, tools.profile);
  if (client === 'system') return undefined;
  const { keyStore, usesAgent, identity } = tools.settings;
  // Another program cannot use a key in this one's memory.
  const isOnlyHere = keyStore === 'memory' && !usesAgent && identity === undefined;
  const work = await builtinWork({
    wish: client === 'auto' && isOnlyHere ? 'builtin' : client,
    parsed: parseSshArguments(words),
    isTerminal: tools.system.isTerminal,
    needsPort: port !== undefined || strictPort,
    hasSystem: () => tools.system.isThere(),
  });
  // In the background ssh has no terminal to ask for a passphrase.
  const isDecided = work === undefined || client !== 'auto' || work.isInBackground;
  if (isDecided || !(await tools.system.isThere())) return work;
  return (await isForSsh(tools)) ? undefined : work;
}

/** A key that the system's ssh can use and the builtin client cannot, or not without a question. */
async function isForSsh(tools: SshTools): Promise<boolean> {
  const { identity, usesAgent } = tools.settings;
  if (identity !== undefined) return tools.keys.isForSsh(identity);
  if (!usesAgent)
    return tools.provider.issuedKey === undefined && (await tools.keys.usual()).locked.length > 0;
  return ((await tools.keys.ofAgent())?.unusable.length ?? 0) > 0;
}

interface SystemConnection extends SshCommandRequest {
  /** After ssh has failed: whether nobody who knows why can be reached, and the user is to hear of it at once. */
  readonly isPastAsking?: () => boolean;
}

export async function connectSystem(
  session: SessionRef,
  request: SystemConnection,
  tools: SshTools,
): Promise<number> {
  const failures: unknown[] = [];
  using ends = lookForEnd(session, tools);
  try {
    const preparing = Promise.all([prepareSsh(session, tools), inheritedFor(request, tools)]);
    const [ready, inherited] = await whileBusy(`connecting to session ${session.name}`, preparing, tools);
    const onConnectionFailed = (error: unknown): void => void failures.push(error);
    const onFirstDial = (): void => ends.tell();
    const status = await runSystem(
      ready,
      { ...request, inherited, app: sshApp, onConnectionFailed, onFirstDial },
      tools,
    );
    if (status !== connectionFailed || tools.signal.aborted || request.isPastAsking?.()) return status;
    const end = await findEnd(session, tools);
    if (end !== undefined) {
      failures.length = 0;
      const ended = tools.reporter.failure(end);
      return hasForwards(request.sshArguments) ? ended : status;
    }
    if (failures.length === 0) await explainFailure(ready, request.sshArguments, tools);
    return status;
  } finally {
    // Not while ssh has the terminal: the lines would land in the middle of the user's screen.
    for (const failure of failures) warnOf(failure, tools);
  }
}

interface SystemRequest extends Omit<StartRequest, 'tunnel'>, Pick<SshCommandRequest, 'sshArguments'> {
  /** Options of the user's own configuration. */
  readonly inherited: readonly string[];
  /** The last moment at which anything can be said before the terminal is ssh's. */
  readonly onFirstDial: () => void;
}

async function runSystem(ready: PreparedSsh, request: SystemRequest, tools: SshTools): Promise<number> {
  const { reporter } = tools;
  // ssh says nothing before sshd has greeted, unless it was asked to.
  const busy = isVerbose(request.sshArguments)
    ? undefined
    : reporter.busy(`waiting for the sshd of session ${ready.access.session.name}`);
  let terminal = busy === undefined ? reporter.yieldTerminal() : undefined;
  try {
    const tunnel = afterFirstDial(ready.access, () => {
      busy?.stop();
      request.onFirstDial();
      terminal ??= reporter.yieldTerminal();
    });
    await using forwarder = await startAppForwarder({ ...request, tunnel }, tools);
    const words = sshArguments(sshTarget(ready, forwarder, tools), request.sshArguments, request.inherited);
    const status = await runInTerminal(words, tools);
    if (status === ExitCode.ok) await carryOn(forwarder, tools);
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
  tools: SshTools,
): Promise<readonly string[]> {
  const { file } = takeConfiguration(words);
  const answer = await tools.system.userSettings(file);
  if (answer === undefined) return [];
  if ('settings' in answer)
    return inheritedOptions(answer.settings, words, { hasOwnKey: tools.settings.identity !== undefined });
  if (file !== undefined) throw new UsageError(`ssh cannot read ${file}: ${answer.problem}`);
  tools.reporter.warn(`your ssh configuration cannot be read, and nothing of it is used: ${answer.problem}`);
  return [];
}

/** How long the end of a program takes to reach the other end of its connection. */
const goneMs = 500;

/** ssh ends with 0 as well where it only went to the background: by -f, or by `~&` in a shell. */
async function carryOn(forwarder: Forwarder, tools: SshTools): Promise<void> {
  if (tools.system.background === undefined && !tools.system.isTerminal) return;
  const gone = forwarder.firstGone();
  using limit = limitTime(tools.signal, goneMs);
  if (
    await unlessAborted(
      gone.then(() => true),
      limit.signal,
    ).catch(() => false)
  )
    return;
  if (tools.system.background === undefined)
    tools.reporter.info(
      'ssh went to the background: bai stays here to carry its connection; Ctrl-C ends both',
    );
  tools.system.background?.ready();
  await unlessAborted(gone, tools.signal).catch(() => {});
}

async function runInTerminal(args: readonly string[], tools: SshTools): Promise<number> {
  using _interrupts = tools.system.leaveInterruptsToChild();
  return await tools.system.run(args);
}

/** Longer than a login takes, and short enough for somebody who already knows that it failed. */
const explainLimitMs = 5_000;

/** ssh has said that it failed but not why it may have; a login of our own tells the usual causes apart. */
async function explainFailure(ready: PreparedSsh, words: readonly string[], tools: SshTools): Promise<void> {
  const { access, identityFile } = ready;
  // That one cannot be tried here explains nothing, and nobody is asked for a passphrase twice.
  if (identityFile !== undefined && (await tools.keys.isForSsh(identityFile))) return;
  using limit = limitTime(tools.signal, explainLimitMs);
  const { signal } = limit;
  const tried = triedKey(ready, tools);
  tried.catch(() => {});
  const make: typeof tools.client.probe = (request) => tools.client.probe(request);
  try {
    const software = await dialAndLogIn({ access, key: () => tried, make }, signal, tools);
    const { name } = access.session;
    const error = explainTooLong({ session: name, command: commandOf(words), software });
    if (error !== undefined) warnOf(error, tools);
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof BaiError)) throw error;
    // That the key would do says nothing when its passphrase may have been wrong.
    if (error.details['reason'] === 'unknown' && (await hasLocked(tried))) return;
    warnOf(error, tools);
  }
}

async function hasLocked(tried: Promise<LoginKey>): Promise<boolean> {
  const key = await tried;
  return 'locked' in key && key.locked.length > 0;
}

async function triedKey({ identityFile, ownKeys }: PreparedSsh, tools: SshTools): Promise<LoginKey> {
  if (identityFile !== undefined) return tools.keys.readOwn(identityFile);
  if (ownKeys.length === 0) return agentRing(tools);
  return { agent: await tools.keys.ofAgent(), ...(await tools.keys.usual()), lockedWereTried: true };
}

/** Of words with options that only ssh knows, the last one is the command when any is. */
function commandOf(words: readonly string[]): string | undefined {
  const parsed = parseSshArguments(words);
  return 'work' in parsed ? parsed.work.command : words.at(-1);
}

function warnOf(failure: unknown, { reporter }: SshTools): void {
  if (failure instanceof BaiError) reporter.warn(failure.message, failure.hint);
  else reporter.warn(failure instanceof Error ? failure.message : String(failure));
}
