/** SSH public keys: of a user, not of a project. Only the first word is looked at, and the same key is taken twice. */

import type { UcloudUser } from './accounts.ts';
import { badRequest, Refusal } from './problem.ts';
import { itemsPerPage, type Page, textOf } from './resource.ts';

interface StoredKey {
  readonly id: number;
  readonly owner: string;
  readonly createdAt: number;
  readonly title: string;
  readonly key: string;
}

const prefixes = [
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'sk-ecdsa-sha2-nistp256@openssh.com',
  'sk-ssh-ed25519@openssh.com',
  'ssh-ed25519',
  'ssh-rsa',
];

export class Keys {
  #stored: StoredKey[] = [];
  #lastId = 0;

  of(username: string): readonly StoredKey[] {
    return this.#stored.filter(({ owner }) => owner === username);
  }

  /** All of them or none. */
  add(
    { username }: UcloudUser,
    items: readonly { readonly title?: unknown; readonly key?: unknown }[],
  ): string[] {
    const keys = items.map(({ title, key }) => ({
      title: textOf(title),
      key: textOf(key).trim(),
    }));
    if (keys.some(({ key }) => !prefixes.some((prefix) => key.startsWith(prefix))))
      throw badRequest('not a valid ssh key');
    return keys.map((each) => {
      this.#lastId += 1;
      this.#stored.push({ id: this.#lastId, owner: username, createdAt: Date.now(), ...each });
      return String(this.#lastId);
    });
  }

  retrieve({ username }: UcloudUser, id: string): unknown {
    if (!/^\d+$/.test(id)) throw badRequest('invalid SSH key id');
    const found = this.of(username).find((each) => each.id === Number(id));
    if (found === undefined) throw new Refusal(404, 'SSH key does not exist');
    return shownKey(found);
  }

  /** A full page has a `next`, even when nothing comes after it. */
  browse({ username }: UcloudUser, query: URLSearchParams): Page<unknown> {
    const size = itemsPerPage(query.get('itemsPerPage') ?? undefined);
    const next = query.get('next') || '0';
    if (!/^\d+$/.test(next)) throw new Refusal(500, 'internal error');
    const items = this.of(username)
      .filter(({ id }) => id > Number(next))
      .slice(0, size);
    const last = items.at(-1);
    return {
      items: items.map(shownKey),
      itemsPerPage: size,
      next: items.length >= size && last ? String(last.id) : null,
    };
  }

  /** Those of others and those that are not there are passed over. */
  remove({ username }: UcloudUser, ids: readonly string[]): void {
    this.#stored = this.#stored.filter(({ id, owner }) => owner !== username || !ids.includes(String(id)));
  }
}

function shownKey({ id, owner, createdAt, title, key }: StoredKey): unknown {
  return { id: String(id), owner, createdAt, fingerprint: '', specification: { title, key } };
}
