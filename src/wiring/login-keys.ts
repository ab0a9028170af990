/** Joins key files, the SSH agent and the terminal for the services that log in. */

import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { findOwnPaths } from '../config/paths.ts';
import { readSecretLine } from '../config/read-secret.ts';
import { requireFeature } from '../core/session/features.ts';
import type { Settings } from '../core/settings/settings.ts';
import { agentAdd } from '../core/text/typed.ts';
import { BaiError, DeniedError, NotFoundError, systemCode } from '../errors.ts';
import { readNamedFile } from '../files/named-file.ts';
import { authorizedFingerprints } from '../keys/authorized-keys.ts';
import {
  createKeyFile,
  readKeyFile,
  tightenKeyFile,
  tightenKeyFolder,
  writeKeyFile,
} from '../keys/key-file.ts';
import { openKeyLedger } from '../keys/key-ledger.ts';
import { mostKeyBytes } from '../keys/key-text.ts';
import {
  checkForSsh,
  hasPassphrase,
  type PrivateKey,
  readIssuedKey,
  readOwnKey,
  unlockOwnKey,
} from '../keys/private-key.ts';
import { publicBlobOf } from '../keys/public-half.ts';
import { fingerprintOf } from '../keys/public-key.ts';
import type { KeyFiles } from '../services/keys/save-key.ts';
import type { LoginKeys, SshSettings } from '../services/ssh/ssh-tools.ts';
import { openAgentLogin } from '../ssh/agent-keys.ts';
import type { LockedKey, LoginKey, OwnKey, UnlockedKey } from '../ssh/login.ts';
import { canSshRead, type KeyCheckOptions } from '../ssh/openssh/key-check.ts';
import { addToAgent } from '../ssh/openssh/ssh-add.ts';
import { answerLimit } from './app-settings.ts';
import type { AppParts } from './apps.ts';
import { lockWait } from './lock-wait.ts';

export function loginKeys(parts: AppParts, settings: SshSettings): LoginKeys {
  const { provider, environment, reporter, signal, userSsh } = parts;
  const answerMs = answerLimit(parts.settings);
  // A run may log in several times, and nobody wants to type a passphrase for each.
  const read = new Map<string, Promise<LoginKey>>();
  return {
    files: keyFilesFor(dirname(settings.keyPath)),
    ledger: openKeyLedger(findOwnPaths(environment).keyLedger, accountOf(parts.settings), lockWait(parts)),
    warn: (message) => reporter.warn(message),
    async issued(session, until) {
      const { file, read: readIssued } = requireFeature(provider, 'issuedKey');
      return readIssuedKey(await readIssued(session, until), `the ${file} of session ${session.name}`);
    },
    async authorized(session, until) {
      const { read: readFile } = requireFeature(provider, 'files');
      return authorizedFingerprints(await readFile(session, '.ssh/authorized_keys', until));
    },
    checkOwn: (path) => checkOwnKey(path, { environment, signal }),
    isForSsh: (path) => isForSsh(path, signal),
    readOwn(path) {
      const key = read.get(path) ?? readAndUnlock(path, parts);
      read.set(path, key);
      return key;
    },
    async ofAgent() {
      using _shown = reporter.wait('waiting for the SSH agent', answerMs);
      return await openAgentLogin(await userSsh.agents(), { signal, answerMs });
    },
    usual: () => readDefaultKeys(dirname(settings.keyPath), signal),
    async addToAgent({ text }) {
      using _shown = reporter.wait('waiting for the SSH agent to take the key', answerMs);
      const [agent] = await userSsh.agents();
      const lifetime = settings.keyLifetime;
      await addToAgent({ key: text, lifetime, agent, environment, signal, answerMs });
    },
  };
}

/** What the ids of sessions are of. A token is a secret: its digest names it. */
export function accountOf({ provider, endpoint, accessKey, token }: Settings): string {
  if (token.value === undefined) return `${accessKey.value ?? ''} ${endpoint.value ?? ''}`;
  const digest = createHash('sha256').update(token.value).digest('hex').slice(0, 16);
  return `${provider.value} ${digest} ${endpoint.value ?? ''}`;
}

/** Throws for a key file that nobody can log in with: ssh would only say that it was denied. */
async function checkOwnKey(path: string, options: KeyCheckOptions): Promise<void> {
  const bytes = await readOwnFile(path, options.signal);
  checkForSsh(bytes, path);
  try {
    readOwnKey(bytes, path);
  } catch (error) {
    const isUnknown = error instanceof BaiError && error.code === 'key-unusable';
    if (!isUnknown || (!hasPassphrase(bytes) && !(await canSshRead(path, options)))) throw error;
  }
}

/** A key with a passphrase, and kinds that the builtin client does not know, are ssh's to open. */
async function isForSsh(path: string, signal: AbortSignal): Promise<boolean> {
  try {
    await readOwn(path, signal);
    return false;
  } catch (error) {
    if (!(error instanceof BaiError) || error.code !== 'key-unusable') throw error;
    return true;
  }
}

async function readOwn(path: string, signal: AbortSignal): Promise<PrivateKey> {
  return readOwnKey(await readOwnFile(path, signal), path);
}

async function readOwnFile(path: string, signal: AbortSignal): Promise<Uint8Array> {
  try {
    return await readNamedFile(path, { mostBytes: mostKeyBytes, thing: 'any key', signal });
  } catch (cause) {
    if (systemCode(cause) !== 'ENOENT') throw cause;
    throw new NotFoundError(`the key ${path} does not exist`, { hint: 'check --identity', cause });
  }
}

/** As often as ssh asks. */
const mostQuestions = 3;

async function readAndUnlock(path: string, { streams, signal }: AppParts): Promise<LoginKey> {
  const bytes = await readOwnFile(path, signal);
  if (!hasPassphrase(bytes) || !streams.stdin.isTTY || !streams.stderr.isTTY) {
    return Buffer.from(readOwnKey(bytes, path).text);
  }
  for (let asked = 0; asked < mostQuestions; asked += 1) {
    const passphrase = await readSecretLine(`Passphrase of ${path}: `, { ...streams, signal });
    if (passphrase === '') break;
    const opened: UnlockedKey | undefined = unlockOwnKey(bytes, passphrase, path);
    if (opened !== undefined) return opened;
  }
  throw new DeniedError(`${path} was not opened: that is not its passphrase`, {
    code: 'wrong-passphrase',
    hint: `run the same command again, or give the key to the agent with \`${agentAdd()}\` and use --identity agent`,
  });
}

/** In ssh's order. */
const defaultNames = ['id_rsa', 'id_ecdsa', 'id_ed25519'] as const;

async function readDefaultKeys(folder: string, signal: AbortSignal): ReturnType<LoginKeys['usual']> {
  const files: OwnKey[] = [];
  const locked: LockedKey[] = [];
  for (const path of defaultNames.map((name) => join(folder, name))) {
    try {
      const { text, fingerprint } = await readOwn(path, signal);
      files.push({ path, key: Buffer.from(text), fingerprint });
    } catch (error) {
      if (error instanceof BaiError && error.code === 'key-unusable')
        locked.push({ path, fingerprint: await publicFingerprint(path, signal) });
      else if (!(error instanceof BaiError) && systemCode(error) === undefined) throw error;
    }
  }
  return { files, locked };
}

async function publicFingerprint(path: string, signal: AbortSignal): Promise<string | undefined> {
  const blob = publicBlobOf(await readOwnFile(path, signal));
  return blob === undefined ? undefined : fingerprintOf(blob);
}

/** Only the user's own ssh folder is ever repaired; a folder of --output may be shared on purpose. */
export const keyFilesFor = (sshFolder: string): KeyFiles => ({
  read: readKeyFile,
  write: writeKeyFile,
  create: createKeyFile,
  tightenFolder: async (path) => (dirname(path) === sshFolder ? tightenKeyFolder(sshFolder) : undefined),
  tighten: tightenKeyFile,
  fingerprintOf(bytes) {
    try {
      return readIssuedKey(bytes, 'the file').fingerprint;
    } catch (error) {
      if (error instanceof BaiError) return undefined;
      throw error;
    }
  },
});
