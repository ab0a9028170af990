/** `bai key show`: the public line of a key, and the way to the clipboard. */

import type { LaunchCommand } from '../../core/desktop/open-target.ts';
import { NotFoundError } from '../../errors.ts';
import type { PublicKey, PublicKeyFacts } from '../../keys/public-key.ts';
import { type KeyToolDeps, oldPassphrase, type PassphraseSource, publicBeside } from './key-tools.ts';

export interface ShowKeyRequest {
  /** Nothing means the default key. */
  readonly path: string | undefined;
  readonly copy: boolean;
  readonly passphrase: PassphraseSource;
}

export interface ShowKeyDeps extends KeyToolDeps {
  /** The paths of the user's default keys, the first that is there is taken. */
  readonly defaultKeys: readonly string[];
  readonly clipboard: Clipboard;
}

export interface Clipboard {
  readonly programs: readonly LaunchCommand[];
  /** False when it is not there or fails. */
  feed(command: LaunchCommand, text: string): Promise<boolean>;
  /** Hands the text to the terminal of somebody who sits at another machine; nothing where there is none. */
  readonly tellTerminal: ((text: string) => void) | undefined;
}

export interface ShownKey extends PublicKeyFacts {
  readonly path: string;
  readonly publicKey: string;
  readonly comment: string;
  /** The program that took it, or `terminal`; nothing when it was not copied. */
  readonly copiedWith?: string;
}

export async function showKey(request: ShowKeyRequest, deps: ShowKeyDeps): Promise<ShownKey> {
  const path = request.path ?? (await defaultKey(deps));
  const key = await readPublicHalf(path, request.passphrase, deps);
  const publicKey = deps.formats.line(key);
  const copiedWith = request.copy ? await copy(publicKey, deps.clipboard) : undefined;
  return {
    ...{ path, publicKey, comment: key.comment },
    ...deps.formats.describe(key.blob),
    ...(copiedWith !== undefined && { copiedWith }),
  };
}

async function defaultKey({ defaultKeys, disk }: ShowKeyDeps): Promise<string> {
  for (const path of defaultKeys) {
    if (await disk.isTaken(path)) return path;
    // A private half that is only in the agent.
    if (await disk.isTaken(`${path}.pub`)) return `${path}.pub`;
  }
  throw new NotFoundError('there is no key in your ssh folder', {
    hint: '`bai key generate` makes one; or name a file: `bai key show FILE`',
    details: { looked: defaultKeys },
  });
}

async function readPublicHalf(path: string, source: PassphraseSource, deps: ShowKeyDeps): Promise<PublicKey> {
  const { bytes } = await deps.disk.read(path);
  const file = deps.formats.require(bytes, path);
  if (file.kind === 'public') return file.key;
  const beside = await publicBeside(path, deps);
  const blob = file.publicBlob ?? beside?.blob;
  if (blob !== undefined) {
    const told = file.comment || (beside?.blob.equals(blob) ? beside.comment : '');
    return { blob, comment: told };
  }
  const pair = await deps.formats.open(bytes, path, await oldPassphrase(path, source, deps));
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
