/** `bai exec`: one command in the containers of a session, at the same time in all that are wanted. */

import { createSemaphore, type Semaphore } from '../../core/semaphore.ts';
import type { SessionNode } from '../../core/session/provider.ts';
import type { SessionRef } from '../../core/session/session.ts';
import { parseSshArguments, type SshWork } from '../../core/ssh/ssh-arguments.ts';
import { connectionFailed } from '../../core/ssh/ssh-client.ts';
import { BaiError, InterruptedError, UsageError } from '../../errors.ts';
import type { CapturedOutput, CapturedStream } from '../../output/captured-output.ts';
import { openRunningSession } from '../session/open-session.ts';
import { connectBuiltin } from './connect-builtin.ts';
import { checkRuns, chooseNodes, enterNode, nodesOf, shareMain } from './enter-node.ts';
import { headStart } from './head-start.ts';
import { logIn as logInTo, loginKeyFor, openAccess } from './open-access.ts';
import type { BuiltinConnection, FirstRun, ProgramOutput } from './ssh-programs.ts';
import type { SshTools } from './ssh-tools.ts';

interface ExecRequest {
  readonly session: string;
  /** None: the main one. */
  readonly nodes: readonly string[] | 'all';
  /** Joined with spaces for the login shell over there, as ssh does it. */
  readonly command: readonly string[];
  /** The command gets no input. */
  readonly readsNothing: boolean;
}

export interface ExecTools extends SshTools {
  /** One output for each name, its lines labelled with it. */
  labelled(nodes: readonly string[]): (node: string) => NodeOutput;
  capture(): CapturedOutput;
}

interface NodeOutput extends ProgramOutput {
  /** Completes a last line. */
  end(): Promise<void>;
}

interface ExecAnswer {
  readonly session: string;
  /** The worst of all nodes. */
  readonly status: number;
  readonly nodes: readonly NodeAnswer[];
}

interface NodeAnswer {
  readonly node: string;
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Where the bytes are no UTF-8. */
  readonly stdoutBase64?: string;
  readonly stderrBase64?: string;
  /** How much there was, where it is more than what is here. */
  readonly stdoutBytes?: number;
  readonly stderrBytes?: number;
  /** Why nobody could log in, or the connection broke; the status is 255 then. */
  readonly error?: { readonly code: string; readonly message: string; readonly hint?: string };
}

interface ExecOutcome {
  readonly status: number;
  /** With --json. */
  readonly answer?: ExecAnswer;
}

/** The exit status of the command, or the worst of several: 255 where the connection failed, 128 + n for a signal. */
export async function execCommand(request: ExecRequest, given: ExecTools): Promise<ExecOutcome> {
  const { nodes, command } = request;
  const isSingle = nodes !== 'all' && new Set(nodes).size <= 1;
  const work = workOf(command, isSingle && !request.readsNothing);
  await using start = await headStart(request.session, given);
  const { tools } = start;
  const session = await openRunningSession(request.session, tools);
  if (isSingle && !tools.reporter.json) {
    await using place = await enterNode(session, nodes[0], tools);
    return { status: await connectBuiltin(place.session, work, place.tools) };
  }
  const runs = await runOnAll({ session, work, nodes: await wantedNodes(session, nodes, tools) }, tools);
  const status = Math.max(...runs.map((run) => run.status));
  if (tools.reporter.json)
    return { status, answer: { session: session.name, status, nodes: runs.map(answerOf) } };
  summarize(runs, tools);
  return { status };
}

/** Who types cannot mean several programs, so these get no input. */
function workOf(command: readonly string[], readsInput: boolean): SshWork {
  const parsed = parseSshArguments([...(readsInput ? ['-T'] : ['-T', '-n']), '--', ...command]);
  if ('work' in parsed && parsed.work.command !== undefined) return parsed.work;
  throw new UsageError('exec needs a command', {
    hint: 'write it after the session: bai exec SESSION nvidia-smi',
  });
}

/** A session of one machine goes by its own name. */
function mainNode({ name }: SessionRef, { provider }: ExecTools): string {
  return provider.nodes?.main ?? name;
}

async function wantedNodes(
  session: SessionRef,
  wanted: ExecRequest['nodes'],
  tools: ExecTools,
): Promise<readonly SessionNode[]> {
  const main = { hostname: mainNode(session, tools), status: session.status };
  if (wanted !== 'all' && wanted.every((name) => name === main.hostname)) return [main];
  const nodes = await nodesOf(session, tools);
  if (wanted === 'all') return nodes.length === 0 ? [main] : nodes;
  return chooseNodes(nodes, wanted, session);
}

interface Work {
  readonly session: SessionRef;
  readonly work: SshWork;
  readonly nodes: readonly SessionNode[];
}

interface NodeRun {
  readonly node: string;
  readonly status: number;
  readonly error?: BaiError;
  readonly taken?: ReturnType<CapturedOutput['taken']>;
}

/** Logins at a time. The commands all run at once: programs that span the nodes wait for each other. */
const loginsAtOnce = 8;

async function runOnAll({ session, work, nodes }: Work, tools: ExecTools): Promise<readonly NodeRun[]> {
  await using shared = shareMain(session, tools);
  const outputOf = tools.labelled(nodes.map(({ hostname }) => hostname));
  const semaphore = createSemaphore(loginsAtOnce);
  const busy = tools.reporter.busy(`connecting to session ${session.name}`);
  const runs = nodes.map(async (node) => {
    const captured = tools.reporter.json ? tools.capture() : undefined;
    const output = captured ?? outputOf(node.hostname);
    const ended = await runOn(
      node,
      { session, work, output, semaphore, begin: () => busy.stop() },
      shared.tools,
    );
    return { ...ended, ...(captured && { taken: captured.taken() }) };
  });
  try {
    // All of them, for the connection they share is ended after it.
    const outcomes = await Promise.allSettled(runs);
    const broken = outcomes.find((outcome) => outcome.status === 'rejected');
    if (broken !== undefined) throw broken.reason;
    return await Promise.all(runs);
  } finally {
    busy.stop();
  }
}

interface NodeWork {
  readonly session: SessionRef;
  readonly work: SshWork;
  readonly output: NodeOutput;
  readonly semaphore: Semaphore;
  readonly begin: () => void;
}

async function runOn(node: SessionNode, job: NodeWork, tools: ExecTools): Promise<NodeRun> {
  const { hostname } = node;
  const { session, work, output } = job;
  try {
    checkRuns(session, node, tools);
    const isMain = hostname === mainNode(session, tools);
    const place = isMain ? session : { ...session, node: hostname };
    await using connection = await logIn(place, { ...job, first: { work, output } }, tools);
    job.begin();
    return { node: hostname, status: await connection.run(work, output) };
  } catch (error) {
    if (!(error instanceof BaiError) || error instanceof InterruptedError) throw error;
    job.begin();
    if (!tools.reporter.json) tools.reporter.warn(`${hostname}: ${error.message}`, error.hint);
    return { node: hostname, status: connectionFailed, error };
  } finally {
    await output.end();
  }
}

async function logIn(
  place: SessionRef,
  { semaphore, first }: Pick<NodeWork, 'semaphore'> & { readonly first: FirstRun },
  tools: ExecTools,
): Promise<BuiltinConnection> {
  const leave = await semaphore.enter(tools.signal);
  try {
    const key = await loginKeyFor(place, tools);
    const make: typeof tools.client.open = (request) => tools.client.open({ ...request, first });
    return await logInTo({ access: await openAccess(place, tools), key, make }, tools);
  } finally {
    leave();
  }
}

function summarize(runs: readonly NodeRun[], { reporter }: ExecTools): void {
  const failed = runs.filter(({ status }) => status !== 0);
  if (failed.length === 0) return;
  const each = failed.map(
    ({ node, status, error }) => `${node} (${error ? 'no connection, ' : ''}${status})`,
  );
  reporter.warn(
    `failed on ${failed.length} of ${runs.length} nodes, with these statuses: ${each.join(', ')}`,
  );
}

function answerOf({ node, status, error, taken }: NodeRun): NodeAnswer {
  const none: CapturedStream = { text: '' };
  const { stdout, stderr } = taken ?? { stdout: none, stderr: none };
  return {
    ...{ node, status, stdout: stdout.text, stderr: stderr.text },
    ...(stdout.base64 !== undefined && { stdoutBase64: stdout.base64 }),
    ...(stderr.base64 !== undefined && { stderrBase64: stderr.base64 }),
    ...(stdout.bytes !== undefined && { stdoutBytes: stdout.bytes }),
    ...(stderr.bytes !== undefined && { stderrBytes: stderr.bytes }),
    ...(error && {
      error: {
        code: error.code,
        message: error.message,
        ...(error.hint !== undefined && { hint: error.hint }),
      },
    }),
  };
}
