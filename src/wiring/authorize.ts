/** Joins authorized_keys of sessions to SFTP, key files and the terminal. */

import { dirname } from 'node:path';
import type { LocalInput } from '../core/local-streams.ts';
import { unlessAborted } from '../core/time-limit.ts';
import { UsageError } from '../errors.ts';
import { wholePath } from '../files/user-path.ts';
import { mostKeyBytes } from '../keys/key-text.ts';
import { requirePublic } from '../keys/public-file.ts';
import { isPrivateKeyText, publicBlobOf } from '../keys/public-half.ts';
import { leftInSession } from '../output/transfer-progress.ts';
import type { AuthorizeTools, OpenedKeys } from '../services/keys/authorize-key.ts';
import { openSftp } from '../services/sftp/open-sftp.ts';
import type { LoginKey } from '../ssh/login.ts';
import { openAuthorizedKeys } from '../transfer/remote/authorized-keys.ts';
import { questionOf } from './account-key.ts';
import { answerLimit, sshSettings } from './app-settings.ts';
import { type AppParts, openSftpTools } from './apps.ts';
import { keyReading } from './keys.ts';

export function authorizeTools(parts: AppParts): AuthorizeTools {
  return {
    ...keyReading,
    reporter: parts.reporter,
    openKeys: (session) => openKeys(session, parts),
    ask: questionOf(parts, 'yes'),
    sshFolder: dirname(sshSettings(parts.settings).keyPath),
    readFile: (path) => keyReading.readFile(wholePath(path)),
    readStdin: () => unlessAborted(readAll(parts.streams.stdin), parts.signal),
    isPrivateKey: isPrivateKeyText,
    readPublic: requirePublic,
  };
}

async function openKeys(session: string, parts: AppParts): Promise<OpenedKeys> {
  const tools = openSftpTools(parts);
  let ownKey: Uint8Array | undefined;
  const { connection } = await openSftp(session, {
    ...tools,
    keys: {
      ...tools.keys,
      async issued(...request) {
        const key = await tools.keys.issued(...request);
        ownKey = publicBlobOf(Buffer.from(key.text));
        return key;
      },
      async readOwn(path) {
        const key = await tools.keys.readOwn(path);
        ownKey = publicHalfOf(key);
        return key;
      },
    },
  });
  const keys = openAuthorizedKeys(connection, {
    signal: parts.signal,
    stallMs: answerLimit(parts.settings),
    onLeft: (path) => parts.reporter.warn(leftInSession([path])),
    waitingForServer: (ms) => parts.reporter.wait(`waiting for the file server of session ${session}`, ms),
    waiting: () => parts.reporter.info('waiting for another command that changes authorized_keys'),
  });
  return { ...keys, ownKey: ownKey ?? new Uint8Array() };
}

/** Nothing where it is not known which of several keys will be taken. */
function publicHalfOf(key: LoginKey): Uint8Array | undefined {
  if ('unlocked' in key) return key.unlocked.getPublicSSH();
  return key instanceof Uint8Array ? publicBlobOf(key) : undefined;
}

async function readAll(stdin: LocalInput): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > mostKeyBytes) throw new UsageError('what came from stdin is too large to be a key');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
