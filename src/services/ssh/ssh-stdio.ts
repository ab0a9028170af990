/** `bai app ssh --stdio`: the session's sshd on stdin and stdout, for ssh's ProxyCommand. */

import { once } from 'node:events';
import type { Duplex, Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Reporter } from '../../core/reporter.ts';
import type { SessionRef } from '../../core/session/session.ts';
import { hostSuffixOf, usualProfile } from '../../core/ssh/config-sections.ts';
import { sshApp } from '../../core/ssh/forwarder.ts';
import { HostKeyReader } from '../../core/ssh/host-key-reader.ts';
import { aliasByName, sessionOfHost } from '../../core/ssh/ssh-config.ts';
import { typed } from '../../core/text/typed.ts';
import {
  BaiError,
  ExitCode,
  interruptedBy,
  NotFoundError,
  UnreachableError,
  UsageError,
} from '../../errors.ts';
import type { HostFacts, HostFiles } from '../../ssh/files/host-files.ts';
import { checkApp } from '../session/check-app.ts';
import { openRunningSession } from '../session/open-session.ts';
import { findEnd } from '../session/session-end.ts';
import type { SessionTools } from '../session/session-tools.ts';
import { enterNode } from './enter-node.ts';
import { type HeardStream, hear } from './hear-stream.ts';
import { prepareSsh } from './prepare-ssh.ts';
import type { SshTools } from './ssh-tools.ts';
import { verifyHostKey } from './verify-host-key.ts';

interface SshStdioRequest {
  /** Name or id, or the same as `host`. */
  readonly session: string;
  /** A container of a cluster session; main1 when left out. */
  readonly node?: string | undefined;
  /** What ssh was asked for, when `bai ssh-config` wrote the command: its host key and key are put under it. */
  readonly host: string | undefined;
}

export interface SshStdioTools extends SessionTools, Pick<SshTools, 'settings' | 'knownHosts' | 'access'> {
  readonly hostFiles: Pick<HostFiles, 'areCurrent' | 'keyOf' | 'write'>;
  readonly stdin: Readable;
  readonly stdout: Writable;
  /** Differs when a file does; nothing when it is not there. */
  stampOf(path: string): Promise<string | undefined>;
  /** What only a first connection needs. */
  preparing(): Promise<SshTools>;
  /** Whether the program that started this one is gone. */
  isOrphan(): boolean;
}

/** Nothing but the stream goes to stdout. 0 when the far side ends it; throws for what fails before and in it. */
export async function sshStdio(request: SshStdioRequest, tools: SshStdioTools): Promise<number> {
  const quiet = { ...tools, reporter: withoutProgress(tools.reporter) };
  if (request.node !== undefined) return throughMain(request, quiet);
  return copy(await openStream(request, quiet), tools);
}

async function throughMain({ session, node, host }: SshStdioRequest, tools: SshStdioTools): Promise<number> {
  if (host !== undefined) throw new UsageError('--node and --ssh-host cannot be used together');
  const found = await openRunningSession(session, tools);
  const preparing = { ...(await tools.preparing()), reporter: tools.reporter };
  await using place = await enterNode(found, node, preparing);
  const inside: SshStdioTools = {
    ...tools,
    access: (to) => place.tools.access(to),
    preparing: async () => place.tools,
  };
  if (!(await isPrepared(place.session, undefined, inside))) await prepare(place.session, undefined, inside);
  const remote = await dial(place.session, inside);
  return await copy({ session: place.session, remote }, tools);
}

interface OpenedStream {
  readonly session: SessionRef;
  readonly remote: Duplex;
}

async function openStream({ session, host }: SshStdioRequest, tools: SshStdioTools): Promise<OpenedStream> {
  const reference = session === host ? nameOf(host, tools) : session;
  if (host !== undefined) nameOf(host, tools);
  const opened = await dialById(reference, host, tools);
  if (opened !== undefined) return opened;
  const found = await openRunningSession(reference, tools).catch((error: unknown) => {
    throw host === undefined || session === host ? error : ofStaleList(error);
  });
  if (!(await isPrepared(found, host, tools))) await prepare(found, host, tools);
  try {
    return { session: found, remote: await dial(found, tools) };
  } catch (error) {
    // The manager says that something is not there, and not what.
    if (error instanceof NotFoundError && tools.provider.apps !== undefined)
      await checkApp(found, sshApp, tools);
    throw error;
  }
}

async function dial(session: SessionRef, tools: SshStdioTools): Promise<Duplex> {
  return await (await tools.access(session)).dial(tools.signal);
}

/** It goes into file names and came from a command line that a shell has read. */
function nameOf(host: string, { profile }: SshStdioTools): string {
  const name = sessionOfHost(host, profile);
  if (name !== undefined) return name;
  const suffix = hostSuffixOf(profile ?? usualProfile);
  throw new UsageError(`"${host}" is not the host name of a session`, {
    hint: `it is NAME${suffix} or ID${suffix}, of letters, digits, ".", "_" and "-"`,
  });
}

/** A running session whose sshd did not come: another try would wait as long for nothing. */
const wasWaitedFor: ReadonlySet<string> = new Set(['app-not-listening', 'sshd-not-greeting']);

/** A session that is known by its id needs no question to the manager, which says it when the session has ended. */
async function dialById(
  reference: string,
  host: string | undefined,
  tools: SshStdioTools,
): Promise<OpenedStream | undefined> {
  const { provider } = tools;
  if (!provider.isId(reference) || provider.refOf === undefined) return undefined;
  const session = provider.refOf(reference);
  if (!(await isPrepared(session, host, tools))) return undefined;
  try {
    return { session, remote: await dial(session, tools) };
  } catch (error) {
    // Not yet running, ended, or a release that wants the name: looking it up tells which.
    if (tools.signal.aborted || !(error instanceof BaiError) || wasWaitedFor.has(error.code)) throw error;
    return undefined;
  }
}

/** Nothing is asked of the manager for this. A key of the user's own is ssh's business. */
async function isPrepared(
  session: SessionRef,
  host: string | undefined,
  tools: SshStdioTools,
): Promise<boolean> {
  const { keyPath } = tools.settings;
  const elsewhere = host === undefined ? undefined : await tools.hostFiles.keyOf(host);
  const facts = await hostFacts(session, elsewhere ?? keyPath, tools);
  if (facts.hostKeys.length === 0) return false;
  if (isIssued(tools) && facts.keyStamp === undefined) return false;
  return host === undefined || tools.hostFiles.areCurrent(host, facts);
}

/** ssh reads host keys and private keys when the server has greeted it, which is after this. */
async function prepare(session: SessionRef, host: string | undefined, tools: SshStdioTools): Promise<void> {
  const { reporter, settings, hostFiles } = tools;
  const { identityFile } = await prepareSsh(session, { ...(await tools.preparing()), reporter });
  const { identity, keyPath } = settings;
  const isElsewhere = identityFile !== undefined && identityFile !== (identity ?? keyPath);
  if (host !== undefined) {
    const facts = await hostFacts(session, identityFile ?? keyPath, tools);
    return hostFiles.write(host, facts, isElsewhere ? identityFile : undefined);
  }
  if (isElsewhere) {
    reporter.warn(
      `the key of session ${session.name} is ${identityFile}: ${keyPath} holds another one`,
      `start ssh with ${typed(['-i', identityFile])}`,
    );
  }
}

async function hostFacts(session: SessionRef, keyFile: string, tools: SshStdioTools): Promise<HostFacts> {
  const hostKeys = await tools.knownHosts.pinned(tools.provider.hostKeyAlias(session));
  const keyStamp = isIssued(tools) ? await tools.stampOf(keyFile) : undefined;
  return { sessionId: session.id, alias: aliasByName, hostKeys, keyStamp };
}

/** Whether ssh needs the file of the session's own key. */
function isIssued({ provider, settings }: SshStdioTools): boolean {
  return provider.issuedKey !== undefined && settings.identity === undefined && !settings.usesAgent;
}

/** How often it is looked whether the program at the other end of stdout is still there. */
const goneCheckMs = 500;
/** sshd answers a client that has sent all it will with what was on its way, and else waits for minutes. */
const answerMs = 2_000;

/**
 * The end of stdin is not passed on: a WebSocket has no half-close, and closing it would cut off the answer. A program
 * that was killed and one that has said all look the same on stdin, so it is asked for; and of an sshd that falls silent
 * no answer is to come.
 */
async function copy({ session, remote }: OpenedStream, tools: SshStdioTools): Promise<number> {
  const { stdin, stdout, signal } = tools;
  const done = new AbortController();
  const until = AbortSignal.any([signal, done.signal]);
  const upward = pipeline(stdin, remote, { end: false, signal: until });
  const downward = passHostKey({ session, remote }, tools, until).then(async (goesOn) => {
    if (goesOn) await pipeline(remote, stdout, { end: false, signal: until });
  });
  const heard = hear(remote);
  const nobodyLeft = upward.then(() => answered(heard, tools, until)).catch(() => downward);
  for (const part of [downward, nobodyLeft]) part.catch(() => {});
  try {
    await Promise.race([downward, nobodyLeft]);
    // Who has sent an end was done; for others the session may have ended under them.
    const end = stdin.readableEnded ? undefined : await findEnd(session, tools);
    if (end !== undefined) throw end;
    return ExitCode.ok;
  } catch (error) {
    // ssh ends the command it started with a signal, and nobody wants to read of that.
    if (signal.aborted) return interruptedBy(signal).exitCode;
    throw error instanceof BaiError ? error : brokenTunnel(error);
  } finally {
    done.abort();
    remote.destroy();
    stdin.destroy();
  }
}

/**
 * ssh checks the host key itself, and then knows neither which key was pinned nor what to do. What holds another one is
 * not passed on, so that nothing of the user's is sent. False when the stream has ended.
 */
async function passHostKey(
  { session, remote }: OpenedStream,
  tools: SshStdioTools,
  signal: AbortSignal,
): Promise<boolean> {
  const { stdout } = tools;
  const access = { hostKeyAlias: tools.provider.hostKeyAlias(session) };
  const reader = new HostKeyReader();
  signal.addEventListener('abort', () => remote.destroy(), { once: true });
  const chunks: AsyncIterable<Uint8Array> = remote.iterator({ destroyOnReturn: false });
  for await (const chunk of chunks) {
    const key = reader.read(chunk);
    if (key !== undefined) await verifyHostKey({ access, session, hostKey: key }, tools);
    if (!stdout.write(chunk)) await once(stdout, 'drain', { signal });
    if (reader.isOver) return true;
  }
  return false;
}

/** Such as a write that came when the far side had closed. */
function brokenTunnel(cause: unknown): UnreachableError {
  return new UnreachableError('the tunnel to the session broke', { code: 'tunnel-lost', cause });
}

/** Resolves when nobody is there to take more, or nothing more is to come. */
async function answered(heard: HeardStream, tools: SshStdioTools, signal: AbortSignal): Promise<void> {
  const { stdout } = tools;
  let heardAt = performance.now();
  while (!tools.isOrphan() && performance.now() - heardAt < answerMs) {
    await delay(goneCheckMs, undefined, { signal });
    // What waits for its reader is an answer that is being read.
    heardAt = stdout.writableLength > 0 ? performance.now() : Math.max(heardAt, heard.heardAt());
  }
}

/**
 * ssh shows stderr as it comes, in the middle of the user's terminal. Warnings and errors stay; and, where somebody sits
 * and waits, the states of a session that still starts, as plain lines.
 */
function withoutProgress(reporter: Reporter): Reporter {
  const nothing = (): void => {};
  const update = reporter.interactive ? (text: string) => reporter.info(text) : nothing;
  return {
    ...reporter,
    info: nothing,
    busy: () => ({ stop: nothing }),
    step: () => ({ update, done: nothing, fail: nothing }),
  };
}

/** The list in ssh's configuration is as old as the last run of `bai ssh-config install`. */
function ofStaleList(error: unknown): unknown {
  if (!(error instanceof NotFoundError)) return error;
  const { code, details, cause, message } = error;
  const hint = '`bai ssh-config install` brings the hosts of your ssh configuration up to date';
  return new NotFoundError(message, { code, details, cause, hint });
}
