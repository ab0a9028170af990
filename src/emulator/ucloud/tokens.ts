/** API tokens: bound to one user in one workspace, which no header changes. */

import { randomBytes } from 'node:crypto';
import type { Accounts, Actor } from './accounts.ts';
import { badRequest, forbidden } from './problem.ts';
import { ownerOf, permissions, type ResourceIds } from './resource.ts';

export interface StoredToken {
  readonly id: number;
  readonly actor: Actor;
  readonly secret: string;
  readonly title: string;
  readonly description: string;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** How long one that was used counts as valid, whatever became of it. */
const cachedMs = 60_000;

export class Tokens {
  readonly #accounts: Accounts;
  readonly #ids: ResourceIds;
  readonly #server: () => string;
  readonly #stored = new Map<number, StoredToken>();
  readonly #cached = new Map<string, { readonly actor: Actor; readonly until: number }>();

  /** `server`: where this UCloud is. */
  constructor(accounts: Accounts, ids: ResourceIds, server: () => string) {
    this.#accounts = accounts;
    this.#ids = ids;
    this.#server = server;
  }

  issue(actor: Actor, facts: Partial<Omit<StoredToken, 'id' | 'actor'>> = {}): StoredToken {
    const token: StoredToken = {
      id: this.#ids.next(),
      actor,
      secret: randomBytes(24).toString('hex'),
      title: 'token',
      description: '',
      createdAt: Date.now(),
      expiresAt: Date.now() + 365 * 86_400_000,
      ...facts,
    };
    this.#stored.set(token.id, token);
    return token;
  }

  /** For somebody whose bearer begins with `uc`. */
  actorOf(bearer: string): Actor {
    const [, id, secret] = /^uc([^-]*)-([^-]*)$/.exec(bearer) ?? [];
    if (id === undefined || !/^[0-9a-f]{1,15}$/i.test(id)) throw forbidden('invalid token supplied');
    const cached = this.#cached.get(bearer);
    if (cached !== undefined && cached.until > Date.now()) return cached.actor;
    const token = this.#stored.get(Number.parseInt(id, 16));
    if (token === undefined || token.secret !== secret || token.expiresAt < Date.now()) throw forbidden();
    const { user, project } = token.actor;
    if (project !== undefined && !this.#accounts.projectsOf(user).includes(project)) throw forbidden();
    this.#cached.set(bearer, { actor: token.actor, until: Date.now() + cachedMs });
    return token.actor;
  }

  create(actor: Actor, asked: Readonly<Record<string, unknown>>): unknown {
    const { title = '', description = '', requestedPermissions, expiresAt } = asked;
    if (typeof title !== 'string' || title.trim() === '') throw badRequest('title must not be empty');
    if (typeof expiresAt !== 'number' || expiresAt < Date.now())
      throw badRequest('requested token has already expired');
    const [permission] = Array.isArray(requestedPermissions) ? requestedPermissions : [];
    if (permission !== undefined)
      throw badRequest(`invalid token requested, ${permission.name} is not available`);
    const token = this.issue(actor, { title, description: String(description), expiresAt });
    return this.#shown(token, { myself: [], others: [] }, bearerOf(token));
  }

  /** By title; those of one title newest first. */
  browse(actor: Actor): readonly unknown[] {
    const own = [...this.#stored.values()].filter(
      (token) => token.actor.project === actor.project && token.actor.user === actor.user,
    );
    const sorted = own.sort((a, b) => a.title.localeCompare(b.title, 'en') || b.id - a.id);
    return sorted.map((token) => this.#shown(token, permissions, null));
  }

  revoke(actor: Actor, id: string): void {
    const token = this.#stored.get(Number(id));
    if (token === undefined || token.actor.user !== actor.user)
      throw forbidden('write permission is required');
    this.#stored.delete(token.id);
  }

  /** Ones that were used lately are no longer taken for valid. */
  forget(): void {
    this.#cached.clear();
  }

  #shown(token: StoredToken, shownPermissions: unknown, secret: string | null): unknown {
    const { id, createdAt, title, description, expiresAt } = token;
    return {
      ...{ id: String(id), createdAt, owner: ownerOf(token.actor), permissions: shownPermissions },
      specification: { title, description, provider: null, requestedPermissions: [], expiresAt },
      status: { token: secret, server: this.#server() },
    };
  }
}

export function bearerOf({ id, secret }: Pick<StoredToken, 'id' | 'secret'>): string {
  return `uc${id.toString(16)}-${secret}`;
}
