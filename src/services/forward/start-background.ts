/** `bai forward --background`: what the user sees of it. What asks a question asks it here. */

import type { ForwardFacts } from '../../core/forward/status.ts';
import { sshApp } from '../../core/ssh/forwarder.ts';
import { agentAdd } from '../../core/text/typed.ts';
import { LocalSystemError, RelayedError, UsageError } from '../../errors.ts';
import { learnHostKey } from '../ssh/learn-host-key.ts';
import { openAccess } from '../ssh/open-access.ts';
import { type ForwardRequest, type PreparedForward, prepareForward } from './forward-here.ts';
import type { ForwardStore } from './forward-store.ts';
import type { ForwardTools } from './forward-tools.ts';
import { needsLine } from './plan-forwards.ts';

interface StartedForward {
  readonly facts: ForwardFacts;
  readonly others: readonly string[];
  /** False when one was there already that does the same. */
  readonly isNew: boolean;
}

export async function startForward(
  request: ForwardRequest,
  tools: ForwardTools,
  store: ForwardStore,
): Promise<StartedForward> {
  const { reporter, system } = tools;
  const prepared = await prepareForward(request, tools);
  await askNow(prepared, tools);
  const busy = reporter.busy('starting the forward');
  try {
    const path = store.logPath(request.id);
    await store.alone(async () => {});
    const started = await system.startInBackground({ prints: false, log: { path, id: request.id } });
    if ('status' in started) {
      tools.signal.throwIfAborted();
      throw await endedEarly(request.id, started.status, store);
    }
    const answer = store.readAnswer(started.said);
    if (answer === undefined) throw await endedEarly(request.id, undefined, store);
    if (answer.kind !== 'started') await store.remove({ id: request.id, control: '' });
    if (answer.kind === 'failed') throw relayed(answer.error);
    return { facts: answer.facts, others: answer.others, isNew: answer.kind === 'started' };
  } finally {
    busy.stop();
  }
}

/** A process in the background has nobody to ask. */
async function askNow({ session, plan }: PreparedForward, tools: ForwardTools): Promise<void> {
  const usesSsh =
    needsLine(plan) || plan.forwards.some(({ wish, app }) => wish.kind === 'remote' || app?.name === sshApp);
  if (!usesSsh) return;
  const { identity } = tools.settings;
  if (identity !== undefined) {
    await tools.keys.checkOwn(identity);
    if (await tools.keys.isForSsh(identity)) {
      throw new UsageError(`a forward in the background cannot ask for the passphrase of ${identity}`, {
        hint: `give the key to the SSH agent (\`${agentAdd()}\`), and use \`--identity agent\``,
      });
    }
  }
  const access = await openAccess(session, tools);
  await learnHostKey({ access, session, signal: tools.signal }, tools);
}

function relayed({ message, code, exitCode, hint, details }: Relayed): RelayedError {
  const facts = {
    code: code as NonNullable<RelayedError['code']>,
    details,
    ...(hint !== undefined && { hint }),
  };
  return new RelayedError(message, facts, exitCode);
}

interface Relayed {
  readonly message: string;
  readonly code: string;
  readonly exitCode: number;
  readonly hint?: string;
  readonly details: Readonly<Record<string, unknown>>;
}

async function endedEarly(
  id: string,
  status: number | undefined,
  store: ForwardStore,
): Promise<LocalSystemError> {
  const { text = '' } = (await store.readLog(id, 0)) ?? {};
  const last = text.trim().split('\n').at(-1) ?? '';
  const how = status === undefined ? 'said nothing that can be read' : `ended with status ${status}`;
  return new LocalSystemError(`the process of the forward ${how}${last === '' ? '' : `: ${last}`}`, {
    code: 'forward-failed',
    hint: `${store.logPath(id)} has all it said`,
  });
}
