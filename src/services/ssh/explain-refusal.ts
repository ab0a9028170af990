/** A refused key with its cause and cure, as far as the provider lets one see what the session's sshd goes by. */

import type { Refusal, TriedKey, TriedKeys } from '../../core/session/provider.ts';
import type { SessionRef } from '../../core/session/session.ts';
import { limitTime } from '../../core/time-limit.ts';
import { BaiError, DeniedError } from '../../errors.ts';
import type { LoginKey } from '../../ssh/login.ts';
import type { SshTools } from './ssh-tools.ts';
import { namesOf } from './user-keys.ts';

interface Refused {
  readonly session: SessionRef;
  readonly user: string;
  /** What was logged in with. */
  readonly key: LoginKey | Promise<LoginKey>;
  readonly error: unknown;
}

/** Somebody waits who already knows that it failed. */
const limitMs = 5_000;

/** The refusal with its cause and cure; any other error as it is. */
export async function explainRefusal(
  { session, user, key, error }: Refused,
  tools: SshTools,
): Promise<unknown> {
  const { provider } = tools;
  if (!(error instanceof DeniedError) || error.code !== 'key-refused') return error;
  // What a provider can tell is of the main node.
  if (session.node !== undefined || provider.explainRefusal === undefined) return error;
  const tried = await triedOf(await key, error.details['hungUp'] === true, tools);
  using limit = limitTime(tools.signal, limitMs);
  const refusal = { session, user, tried, ...lookUps(session, tools) };
  const { reason, message, hint } = await provider.explainRefusal(refusal, limit.signal);
  if (tools.signal.aborted) return error;
  const fingerprint = 'isIssued' in tried ? tried.fingerprint : undefined;
  return new DeniedError(message, {
    code: 'key-refused',
    hint,
    cause: error,
    details: { reason, user, ...(fingerprint !== undefined && { fingerprint }) },
  });
}

async function triedOf(
  used: LoginKey,
  hungUp: boolean,
  { keys, settings }: SshTools,
): Promise<TriedKey | TriedKeys> {
  if (used instanceof Uint8Array || 'unlocked' in used) {
    const fingerprint = used instanceof Uint8Array ? keys.files.fingerprintOf(used) : used.fingerprint;
    const path = settings.identity;
    const isKnown = path !== undefined && fingerprint !== undefined;
    const isIssued = isKnown && (await keys.ledger.wrote(path, fingerprint));
    return { fingerprint, path, isIssued };
  }
  const { agent, files, locked, lockedWereTried } = used;
  const tried = [...(agent?.offered ?? []), ...files, ...(lockedWereTried ? locked : [])];
  const fingerprints = tried.flatMap(({ fingerprint = '' }) => (fingerprint === '' ? [] : [fingerprint]));
  return { names: namesOf(used), fingerprints, hungUp };
}

function lookUps(session: SessionRef, { keys }: SshTools): Pick<Refusal, 'issued' | 'authorized'> {
  return {
    issued: (signal) => orNothing(keys.issued(session, signal).then(({ fingerprint }) => fingerprint)),
    authorized: (signal) => orNothing(keys.authorized(session, signal)),
  };
}

/** What cannot be found out explains nothing, and the refusal stands. */
async function orNothing<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof BaiError || (error instanceof Error && error.name === 'TimeoutError'))
      return undefined;
    throw error;
  }
}
