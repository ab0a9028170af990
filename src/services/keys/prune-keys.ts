/** `bai key prune`: removes key files that bai wrote for sessions that are gone, and nothing else. */

import { isLive, type SessionRef } from '../../core/session/session.ts';
import type { SessionApi } from '../../core/session/session-api.ts';
import { BaiError, UsageError } from '../../errors.ts';
import type { KeyLedger, KeyRecord } from '../../keys/key-ledger.ts';
import type { PrivateKey } from '../../keys/private-key.ts';
import { accountMark } from './rotate-key.ts';
import type { KeyFiles } from './save-key.ts';

export interface PruneRequest {
  readonly dryRun: boolean;
  /** Nobody is asked. */
  readonly yes: boolean;
}

export interface PruneDeps {
  readonly api: Pick<SessionApi, 'describe' | 'list'>;
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

export interface PrunedKey {
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
export async function pruneKeys(request: PruneRequest, deps: PruneDeps): Promise<PruneResult> {
  const { dryRun, yes } = request;
  if (!dryRun && !yes && deps.ask === undefined) {
    throw new UsageError('nobody can be asked whether to remove the files', {
      hint: 'add --yes, or look first with --dry-run',
    });
  }
  const { gone, kept } = await plan(deps);
  const question = `remove ${gone.map(({ path }) => path).join(', ')}`;
  const goesOn = dryRun || gone.length === 0 || yes || (await deps.ask?.(`${question}?`)) === true;
  const removed: PrunedKey[] = [];
  for (const { path, fingerprint, sessions } of goesOn ? gone : []) {
    const key = { path, fingerprint };
    if (dryRun || (await remove({ ...key, sessions }, deps))) removed.push(key);
  }
  return { dryRun, removed, kept };
}

interface Plan {
  readonly gone: readonly Candidate[];
  readonly kept: readonly KeptKey[];
}

async function plan(deps: PruneDeps): Promise<Plan> {
  const gone: Candidate[] = [];
  const kept: KeptKey[] = [];
  for (const record of await deps.ledger.all()) {
    const found = await verdict(record, deps);
    if (found === 'gone') gone.push(record);
    else if (found !== 'missing') kept.push(found);
  }
  if (gone.length === 0) return { gone, kept };
  const used = await keysInUse(deps);
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

async function verdict(record: KeyRecord, deps: PruneDeps): Promise<'gone' | 'missing' | KeptKey> {
  const { path, fingerprint, sessions, isOfThisAccount } = record;
  const key = { path, fingerprint };
  let content: Uint8Array | undefined;
  try {
    content = await deps.files.read(path);
  } catch (error) {
    if (error instanceof BaiError && error.code === 'key-conflict') return { ...key, reason: 'not-a-file' };
    throw error;
  }
  if (content === undefined) return 'missing';
  if (deps.files.fingerprintOf(content) !== fingerprint) return { ...key, reason: 'changed' };
  if (!isOfThisAccount) return { ...key, reason: 'other-account' };
  if (sessions.includes(accountMark) && (await deps.accountKey(deps.signal)) === fingerprint)
    return { ...key, reason: 'account' };
  for (const id of sessions.filter((each) => each !== accountMark)) {
    const session = await deps.api.describe(id, deps.signal);
    if (session !== undefined && isLive(session.status)) {
      return { ...key, reason: 'in-use', session: session.name };
    }
  }
  return 'gone';
}

/** Sessions of one account mostly share their key, whether bai was in them or not. */
async function keysInUse(deps: PruneDeps): Promise<ReadonlyMap<string, string>> {
  const used = new Map<string, string>();
  for (const session of await deps.api.list({ statuses: 'live', owner: 'own' }, deps.signal)) {
    if (session.status !== 'RUNNING') continue;
    try {
      const { fingerprint } = await deps.readKey(session, deps.signal);
      if (!used.has(fingerprint)) used.set(fingerprint, session.name);
    } catch (error) {
      // A session that hands out no key uses none of these.
      if (!(error instanceof BaiError) || !['no-id-container', 'not-a-key'].includes(error.code)) throw error;
    }
  }
  return used;
}

/** False when another command was quicker, or uses the file by now. */
async function remove({ path, fingerprint, sessions }: Candidate, deps: PruneDeps): Promise<boolean> {
  const isRight = async (content: Uint8Array): Promise<boolean> => {
    const now = (await deps.ledger.all()).find((record) => record.path === path);
    const isNew = now?.sessions.some((id) => !sessions.includes(id)) ?? true;
    return !isNew && now?.fingerprint === fingerprint && deps.files.fingerprintOf(content) === fingerprint;
  };
  if (!(await deps.files.remove(path, isRight))) return false;
  await deps.ledger.forget(path);
  return true;
}
