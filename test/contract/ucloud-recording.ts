/** The recorded exchanges of a genuine UCloud, and how what was answered then is compared with what is answered now. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Recorded {
  readonly number: number;
  readonly what: string;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: unknown;
  };
  readonly response: {
    readonly status: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body: unknown;
  };
}

export interface RecordedFollowing {
  readonly what: string;
  readonly sent: { readonly bearer: string; readonly payload: { readonly id: string } };
  readonly received: readonly unknown[];
}

const folder = join(import.meta.dirname, '../fixtures/ucloud');

function read(file: string): unknown {
  return JSON.parse(readFileSync(join(folder, file), 'utf8'));
}

const files = readdirSync(folder).filter((file) => file.endsWith('.json'));

/** Over HTTP, in their order. */
export function recordedExchanges(): readonly Recorded[] {
  return files.flatMap((file) => {
    const recorded = read(file) as Omit<Recorded, 'number'>;
    return 'request' in recorded ? [{ ...recorded, number: Number(file.slice(0, 3)) }] : [];
  });
}

/** Over a WebSocket. */
export function recordedFollowing(): RecordedFollowing {
  const [found] = files.map((file) => read(file) as object).filter((each) => 'received' in each);
  return found as RecordedFollowing;
}

/** Numbers that a server counts for itself. */
export type IdKind = 'job' | 'key' | 'token';

/**
 * What stands now for something of then: numbers, times and ports differ, and one of then must be one and the same all the
 * way through. The rest is compared as it is.
 */
export class Likeness {
  readonly #ids = new Map<string, string>();
  readonly #times = new Map<number, number>();
  /** Those that were sent, which are in no order with what a server counts. */
  readonly #sent = new Set<number>();
  readonly #ports = new Map<string, string>();
  readonly #startedAt: number;
  readonly #recordedAt: number;

  /** `recordedAt`: what the recording's clock showed when it began. */
  constructor(recordedAt: number) {
    this.#recordedAt = recordedAt;
    this.#startedAt = Date.now();
  }

  /** A number that was never given stays what it is. */
  idNow(kind: IdKind, then: string): string {
    return this.#ids.get(`${kind} ${then}`) ?? then;
  }

  learnId(kind: IdKind, then: string, now: string): void {
    this.#ids.set(`${kind} ${then}`, now);
  }

  /** A time that is sent is as far from now as it was from then. */
  timeNow(then: number): number {
    const now = then - this.#recordedAt + this.#startedAt;
    this.#times.set(then, now);
    this.#sent.add(then);
    return now;
  }

  /** What differs, as `path: then and now`. */
  compare(then: unknown, now: unknown, kind: IdKind | undefined, path = ''): string[] {
    if (Array.isArray(then) && Array.isArray(now)) {
      const length = then.length === now.length ? [] : [`${path}: ${then.length} and ${now.length} of them`];
      return [...length, ...then.flatMap((each, at) => this.compare(each, now[at], kind, `${path}.${at}`))];
    }
    if (isFields(then) && isFields(now)) {
      const names = [...new Set([...Object.keys(then), ...Object.keys(now)])];
      const differing = names.flatMap((name) => this.compare(then[name], now[name], kind, `${path}.${name}`));
      const [timeThen, timeNow] = [lifetimeOf(then), lifetimeOf(now)];
      return timeThen === timeNow
        ? differing
        : [...differing, `${path}: lives ${timeThen} and ${timeNow} ms`];
    }
    return this.#isLike(then, now, kind, path)
      ? []
      : [`${path}: ${JSON.stringify(then)} and ${JSON.stringify(now)}`];
  }

  /** Later then is not earlier now; one port then is one port now. */
  contradictions(): string[] {
    const times = [...this.#times].filter(([then]) => !this.#sent.has(then)).sort(([a], [b]) => a - b);
    const wrong = times.filter(([, now], at) => at > 0 && now < (times[at - 1]?.[1] ?? 0));
    const ports = [...this.#ports.values()];
    return [
      ...wrong.map(([then, now]) => `time ${then} is ${now}, before the one it came after`),
      ...(new Set(ports).size < ports.length ? [`two ports are one: ${ports.join(', ')}`] : []),
    ];
  }

  #isLike(then: unknown, now: unknown, kind: IdKind | undefined, path: string): boolean {
    const name = path.slice(path.lastIndexOf('.') + 1);
    if (typeof then === 'number' && typeof now === 'number')
      return /^(createdAt|modifiedAt|startedAt|expiresAt|timestamp)$/.test(name)
        ? same(this.#times, then, now)
        : then === now;
    if (typeof then !== 'string' || typeof now !== 'string') return then === now;
    // The recording has one placeholder for the ids of all projects.
    if (then === '11111111-2222-3333-4444-555555555555') return /^[0-9a-f-]{36}$/.test(now);
    if (/<[a-z-]+>/.test(then)) return now !== '' && now !== then;
    if (
      kind !== undefined &&
      /\.(id|next)$/.test(path) &&
      /^\d+$/.test(then) &&
      !path.includes('specification')
    )
      return same(this.#ids, `${kind} ${then}`, now);
    const port = / -p (\d+)/.exec(then)?.[1];
    if (port === undefined) return then === now;
    const portNow = / -p (\d+)/.exec(now)?.[1] ?? '';
    return same(this.#ports, port, portNow) && then.replace(port, '') === now.replace(portNow, '');
  }
}

/** From the start of a job to its end. */
function lifetimeOf({ startedAt, expiresAt }: Readonly<Record<string, unknown>>): number | undefined {
  return typeof startedAt === 'number' && typeof expiresAt === 'number' ? expiresAt - startedAt : undefined;
}

function same<K, V>(known: Map<K, V>, then: K, now: V): boolean {
  if (!known.has(then)) known.set(then, now);
  return known.get(then) === now;
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
