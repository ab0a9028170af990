/** What the file server of a session is asked along with its greeting, before it has answered anything. */

export interface LookAhead {
  /** Paths in the session of which is asked what they are. */
  readonly paths: readonly string[];
  /** A file to make for what will be written. */
  readonly part?: NewPart | undefined;
}

/** A file that is made only where nothing has its name, so that it harms nothing. */
export interface NewPart {
  readonly path: string;
  /** Bits of the open request on the wire. */
  readonly flags: number;
  readonly mode: number;
}
