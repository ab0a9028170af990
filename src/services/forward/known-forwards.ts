/** Forwards in the background as they are now: each is asked, and what its process left behind when it was killed is tidied up. */

import type { ControlAnswer, ForwardRecord } from '../../core/forward/background.ts';
import type { ForwardState, ForwardStatus } from '../../core/forward/status.ts';
import type { ForwardStore } from './forward-store.ts';

export interface KnownForward {
  readonly record: ForwardRecord;
  readonly state: ForwardState;
  /** Why it is not `running`. */
  readonly reason: string | undefined;
  /** Of one that answers. */
  readonly status?: ForwardStatus;
}

/** How long one that has ended is told of. */
const toldMs = 24 * 3_600_000;

export async function knownForwards(store: ForwardStore): Promise<readonly KnownForward[]> {
  const known = await Promise.all((await store.records()).map((record) => look(record, store)));
  const told = known.filter(({ record }) => !isOld(record));
  for (const { record } of known) if (isOld(record)) await store.remove(record);
  return told;
}

function isOld({ ended }: ForwardRecord): boolean {
  return ended !== undefined && Date.now() - Date.parse(ended.at) > toldMs;
}

/** Its number may be another program's by now, so who is asked is what answers at its own socket. */
async function look(record: ForwardRecord, store: ForwardStore): Promise<KnownForward> {
  if (record.ended !== undefined) return { record, state: 'ended', reason: record.ended.reason };
  const process = await store.processState(record);
  if (process === 'elsewhere')
    return { record, state: 'elsewhere', reason: `it runs on ${record.owner.host}` };
  const answer = process === 'gone' ? undefined : await store.ask(record, 'status');
  if (isStatus(answer)) {
    const { status } = answer;
    return { record, state: status.state, reason: status.reason, status };
  }
  if (process === 'alive' && record.control === '')
    return { record, state: 'silent', reason: 'it is starting' };
  if (process === 'alive' || answer === 'silent')
    return { record, state: 'silent', reason: `its process (${record.owner.pid}) does not answer` };
  return await tidyUp(record, store);
}

function isStatus(
  answer: ControlAnswer | 'silent' | undefined,
): answer is Extract<ControlAnswer, { kind: 'status' }> {
  return typeof answer === 'object' && answer.kind === 'status';
}

async function tidyUp(record: ForwardRecord, store: ForwardStore): Promise<KnownForward> {
  const reason = 'its process is gone without a word: it was killed, or the machine was restarted';
  const ended = { ...record, ended: { at: new Date().toISOString(), reason } };
  await store.removeSocket(record.control);
  await store.write(ended);
  return { record: ended, state: 'ended', reason };
}

/** Those that are meant by a name or an id; or by the name of their session. */
export function choose(known: readonly KnownForward[], wanted: string): readonly KnownForward[] {
  const own = known.filter(({ record }) => record.name === wanted || record.id === wanted);
  return own.length > 0
    ? own
    : known.filter(({ record: { session } }) => [session.name, session.id].includes(wanted));
}
