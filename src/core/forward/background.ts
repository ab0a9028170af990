/** What processes of forwards in the background write down, and say to who asks. */

import type { ForwardFacts, ForwardListener, ForwardStatus } from './status.ts';

/** Of one process; without secrets. */
export interface ForwardRecord extends ForwardFacts {
  /** What was asked for, as `wishText` has it, in order. */
  readonly specs: readonly string[];
  /** See `ProcessIdentity`. */
  readonly owner: {
    readonly host: string;
    readonly space: string;
    readonly pid: number;
    readonly started: string;
  };
  /** ISO 8601. */
  readonly startedAt: string;
  /** Where it is asked: a socket, or a named pipe; empty until it listens. */
  readonly control: string;
  readonly ended?: ForwardEnd;
}

export interface ForwardEnd {
  /** ISO 8601. */
  readonly at: string;
  readonly reason: string;
  readonly code?: string;
}

/** What the new process tells the one that has started it. */
export type BackgroundAnswer =
  | {
      /** `already`: another one has the same ports of the session open, and goes on. */
      readonly kind: 'started' | 'already';
      readonly facts: ForwardFacts;
      /** Apps of the session that were not asked for. */
      readonly others: readonly string[];
    }
  | {
      readonly kind: 'failed';
      readonly error: {
        readonly message: string;
        readonly code: string;
        readonly exitCode: number;
        readonly hint?: string;
        readonly details: Readonly<Record<string, unknown>>;
      };
    };

export type ControlRequest = 'status' | 'stop';

export type ControlAnswer =
  | { readonly kind: 'stopping' }
  | {
      readonly kind: 'status';
      readonly status: ForwardStatus;
      /** With their secrets. */
      readonly listeners: readonly ForwardListener[];
    };

/** Not for a file. */
export function withoutSecret({ url, ...listener }: ForwardListener): ForwardListener {
  if (url === undefined) return listener;
  return { ...listener, url: url.replace(/\?.*$/s, '') };
}

/** A free name for one more: that of the session, or with a number. */
export function freeName(wanted: string, taken: ReadonlySet<string>): string {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? wanted : `${wanted}-${number}`;
    if (!taken.has(name)) return name;
  }
}
