/** Joins key files, the agent, the clipboard and the account's key for `bai key`. */

import { hostname, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { readSecretLine, secretLines } from '../config/read-secret.ts';
import type { Environment, ProcessFacts } from '../context.ts';
import { clipboardPrograms, isOverSsh, osc52 } from '../core/desktop/clipboard.ts';
import { personalKeyNames } from '../core/keys/key-names.ts';
import type { Reporter } from '../core/reporter.ts';
import { requireFeature } from '../core/session/features.ts';
import type { Provider } from '../core/session/provider.ts';
import type { Settings } from '../core/settings/settings.ts';
import { openSshPipe } from '../core/ssh/agent-paths.ts';
import { removeKeyFile, stageKeyFile, tightenKeyFolder } from '../keys/key-file.ts';
import { inspectKey, openKey, requireForm, requireKey, writeKey } from '../keys/key-formats.ts';
import { makePair } from '../keys/make-pair.ts';
import { publicBlobOf } from '../keys/public-half.ts';
import { describePublicKey, fingerprintOf, type PublicKey, publicLine } from '../keys/public-key.ts';
import { findUserKey, isReplaceable, isTaken, listKeyPaths, readUserKey } from '../keys/read-key.ts';
import type { Clipboard, KeyFormats, KeyReading, KeyTools, Passphrases } from '../services/keys/key-tools.ts';
import { listAgentKeys } from '../ssh/agent.ts';
import { keyType } from '../ssh/files/known-hosts.ts';
import { feed } from '../ssh/programs.ts';
import { sshSettings } from './app-settings.ts';
import type { UserSsh } from './user-ssh.ts';

type Streams = Pick<ProcessFacts, 'stdin' | 'stderr' | 'environment' | 'signal'>;

interface KeyParts {
  readonly settings: Settings;
  readonly reporter: Reporter;
  readonly userSsh: UserSsh;
  /** Asked for only when the list wants to know what the account has. */
  readonly provider: () => Promise<Provider>;
}

export const keyFormats: KeyFormats = {
  inspect: inspectKey,
  require: requireKey,
  open: openKey,
  requireForm,
  write: writeKey,
  describe: describePublicKey,
  line: publicLine,
};

export const keyReading: KeyReading = {
  readFile: async (path) => (await findUserKey(path))?.bytes,
  publicHalf: publicBlobOf,
  fingerprint: fingerprintOf,
  keyType,
};

export function keyTools({ settings, reporter, provider, userSsh }: KeyParts, facts: Streams): KeyTools {
  const { environment, signal } = facts;
  const { keyPath, identity } = sshSettings(settings);
  const folder = dirname(keyPath);
  return {
    ...{ makePair, signal, formats: keyFormats },
    disk: {
      ...{ read: readUserKey, isTaken, isReplaceable, stage: stageKeyFile, remove: removeKeyFile },
      // Any other folder may be shared on purpose.
      tightenFolder: async (path) => (dirname(path) === folder ? tightenKeyFolder(folder) : undefined),
    },
    own: {
      ...{ folder, identity },
      defaults: [...personalKeyNames, 'id_container'].map((name) => join(folder, name)),
      comment: defaultComment(environment),
      paths: async () => [...new Set([...(await listKeyPaths(folder)), ...(identity ? [identity] : [])])],
      ofAgent: () => agentKeys(userSsh, environment),
      ofAccount:
        settings.endpoint.value === undefined
          ? undefined
          : async (until) => requireFeature(await provider(), 'accountKey').read(until),
    },
    passphrases: passphrases(facts),
    warn: (message) => reporter.warn(message),
    clipboard: clipboard(facts),
  };
}

/** Nothing where there is no agent. */
async function agentKeys(
  userSsh: UserSsh,
  environment: Environment,
): Promise<readonly PublicKey[] | undefined> {
  const [agent] = await userSsh.agents();
  if (agent === undefined) return undefined;
  try {
    return await listAgentKeys(agent);
  } catch (error) {
    if (agent !== openSshPipe || environment['SSH_AUTH_SOCK']) throw error;
    return undefined;
  }
}

function passphrases(facts: Streams): Passphrases {
  return {
    isTerminal: facts.stdin.isTTY === true,
    ask: async (prompt) => Buffer.from(await readSecretLine(prompt, facts)),
    nextLine: secretLines(facts),
  };
}

function clipboard({ stderr, environment, signal }: Streams): Clipboard {
  const reachesTerminal = isOverSsh(environment) && stderr.isTTY === true;
  return {
    programs: clipboardPrograms({ platform: process.platform, environment }),
    feed: (command, text) => feed({ ...command, text, environment, signal }),
    tellTerminal: reachesTerminal ? (text) => void stderr.write(osc52(text)) : undefined,
  };
}

function defaultComment(environment: Environment): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    // A user without a name, as in some containers.
    return `${environment['USER'] || 'user'}@${hostname()}`;
  }
}
