/** What plain ssh needs to know of a host name: two small files for each, named after it. */

import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { noneIfMissing } from '../../core/undefined-if-missing.ts';
import { removeFile, removeTree } from '../../files/held-files.ts';
import { readOwnFile, replaceOwnFile, replaceOwnHardLink, replaceOwnLink } from '../../files/own-file.ts';
import { keyType } from './known-hosts-lines.ts';

export interface HostFacts {
  readonly sessionId: string;
  /** The name that ssh looks the keys up under. */
  readonly alias: string;
  /** Those pinned for the session id. */
  readonly hostKeys: readonly Uint8Array[];
  /** Differs when the file of the session's private key does; a key of the user's own has none. */
  readonly keyStamp: string | undefined;
}

/** `host` must be free of `/`; who asks has checked that. */
export interface HostFiles {
  /** Whether the files are there, and those of this session with these keys. */
  areCurrent(host: string, facts: HostFacts): Promise<boolean>;
  /** Where the session's private key is when ssh would not find it by itself. */
  keyOf(host: string): Promise<string | undefined>;
  /** Replaces what another session of the same name has left. `key` is one that ssh would not find by itself. */
  write(host: string, facts: HostFacts, key: string | undefined): Promise<void>;
  remove(): Promise<void>;
}

/** One file for each name, never read and then changed: of two connections at once the last one stays, so none has to lock. */
export function openHostFiles(folder: string, platform: NodeJS.Platform = process.platform): HostFiles {
  const links = platform === 'win32' ? hardLinks : symbolicLinks;
  return {
    async areCurrent(host, facts) {
      return (await readOwnFile(join(folder, host))) === knownHostsText(facts);
    },
    keyOf: (host) => links.read(join(folder, `${host}.key`)),
    async write(host, facts, key) {
      const link = join(folder, `${host}.key`);
      if (key === undefined) await links.remove(link);
      else await links.replace(link, key);
      await replaceOwnFile(join(folder, host), knownHostsText(facts));
    },
    remove: () => removeTree(folder),
  };
}

/** How ssh finds a key under another name, and bai where it is. */
interface KeyLinks {
  read(path: string): Promise<string | undefined>;
  replace(path: string, key: string): Promise<void>;
  remove(path: string): Promise<void>;
}

const symbolicLinks: KeyLinks = {
  read: (path) => readlink(path).catch(noneIfMissing),
  replace: replaceOwnLink,
  remove: removeFile,
};

/** Windows lets administrators alone make symbolic links. A hard one does not tell what it is another name of, so a file beside it does. */
const hardLinks: KeyLinks = {
  read: (path) => readOwnFile(`${path}-path`),
  async replace(path, key) {
    await replaceOwnHardLink(path, key);
    await replaceOwnFile(`${path}-path`, key);
  },
  async remove(path) {
    await removeFile(`${path}-path`);
    await removeFile(path);
  },
};

/** What the file was made for stands where known_hosts has its comment. */
function knownHostsText({ sessionId, alias, hostKeys, keyStamp }: HostFacts): string {
  const comment = keyStamp === undefined ? sessionId : `${sessionId} ${keyStamp}`;
  return hostKeys
    .map((key) => `${alias} ${keyType(key)} ${Buffer.from(key).toString('base64')} ${comment}\n`)
    .join('');
}
