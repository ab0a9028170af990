/**
 * Why a session refused a key. sshd never says it, but the manager's authenticated calls show what sshd goes by: the
 * session's `id_container`, its `~/.ssh/authorized_keys`, and its mounted folders.
 */

import type { SessionRef } from '../../core/session/session.ts';
import { usualAccount } from '../../core/settings/settings.ts';
import { shellCommand } from '../../core/text/shell-quote.ts';
import { limitTime } from '../../core/time-limit.ts';
import { BaiError, DeniedError } from '../../errors.ts';
import type { KeyRing, LoginKey, UnlockedKey } from '../../ssh/login.ts';
import type { AppDeps } from './app-deps.ts';
import { namesOf } from './user-keys.ts';

export interface Refused {
  readonly session: SessionRef;
  /** What was logged in with. */
  readonly key: LoginKey | Promise<LoginKey>;
  readonly error: unknown;
}

export type ExplainDeps = Pick<AppDeps, 'api' | 'settings' | 'files' | 'ledger' | 'readKey' | 'signal'> &
  ReadAuthorized;

export interface ReadAuthorized {
  /** Fingerprints of the keys in the session's `~/.ssh/authorized_keys`. */
  readAuthorized(session: SessionRef, signal: AbortSignal): Promise<readonly string[]>;
}

/** Somebody waits who already knows that it failed. */
const limitMs = 5_000;

/** The refusal with its cause and cure; any other error as it is. */
export async function explainRefusal({ session, key, error }: Refused, deps: ExplainDeps): Promise<unknown> {
  if (!(error instanceof DeniedError) || error.code !== 'key-refused') return error;
  // What the manager can tell is of main1.
  if (session.node !== undefined) return error;
  const used = await key;
  const isOne = used instanceof Uint8Array || 'unlocked' in used;
  const facts = await gather(session, isOne ? used : undefined, deps);
  if (deps.signal.aborted) return error;
  const { reason, message, hint } = isOne
    ? causeOf(facts)
    : causeOfRing(used, facts, error.details['hungUp'] === true);
  const { fingerprint, user } = facts;
  return new DeniedError(message, {
    code: 'key-refused',
    hint,
    cause: error,
    details: { reason, user, ...(fingerprint !== undefined && { fingerprint }) },
  });
}

interface Facts {
  readonly name: string;
  readonly user: string;
  /** The user's own key file, when that was used. */
  readonly identity: string | undefined;
  readonly fingerprint: string | undefined;
  /** Whether bai wrote that key file, which then is of some session. */
  readonly isIssued: boolean;
  /** Of the session's own key. */
  readonly own: string | undefined;
  /** Nothing when the manager does not tell. */
  readonly authorised: readonly string[] | undefined;
  readonly isMounted: boolean;
}

async function gather(
  session: SessionRef,
  key: Uint8Array | UnlockedKey | undefined,
  deps: ExplainDeps,
): Promise<Facts> {
  const { identity, user } = deps.settings;
  using limit = limitTime(deps.signal, limitMs);
  const { signal } = limit;
  const fingerprint = key instanceof Uint8Array ? deps.files.fingerprintOf(key) : key?.fingerprint;
  const [own, authorised, details, isIssued] = await Promise.all([
    identity === undefined || key === undefined
      ? fingerprint
      : orNothing(deps.readKey(session, signal).then((issued) => issued.fingerprint)),
    orNothing(deps.readAuthorized(session, signal)),
    orNothing(deps.api.describe(session.id, signal)),
    identity !== undefined && fingerprint !== undefined && deps.ledger.wrote(identity, fingerprint),
  ]);
  const isMounted = details?.mounts.includes('.ssh') === true;
  return { name: session.name, user, identity, fingerprint, isIssued, own, authorised, isMounted };
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

interface Cause {
  readonly reason: string;
  readonly message: string;
  readonly hint: string;
}

function causeOf(facts: Facts): Cause {
  const { user, fingerprint, authorised } = facts;
  const isListed = fingerprint !== undefined && authorised?.includes(fingerprint);
  if (isListed) return user === usualAccount ? ofPermissions(facts) : ofAccount(facts);
  if (facts.identity !== undefined) return ofOwnKey(facts, facts.identity);
  if (authorised === undefined) return ofSomething(facts);
  return facts.isMounted ? ofMountedFolder(facts) : ofForeignList(facts);
}

/** Of several keys of the user's own, of which the session took none. */
function causeOfRing(ring: KeyRing, facts: Facts, hungUp: boolean): Cause {
  const { name, authorised } = facts;
  const { agent, files } = ring;
  const isListed = ({ fingerprint }: { fingerprint: string }): boolean =>
    authorised?.includes(fingerprint) === true;
  const tried = namesOf(ring).join(', ');
  const listed = [...(agent?.offered ?? []), ...files].find(isListed);
  if (listed !== undefined && hungUp) {
    return {
      reason: 'too-many-keys',
      message: `session ${name} hung up while it was offered ${tried}: it lists ${listed.fingerprint}, which came too late`,
      hint: 'name that key by its file: --identity FILE; or take others out of the agent: `ssh-add -d FILE`',
    };
  }
  if (listed !== undefined) return ofPermissions(facts);
  const doubt = authorised === undefined ? 'probably ' : '';
  return {
    reason: 'not-authorised',
    message: `session ${name} refused ${tried}: its ~/.ssh/authorized_keys ${doubt}lists none of them`,
    hint: `\`bai key authorize ${name}\` adds a public key to that file, from where a key that it lists is at hand; or name such a key with --identity FILE`,
  };
}

const tighten = 'chmod go-w ~ ~/.ssh ~/.ssh/authorized_keys';

function terminalOf(name: string): string {
  return `a terminal of the session (\`bai app forward ${name} ttyd\` gives the address of one)`;
}

function ofPermissions({ name }: Facts): Cause {
  return {
    reason: 'permissions',
    message: `session ${name} refused a key that it lists: its home folder, ~/.ssh or ~/.ssh/authorized_keys is writable for others, or belongs to another account`,
    hint: `its sshd passes over authorized_keys then. Type \`${tighten}\` into ${terminalOf(name)}`,
  };
}

function ofAccount({ name, user }: Facts): Cause {
  return {
    reason: 'account',
    message: `session ${name} knows the key, but not for account ${user}`,
    hint: `a session lets one account in, nearly always ${usualAccount}: leave out --user, BAI_USER and the setting user. If ${user} is right, type \`${tighten}\` into ${terminalOf(name)}`,
  };
}

function ofOwnKey({ name, fingerprint, own, isIssued, authorised }: Facts, path: string): Cause {
  const key = `${path}${fingerprint === undefined ? '' : ` (${fingerprint})`}`;
  if (isIssued && own !== fingerprint) {
    return {
      reason: 'stale-key',
      message: `session ${name} refused ${key}: it is the key of another session, or an older one`,
      hint: `leave out --identity, BAI_IDENTITY and the setting identity: bai then uses the session's own key${own === undefined ? '' : ` (${own})`}`,
    };
  }
  const doubt = authorised === undefined ? 'probably ' : '';
  return {
    reason: 'not-authorised',
    message: `session ${name} refused ${key}: its ~/.ssh/authorized_keys ${doubt}does not list that key`,
    hint: `leave out --identity to use the session's own key; \`${shellCommand(['bai', 'key', 'authorize', name, path])}\`, without BAI_IDENTITY and the setting identity, adds yours to the session. \`bai key upload FILE\` gives every new session a key that you choose`,
  };
}

const addOwn = '`ssh-keygen -y -f ~/id_container >> ~/.ssh/authorized_keys`';

const listMore = '`bai key authorize SESSION KEY` with the same BAI_IDENTITY adds another key';

function ofMountedFolder({ name }: Facts): Cause {
  return {
    reason: 'mounted-ssh',
    message: `session ${name} refused its own key: your folder .ssh is mounted on its ~/.ssh, and the authorized_keys in it does not list that key`,
    hint: `use a key that it lists, with --identity FILE or BAI_IDENTITY (${listMore}); or type ${addOwn} into ${terminalOf(name)}. For new sessions \`bai key upload FILE\` does without that folder`,
  };
}

function ofForeignList({ name }: Facts): Cause {
  return {
    reason: 'not-authorised',
    message: `session ${name} refused its own key: its ~/.ssh/authorized_keys does not list it`,
    hint: `somebody has replaced that file. Type ${addOwn} into ${terminalOf(name)}; or use a key that it lists, with --identity FILE or BAI_IDENTITY (${listMore})`,
  };
}

function ofSomething({ name, user }: Facts): Cause {
  return {
    reason: 'unknown',
    message: `session ${name} refused its own key of account ${user}, and the manager does not show its ~/.ssh/authorized_keys`,
    hint: `most likely others may write to its home folder, ~/.ssh or authorized_keys: type \`${tighten}\` into ${terminalOf(name)}. That file may also be missing or list other keys, or the account is not ${user} (--user)`,
  };
}
