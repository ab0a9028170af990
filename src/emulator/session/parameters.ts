/** Reads a request's parameters from the place its release looks at (generations A, B and C). */

import { parseJson } from '../../core/text/json.ts';
import { invalidField, invalidParams, malformedBody } from '../model/problems.ts';
import type { ReleaseBehaviour } from '../model/release.ts';
import type { Exchange } from './exchange.ts';

type Place = 'query' | 'body';

/** `place` is where generation C looks; A and B follow their own rule. */
export function readParameters(
  exchange: Exchange,
  behaviour: ReleaseBehaviour,
  place: Place,
): RequestParameters {
  const values = usesQuery(exchange, behaviour, place)
    ? queryValues(exchange.query, behaviour.generation === 'C')
    : bodyValues(exchange, behaviour);
  return new RequestParameters(values, behaviour);
}

export class RequestParameters {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #behaviour: ReleaseBehaviour;

  constructor(values: Readonly<Record<string, unknown>>, behaviour: ReleaseBehaviour) {
    this.#values = values;
    this.#behaviour = behaviour;
  }

  /** Generations A and B refuse keys they do not know; C ignores them. */
  allowOnly(names: Iterable<string>): this {
    if (this.#behaviour.generation === 'C') return this;
    const known = new Set(names);
    const strange = Object.keys(this.#values).filter((name) => !known.has(name));
    if (strange.length === 0) return this;
    const data = Object.fromEntries(strange.map((name) => [name, `${name} is not allowed key`]));
    throw invalidParams('Input validation error', data);
  }

  /** The value of the first name that has one; null counts as absent. */
  value(...names: readonly string[]): unknown {
    for (const name of names) {
      const value = this.#values[name];
      if (value !== undefined && value !== null) return value;
    }
    return undefined;
  }

  text(...names: readonly string[]): string | undefined {
    const value = this.value(...names);
    if (value === undefined) return undefined;
    const single: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value;
    if (typeof single !== 'string')
      throw invalidField(this.#behaviour, names[0] ?? '', 'value is not a string');
    return single;
  }

  requiredText(...names: readonly string[]): string {
    const value = this.text(...names);
    if (value === undefined) throw invalidField(this.#behaviour, names[0] ?? '', 'is required');
    return value;
  }

  /** A list of texts; a single value counts as a list of one. */
  requiredTexts(name: string): readonly string[] {
    const value = this.value(name);
    if (value === undefined) throw invalidField(this.#behaviour, name, 'is required');
    const list: readonly unknown[] = Array.isArray(value) ? value : [value];
    return list.map((item) => {
      if (typeof item !== 'string') throw invalidField(this.#behaviour, name, 'value is not a string');
      return item;
    });
  }

  integer(fallback: number, ...names: readonly string[]): number {
    const value = this.value(...names);
    if (value === undefined) return fallback;
    const number = Number(value);
    if (!Number.isInteger(number))
      throw invalidField(this.#behaviour, names[0] ?? '', "value can't be converted to int");
    return number;
  }

  flag(fallback: boolean, ...names: readonly string[]): boolean {
    const value = this.value(...names);
    if (value === undefined) return fallback;
    if (typeof value === 'boolean') return value;
    const text = typeof value === 'string' ? value.toLowerCase() : JSON.stringify(value);
    return ['true', 't', 'yes', 'y', 'on', '1'].includes(text);
  }
}

/** The body as a JSON object; anything else is the malformed-body problem. */
export function bodyValues(exchange: Exchange, behaviour: ReleaseBehaviour): Record<string, unknown> {
  const problem = () =>
    malformedBody(
      behaviour,
      exchange.method,
      `http://${exchange.request.headers.host}${exchange.request.url}`,
    );
  const value = parseJson(exchange.body.toString('utf8'));
  if (value === undefined || typeof value !== 'object' || value === null || Array.isArray(value))
    throw problem();
  return { ...value };
}

function usesQuery(exchange: Exchange, behaviour: ReleaseBehaviour, place: Place): boolean {
  if (behaviour.generation === 'C') return place === 'query';
  if (behaviour.generation === 'B') {
    const queryOnly = behaviour.atLeast('24.03') ? ['GET', 'HEAD'] : ['GET', 'HEAD', 'DELETE'];
    if (queryOnly.includes(exchange.method)) return true;
  }
  return exchange.body.length === 0;
}

/** Old releases see only the first of several values of one name. */
function queryValues(query: URLSearchParams, keepAll: boolean): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const name of new Set(query.keys())) {
    const all = query.getAll(name);
    values[name] = keepAll && all.length > 1 ? all : all[0];
  }
  return values;
}
