/** Questions to somebody at a terminal. `src/output/ask/` implements them. */

export interface Choice<T> {
  readonly value: T;
  /** What it is called, and found by. */
  readonly label: string;
  /** More of it, beside its label. */
  readonly note?: string | undefined;
}

export interface TextWish {
  /** What Enter means. */
  readonly usual: string;
  /** Why a text will not do. */
  problemOf(this: void, text: string): string | undefined;
}

/**
 * Every label, note and question is made safe to show here and nowhere else. Ctrl-C, Esc and the end of the input reject with an
 * InterruptedError.
 */
export interface Questions {
  /** One of at least one choice; Enter takes the first. */
  one<T>(this: void, question: string, choices: readonly Choice<T>[]): Promise<T>;
  /** In the order of the choices; Enter takes none. */
  several<T>(this: void, question: string, choices: readonly Choice<T>[]): Promise<readonly T[]>;
  text(this: void, question: string, wish: TextWish): Promise<string>;
}
