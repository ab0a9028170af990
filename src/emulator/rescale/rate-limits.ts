/** How often an account may ask in an hour, by what it asks for. */

import type { RescaleAccount } from './accounts.ts';
import { type Refused, refused } from './refusals.ts';

export type Scope = 'v3' | 'jobs' | 'submit' | 'other';

/** As the vendor's own client counts them. */
const usualLimits: Readonly<Record<Scope, number>> = {
  v3: 7_200,
  jobs: 90_000,
  submit: 1_000,
  other: 90_000,
};

const hourMs = 3_600_000;

/** A bucket for each account and scope that holds `limits` requests and fills up again within an hour. */
export class RateLimits {
  readonly #limits: Readonly<Record<Scope, number>>;
  readonly #buckets = new Map<string, { left: number; at: number }>();

  constructor(limits: Partial<Readonly<Record<Scope, number>>> = {}) {
    this.#limits = { ...usualLimits, ...limits };
  }

  /** Throws a refusal with status 429 and `Retry-After` when there have been too many. */
  take({ email }: RescaleAccount, method: string, path: string): void {
    const scope = scopeOf(method, path);
    const limit = this.#limits[scope];
    const now = Date.now();
    const name = `${scope} ${email}`;
    const bucket = this.#buckets.get(name) ?? { left: limit, at: now };
    const left = Math.min(limit, bucket.left + ((now - bucket.at) / hourMs) * limit);
    this.#buckets.set(name, { left: left < 1 ? left : left - 1, at: now });
    if (left < 1) throw throttled(Math.ceil(((1 - left) / limit) * (hourMs / 1000)));
  }
}

function scopeOf(method: string, path: string): Scope {
  if (method === 'POST' && path.endsWith('/submit/')) return 'submit';
  if (path.startsWith('/api/v3/')) return 'v3';
  return path.startsWith('/api/v2/jobs/') ? 'jobs' : 'other';
}

function throttled(seconds: number): Refused {
  const detail = `Request was throttled. Expected available in ${seconds} seconds.`;
  return refused(429, detail, { 'Retry-After': String(seconds) });
}
