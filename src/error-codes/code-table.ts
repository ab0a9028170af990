/** The codes of one section of docs/exit-codes.md. */

interface CodeRow {
  /** Text: some depend on where it happened. */
  readonly status: string;
  readonly meaning: string;
}

export type CodeTable = Readonly<Record<string, CodeRow>>;
