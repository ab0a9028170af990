/** `bai key authorize` and `deauthorize`: who else may log in to a session, by its authorized_keys. */

import { isFull, sameBytes, withKey, withoutKeys } from '../../core/keys/authorized-keys.ts';
import { type PermissionProblem, permissionProblems } from '../../core/keys/login-permissions.ts';
import { formatPublicLine, type PublicLine } from '../../core/keys/public-line.ts';
import type { Reporter } from '../../core/reporter.ts';
import { typed } from '../../core/text/typed.ts';
import { ConflictError, NotFoundError } from '../../errors.ts';
import type { AuthorizedKeys, KeysPlace } from '../../transfer/remote/authorized-keys.ts';
import { findAnyPublicKey, type KeyFinding, readFingerprint } from './find-public-key.ts';
import type { KeyReading } from './key-tools.ts';

export interface AuthorizeTools extends KeyFinding, KeyReading {
  readonly reporter: Reporter;
  openKeys(session: string): Promise<OpenedKeys>;
  /** Nothing where nobody can be asked. */
  readonly ask: ((question: string) => Promise<boolean>) | undefined;
}

export interface OpenedKeys extends AuthorizedKeys {
  /** The key that this connection is logged in with. */
  readonly ownKey: Uint8Array;
}

interface AuthorizeRequest {
  readonly session: string;
  readonly key: PublicLine;
  /** Take from group and others what makes servers ignore the file, without asking. */
  readonly fixPermissions: boolean;
}

export interface AuthorizedKey {
  /** As the user named it. */
  readonly session: string;
  readonly path: string;
  /** Where the file is, when `path` is a link. */
  readonly linkedTo?: string;
  readonly type: string;
  readonly fingerprint: string;
  readonly change: 'added' | 'unchanged';
  readonly permissions: readonly FoundPermission[];
}

interface FoundPermission extends Omit<PermissionProblem, 'mended'> {
  readonly repaired: boolean;
}

export async function authorizeKey(request: AuthorizeRequest, tools: AuthorizeTools): Promise<AuthorizedKey> {
  const { session, key } = request;
  await using keys = await tools.openKeys(session);
  const line = Buffer.from(formatPublicLine(key)).toString('latin1');
  const isAdded = await keys.change((content) => {
    const next = withKey(content, line, (blob) => sameBytes(blob, key.blob));
    if (next !== undefined && isFull(content)) throw fullError();
    return next;
  });
  const place = await keys.inspect();
  const path = place.steps.at(-1)?.path ?? '';
  if (place.linkedTo !== undefined) tools.reporter.info(`${path} is a link: the file is ${place.linkedTo}`);
  return {
    session,
    path,
    ...(place.linkedTo !== undefined && { linkedTo: place.linkedTo }),
    type: key.type,
    fingerprint: tools.fingerprint(key.blob),
    change: isAdded ? 'added' : 'unchanged',
    permissions: await mendPermissions({ request, keys, place }, tools),
  };
}

interface Mending {
  readonly request: AuthorizeRequest;
  readonly keys: AuthorizedKeys;
  readonly place: KeysPlace;
}

async function mendPermissions(
  { request, keys, place }: Mending,
  tools: AuthorizeTools,
): Promise<readonly FoundPermission[]> {
  const problems = permissionProblems(place.steps, place.uid);
  const found: FoundPermission[] = [];
  for (const { mended, ...problem } of problems) {
    const { path, mode } = problem;
    if (mended === undefined) {
      tools.reporter.warn(`${path} belongs to another user, so the session's SSH server ignores every key`);
      found.push({ ...problem, repaired: false });
      continue;
    }
    const isWanted =
      request.fixPermissions ||
      ((await tools.ask?.(
        `others may write to ${path} (mode ${mode}), so the session's SSH server ignores every key; remove that permission?`,
      )) ??
        false);
    if (isWanted) await keys.setMode(path, mended);
    else warnOfMode(problem, tools);
    found.push({ ...problem, repaired: isWanted });
  }
  return found;
}

function warnOfMode({ path, mode }: FoundPermissionFacts, { reporter }: AuthorizeTools): void {
  reporter.warn(
    `others may write to ${path} (mode ${mode}), so the session's SSH server may ignore every key`,
    'the same command with --fix-permissions removes that permission',
  );
}

type FoundPermissionFacts = Pick<FoundPermission, 'path' | 'mode'>;

interface DeauthorizeRequest {
  readonly session: string;
  /** A file, a public line, `-`, or a fingerprint. */
  readonly key: string;
  /** Even the key that this command is logged in with. */
  readonly force: boolean;
}

interface DeauthorizedKey {
  readonly session: string;
  readonly fingerprint: string;
  /** Lines. */
  readonly removed: number;
}

export async function deauthorizeKey(
  { session, key, force }: DeauthorizeRequest,
  tools: AuthorizeTools,
): Promise<DeauthorizedKey> {
  const fingerprint = readFingerprint(key) ?? tools.fingerprint((await findAnyPublicKey(key, tools)).blob);
  await using keys = await tools.openKeys(session);
  const isOwn = tools.fingerprint(keys.ownKey) === fingerprint;
  let removed = 0;
  await keys.change((content) => {
    const next = withoutKeys(content, (blob) => tools.fingerprint(blob) === fingerprint);
    if (next.removed === 0) return undefined;
    if (isOwn && !force) throw ownKeyError(fingerprint);
    removed += next.removed;
    return next.content;
  });
  if (removed > 0) return { session, fingerprint, removed };
  throw new NotFoundError(`session ${session} does not accept the key ${fingerprint}`, {
    code: 'key-not-authorized',
    hint: `\`${typed(['bai', 'ssh', session, '--', 'cat', '.ssh/authorized_keys'])}\` shows those it accepts`,
  });
}

function ownKeyError(fingerprint: string): ConflictError {
  return new ConflictError(`${fingerprint} is the key that bai itself logs in with`, {
    code: 'own-key',
    hint: 'without it `bai ssh` and `bai sftp` no longer get in; --force removes it anyway',
  });
}

function fullError(): ConflictError {
  return new ConflictError('authorized_keys in the session has 300 lines, and its SSH server reads no more', {
    code: 'authorized-keys-unusable',
    hint: 'remove some with `bai key deauthorize`',
  });
}
