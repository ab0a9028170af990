/**
 * Why a session refused a key. sshd never says it, but the manager's authenticated calls show what sshd goes by: the
 * session's `id_container`, its `~/.ssh/authorized_keys`, and its mounted folders.
 */

import type { Refusal, RefusalCause, TriedKey, TriedKeys } from '../../../core/session/provider.ts';
import { typed } from '../../../core/text/typed.ts';
import { BaiError } from '../../../errors.ts';
import { account } from '../manager/states.ts';
import type { SessionCalls } from './compute-session.ts';

export async function explainRefusal(
  refusal: Refusal,
  api: Pick<SessionCalls, 'describe'>,
  signal: AbortSignal,
): Promise<RefusalCause> {
  const { session, user, tried } = refusal;
  const isOne = 'isIssued' in tried;
  const [own, authorised, isMounted] = await Promise.all([
    isOne ? ownKey(refusal, tried, signal) : undefined,
    refusal.authorized(signal),
    hasMountedSsh(session.id, api, signal),
  ]);
  const shared = { name: session.name, user, own, authorised, isMounted };
  if (isOne) return causeOf({ ...shared, ...tried });
  return causeOfSeveral(tried, { ...shared, fingerprint: undefined, path: undefined, isIssued: false });
}

/** Without a path it was the session's own key that was refused. */
async function ownKey(
  refusal: Refusal,
  { path, fingerprint }: TriedKey,
  signal: AbortSignal,
): Promise<string | undefined> {
  return path === undefined ? fingerprint : await refusal.issued(signal);
}

/** What cannot be found out explains nothing, and the refusal stands. */
async function hasMountedSsh(
  id: string,
  api: Pick<SessionCalls, 'describe'>,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    return (await api.describe(id, signal))?.mounts.includes('.ssh') === true;
  } catch (error) {
    if (error instanceof BaiError || signal.aborted) return false;
    throw error;
  }
}

interface Facts {
  readonly name: string;
  readonly user: string;
  /** The user's own key file, when that was used. */
  readonly path: string | undefined;
  readonly fingerprint: string | undefined;
  /** Whether bai wrote that key file, which then is of some session. */
  readonly isIssued: boolean;
  /** Of the session's own key. */
  readonly own: string | undefined;
  /** Nothing when the manager does not tell. */
  readonly authorised: readonly string[] | undefined;
  readonly isMounted: boolean;
}

function causeOf(facts: Facts): RefusalCause {
  const { user, fingerprint, authorised } = facts;
  const isListed = fingerprint !== undefined && authorised?.includes(fingerprint);
  if (isListed) return user === account ? ofPermissions(facts) : ofAccount(facts);
  if (facts.path !== undefined) return ofOwnKey(facts, facts.path);
  if (authorised === undefined) return ofSomething(facts);
  return facts.isMounted ? ofMountedFolder(facts) : ofForeignList(facts);
}

/** Of several keys of the user's own, of which the session took none. */
function causeOfSeveral({ names, fingerprints, hungUp }: TriedKeys, facts: Facts): RefusalCause {
  const { name, authorised } = facts;
  const tried = names.join(', ');
  const listed = fingerprints.find((each) => authorised?.includes(each) === true);
  if (listed !== undefined && hungUp) {
    return {
      reason: 'too-many-keys',
      message: `session ${name} hung up while it was offered ${tried}: it lists ${listed}, which came too late`,
      hint: 'name that key by its file: --identity FILE; or take others out of the agent: `ssh-add -d FILE`',
    };
  }
  if (listed !== undefined) return ofPermissions(facts);
  const doubt = authorised === undefined ? 'probably ' : '';
  return {
    reason: 'not-authorised',
    message: `session ${name} refused ${tried}: its ~/.ssh/authorized_keys ${doubt}lists none of them`,
    hint: `\`${typed(['bai', 'key', 'authorize', name])}\` adds a public key to that file, from where a key that it lists is at hand; or name such a key with --identity FILE`,
  };
}

const tighten = 'chmod go-w ~ ~/.ssh ~/.ssh/authorized_keys';

function terminalOf(name: string): string {
  return `a terminal of the session (\`${typed(['bai', 'app', 'forward', name, 'ttyd'])}\` gives the address of one)`;
}

function ofPermissions({ name }: Facts): RefusalCause {
  return {
    reason: 'permissions',
    message: `session ${name} refused a key that it lists: its home folder, ~/.ssh or ~/.ssh/authorized_keys is writable by others, or belongs to another account`,
    hint: `its sshd then ignores authorized_keys. Type \`${tighten}\` into ${terminalOf(name)}`,
  };
}

function ofAccount({ name, user }: Facts): RefusalCause {
  return {
    reason: 'account',
    message: `session ${name} knows the key, but not for account ${user}`,
    hint: `a session lets one account in, nearly always ${account}: leave out --user, BAI_USER and the setting user. If ${user} is right, type \`${tighten}\` into ${terminalOf(name)}`,
  };
}

function ofOwnKey({ name, fingerprint, own, isIssued, authorised }: Facts, path: string): RefusalCause {
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
    hint: `leave out --identity to use the session's own key; \`${typed(['bai', 'key', 'authorize', name, path])}\`, without BAI_IDENTITY and the setting identity, adds yours to the session. \`bai key upload FILE\` gives every new session a key that you choose`,
  };
}

const addOwn = '`ssh-keygen -y -f ~/id_container >> ~/.ssh/authorized_keys`';

const listMore = '`bai key authorize SESSION KEY` with the same BAI_IDENTITY adds another key';

function ofMountedFolder({ name }: Facts): RefusalCause {
  return {
    reason: 'mounted-ssh',
    message: `session ${name} refused its own key: your folder .ssh is mounted on its ~/.ssh, and the authorized_keys in it does not list that key`,
    hint: `use a key that it lists, with --identity FILE or BAI_IDENTITY (${listMore}); or type ${addOwn} into ${terminalOf(name)}. For new sessions \`bai key upload FILE\` does without that folder`,
  };
}

function ofForeignList({ name }: Facts): RefusalCause {
  return {
    reason: 'not-authorised',
    message: `session ${name} refused its own key: its ~/.ssh/authorized_keys does not list it`,
    hint: `somebody has replaced that file. Type ${addOwn} into ${terminalOf(name)}; or use a key that it lists, with --identity FILE or BAI_IDENTITY (${listMore})`,
  };
}

function ofSomething({ name, user }: Facts): RefusalCause {
  return {
    reason: 'unknown',
    message: `session ${name} refused its own key of account ${user}, and the manager does not show its ~/.ssh/authorized_keys`,
    hint: `most likely others may write to its home folder, ~/.ssh or authorized_keys: type \`${tighten}\` into ${terminalOf(name)}. That file may also be missing or list other keys, or the account is not ${user} (--user)`,
  };
}
