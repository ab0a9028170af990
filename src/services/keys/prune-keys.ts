/** `bai key prune`: removes key files that bai wrote for sessions that are gone, and nothing else. */

import type { Provider } from '../../core/session/provider.ts';
import type { SessionRef } from '../../core/session/session.ts';
import { BaiError, UsageError } from '../../errors.ts';
import type { KeyLedger, KeyRecord } from '../../keys/key-ledger.ts';
import type { PrivateKey } from '../../keys/private-key.ts';
import { isLive } from '../session/session-end.ts';
import { accountMark } from './rotate-key.ts';
import type { KeyFiles } from './save-key.ts';

interface PruneRequest {
  readonly dryRun: boolean;
  /** Nobody is asked. */
  readonly yes: boolean;
}

export interface PruneTools {
  readonly provider: Provider;
  readonly signal: AbortSignal;
  readonly ledger: KeyLedger;
  readonly files: Pick<KeyFiles, 'read' | 'fingerprintOf'> & {
    /** False, and the file is where it was, when it is not what `isRight` wants by then. */
    remove(path: string, isRight: (content: Uint8Array) => Promise<boolean>): Promise<boolean>;
  };
  readKey(session: SessionRef, signal: AbortSignal): Promise<PrivateKey>;
  /** The fingerprint of what new sessions accept; nothing when each makes its own. */
  accountKey(signal: AbortSignal): Promise<string | undefined>;
  /** Nothing where nobody can be asked. */
  readonly ask: ((question: string) => Promise<boolean>) | undefined;
}

interface PrunedKey {
  readonly path: string;
  readonly fingerprint: string;
}

export interface KeptKey extends PrunedKey {
  readonly reason: KeepReason;
  /** The session that still uses it. */
  readonly session?: string;
}

export type KeepReason = 'in-use' | 'account' | 'other-account' | 'changed' | 'not-a-file';

export interface PruneResult {
  readonly dryRun: boolean;
  /** With `dryRun` those that would be. */
  readonly removed: readonly PrunedKey[];
  readonly kept: readonly KeptKey[];
}

interface Candidate extends PrunedKey {
  readonly sessions: readonly string[];
}

/** Everything is asked of the manager before the first file is removed: one that does not answer ends it. */
export async function pruneKeys(request: PruneRequest, tools: PruneTools): Promise<PruneResult> {
  const { dryRun, yes } = request;
  if (!dryRun && !yes && tools.ask === undefined) {
    throw new UsageError('refusing to remove files without --yes (no terminal)', {
      hint: 'add --yes, or preview with --dry-run',
    });
  }
  const { gone, kept } = await plan(tools);
  const question = `remove ${gone.map(({ path }) => path).join(', ')}`;
  const goesOn = dryRun || gone.length === 0 || yes || (await tools.ask?.(`${question}?`)) === true;
  const removed: PrunedKey[] = [];
  for (const { path, fingerprint, sessions } of goesOn ? gone : []) {
    const key = { path, fingerprint };
    if (dryRun || (await remove({ ...key, sessions }, tools))) removed.push(key);
  }
  return { dryRun, removed, kept };
}

interface Plan {
  readonly gone: readonly Candidate[];
  readonly kept: readonly KeptKey[];
}

async function plan(tools: PruneTools): Promise<Plan> {
  const gone: Candidate[] = [];
  const kept: KeptKey[] = [];
  for (const record of await tools.ledger.all()) {
    const found = await verdict(record, tools);
    if (found === 'gone') gone.push(record);
    else if (found !== 'missing') kept.push(found);
  }
  if (gone.length === 0) return { gone, kept };
  const used = await keysInUse(tools);
  const isUsed = ({ fingerprint }: PrunedKey): boolean => used.has(fingerprint);
  const shared = gone.filter(isUsed).map(
    ({ path, fingerprint }): KeptKey => ({
      ...{ path, fingerprint },
      reason: 'in-use',
      session: used.get(fingerprint) ?? '',
    }),
  );
  return { gone: gone.filter((key) => !isUsed(key)), kept: [...kept, ...shared] };
}

async function verdict(record: KeyRecord, tools: PruneTools): Promise<'gone' | 'missing' | KeptKey> {
  const { path, fingerprint, sessions, isOfThisAccount } = record;
  const key = { path, fingerprint };
  let content: Uint8Array | undefined;
  try {
    content = await tools.files.read(path);
  } catch (error) {
    if (error instanceof BaiError && error.code === 'key-conflict') return { ...key, reason: 'not-a-file' };
    throw error;
  }
  if (content === undefined) return 'missing';
  if (tools.files.fingerprintOf(content) !== fingerprint) return { ...key, reason: 'changed' };
  if (!isOfThisAccount) return { ...key, reason: 'other-account' };
  if (sessions.includes(accountMark) && (await tools.accountKey(tools.signal)) === fingerprint)
    return { ...key, reason: 'account' };
  for (const id of sessions.filter((each) => each !== accountMark)) {
    const session = await tools.provider.describe(id, tools.signal);
    if (session !== undefined && isLive(session.status, tools.provider)) {
      return { ...key, reason: 'in-use', session: session.name };
    }
  }
  return 'gone';
}

/** Sessions of one account mostly share their key, whether bai was in them or not. */
async function keysInUse(tools: PruneTools): Promise<ReadonlyMap<string, string>> {
  const used = new Map<string, string>();
  for (const session of await tools.provider.list({ statuses: 'live', owner: 'own' }, tools.signal)) {
    if (tools.provider.phaseOf(session.status) !== 'ready') continue;
    try {
      const { fingerprint } = await tools.readKey(session, tools.signal);
      if (!used.has(fingerprint)) used.set(fingerprint, session.name);
    } catch (error) {
      // A session that hands out no key uses none of these.
      if (!(error instanceof BaiError) || !['no-id-container', 'not-a-key'].includes(error.code)) throw error;
    }
  }
  return used;
}

/** False when another command was quicker, or uses the file by now. */
async function remove({ path, fingerprint, sessions }: Candidate, tools: PruneTools): Promise<boolean> {
  const isRight = async (content: Uint8Array): Promise<boolean> => {
    const now = (await tools.ledger.all()).find((record) => record.path === path);
    const isNew = now?.sessions.some((id) => !sessions.includes(id)) ?? true;
    return !isNew && now?.fingerprint === fingerprint && tools.files.fingerprintOf(content) === fingerprint;
  };
  if (!(await tools.files.remove(path, isRight))) return false;
  await tools.ledger.forget(path);
  return true;
}
