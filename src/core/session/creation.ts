/** What is known about a session before it is created. */

import type { CreateRequest } from './provider.ts';

/** What would be created, after everything was checked. A provider adds what it knows beyond that, for `--json`. */
export interface CreatePlan {
  /** Nothing where the platform gives it one, or none. */
  readonly name?: string | undefined;
  /** What it is made from, by its whole name. */
  readonly image: string;
  /** For people: names and values, of which those without a value are left out. */
  readonly facts: readonly (readonly [string, string])[];
}

export interface Likeness {
  /** Without a name: that is the session's own. */
  readonly request: CreateRequest;
  /** What the platform does not tell of the session, for people. */
  readonly unknown: readonly string[];
}
