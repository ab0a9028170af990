/** `bai key status`: whether the local `id_container` is what new sessions accept, without fetching a private key. */

import type { AccountKeyTools } from './account-key-tools.ts';
import { pathBeside } from './save-key.ts';

type KeyState = 'accepted' | 'different' | 'no-local-key' | 'not-a-key' | 'no-account-key';

interface ShownKey {
  readonly type: string;
  readonly fingerprint: string;
}

interface KeyStatus {
  /** Whether new sessions accept the key at `path`. */
  readonly accepted: boolean;
  readonly state: KeyState;
  readonly path: string;
  readonly local?: ShownKey;
  readonly account?: ShownKey;
  /** Another file of bai's that has the account's key. */
  readonly beside?: string;
}

export async function keyStatus(tools: AccountKeyTools): Promise<KeyStatus> {
  const path = tools.keyPath;
  const [blob, bytes] = await Promise.all([tools.account.read(tools.signal), tools.files.read(path)]);
  const account = blob && { type: tools.keyType(blob), fingerprint: tools.fingerprint(blob) };
  const local = bytes === undefined ? undefined : localKey(bytes, tools);
  const state = stateOf({ account, local, isThere: bytes !== undefined });
  const beside = state === 'accepted' || account === undefined ? undefined : await besideOf(account, tools);
  return {
    accepted: state === 'accepted',
    state,
    path,
    ...(local !== undefined && { local }),
    ...(account !== undefined && { account }),
    ...(beside !== undefined && { beside }),
  };
}

interface Facts {
  readonly account: ShownKey | undefined;
  readonly local: ShownKey | undefined;
  readonly isThere: boolean;
}

function stateOf({ account, local, isThere }: Facts): KeyState {
  if (account === undefined) return 'no-account-key';
  if (!isThere) return 'no-local-key';
  if (local === undefined) return 'not-a-key';
  return local.fingerprint === account.fingerprint ? 'accepted' : 'different';
}

function localKey(bytes: Uint8Array, tools: AccountKeyTools): ShownKey | undefined {
  const fingerprint = tools.files.fingerprintOf(bytes);
  const blob = tools.publicHalf(bytes);
  return fingerprint === undefined || blob === undefined
    ? undefined
    : { type: tools.keyType(blob), fingerprint };
}

async function besideOf(
  { fingerprint }: ShownKey,
  { files, keyPath }: AccountKeyTools,
): Promise<string | undefined> {
  const path = pathBeside(keyPath, fingerprint);
  const bytes = await files.read(path);
  return bytes !== undefined && files.fingerprintOf(bytes) === fingerprint ? path : undefined;
}

const meanings: Readonly<Record<KeyState, string>> = {
  accepted: 'new sessions accept it',
  different: 'new sessions accept another key; `bai ssh` and `bai key fetch` get it from the first one',
  'no-local-key': 'there is no such file; `bai ssh` and `bai key fetch` get the key from a session',
  'not-a-key': 'the file is not a private key that bai can read',
  'no-account-key': 'the account has no key, and each session makes its own; `bai key rotate` gives it one',
};

export function describeKeyStatus({ state, path, local, account, beside }: KeyStatus): readonly string[] {
  return [
    `local    ${shown(local)}  ${path}`,
    `account  ${shown(account)}`,
    ...(beside === undefined ? [] : [`beside   ${beside} has the account's key`]),
    meanings[state],
  ];
}

function shown(key: ShownKey | undefined): string {
  return key === undefined ? '-' : `${key.type} ${key.fingerprint}`;
}
