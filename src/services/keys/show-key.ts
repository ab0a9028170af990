/** `bai key show`: the public line of a key, and the way to the clipboard. */

import { NotFoundError } from '../../errors.ts';
import type { PublicKey, PublicKeyFacts } from '../../keys/public-key.ts';
import {
  type Clipboard,
  type KeyTools,
  oldPassphrase,
  type PassphraseSource,
  publicBeside,
} from './key-tools.ts';

interface ShowKeyRequest {
  /** Nothing means the default key. */
  readonly path: string | undefined;
  readonly copy: boolean;
  readonly passphrase: PassphraseSource;
}

interface ShownKey extends PublicKeyFacts {
  readonly path: string;
  readonly publicKey: string;
  readonly comment: string;
  /** The program that took it, or `terminal`; nothing when it was not copied. */
  readonly copiedWith?: string;
}

export async function showKey(request: ShowKeyRequest, tools: KeyTools): Promise<ShownKey> {
  const path = request.path ?? (await defaultKey(tools));
  const key = await readPublicHalf(path, request.passphrase, tools);
  const publicKey = tools.formats.line(key);
  const copiedWith = request.copy ? await copy(publicKey, tools.clipboard) : undefined;
  return {
    ...{ path, publicKey, comment: key.comment },
    ...tools.formats.describe(key.blob),
    ...(copiedWith !== undefined && { copiedWith }),
  };
}

async function defaultKey({ own, disk }: KeyTools): Promise<string> {
  for (const path of own.defaults) {
    if (await disk.isTaken(path)) return path;
    // A private half that is only in the agent.
    if (await disk.isTaken(`${path}.pub`)) return `${path}.pub`;
  }
  throw new NotFoundError('there is no key in your ssh folder', {
    hint: '`bai key generate` makes one; or name a file: `bai key show FILE`',
    details: { looked: own.defaults },
  });
}

async function readPublicHalf(path: string, source: PassphraseSource, tools: KeyTools): Promise<PublicKey> {
  const { bytes } = await tools.disk.read(path);
  const file = tools.formats.require(bytes, path);
  if (file.kind === 'public') return file.key;
  const beside = await publicBeside(path, tools);
  const blob = file.publicBlob ?? beside?.blob;
  if (blob !== undefined) {
    const told = file.comment || (beside?.blob.equals(blob) ? beside.comment : '');
    return { blob, comment: told };
  }
  const pair = await tools.formats.open(bytes, path, await oldPassphrase(path, source, tools));
  return { blob: pair.publicBlob, comment: pair.comment };
}

async function copy(text: string, clipboard: Clipboard): Promise<string | undefined> {
  const { programs, tellTerminal } = clipboard;
  if (tellTerminal !== undefined) {
    tellTerminal(text);
    return 'terminal';
  }
  for (const command of programs) if (await clipboard.feed(command, text)) return command.program;
  return undefined;
}
