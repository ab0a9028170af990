/** How a platform's sessions are listed and shown: its columns, its fields, its words. */

import type { Column } from '../reporter.ts';
import type { SessionDetails, SessionSummary } from './session.ts';

export interface SessionListing {
  /** What `bai session create` is given, e.g. `IMAGE`. */
  readonly subject?: string;
  /** Every word that `--status` takes; the states of the platform in the order in which a session passes them. */
  readonly statuses: readonly string[];
  readonly columns: readonly SessionColumn[];
  /** A cell for each column, at the time `now` (ms). */
  row(this: void, session: SessionSummary, now: number): readonly (string | undefined)[];
  /** What `--json` has of a session in lists, beside the fields of the columns. */
  readonly fields?: readonly string[];
  /** Other words for fields, in small letters and without `-`: those of the platform's own clients. */
  readonly fieldWords?: Readonly<Record<string, string>>;
  /** Names and values, of which those without a value are left out. */
  facts(this: void, session: SessionDetails): readonly (readonly [string, string])[];
  /** Why it is in its state. */
  reasonOf(this: void, session: SessionDetails): string;
  /** Why a text is not a valid session name. */
  nameProblem(this: void, name: string): string | undefined;
}

export interface SessionColumn extends Column {
  /** The field of `--json` that it tells of: what it is sorted and filtered by. */
  readonly field: string;
  /** It changes as time goes by, and the session does not. */
  readonly ticks?: boolean;
  /** It grows as the field gets smaller, as an age does. */
  readonly isReversed?: boolean;
  /** Shown when it is asked for, and with the sessions of all users. */
  readonly onlyWith?: 'all-users';
}
