/** An API key and the one origin that it is for. */

import { UsageError } from '../../errors.ts';

/** What it is printed as, wherever it gets. */
const unseen = '[API key]';

export class ApiKey {
  readonly address: URL;
  readonly #text: string;

  /** `origin` says where it was written. Throws a UsageError for text that no key is. */
  constructor(text: string, address: URL, origin: string) {
    this.#text = text.trim();
    this.address = address;
    if (/^[\x21-\x7e]+$/.test(this.#text)) return;
    throw new UsageError(
      `what ${origin} has is not an API key: ${this.#text === '' ? 'it is empty' : problemOf(this.#text)}`,
      {
        hint: `copy it again from ${address.origin} (User Profile Settings, API)`,
      },
    );
  }

  /** Headers for a request to this URL; throws for one of another origin. Keys that live shortly go as Bearer. */
  headersFor({ origin }: URL): { readonly Authorization: string } {
    if (origin !== this.address.origin) throw new Error('an API key was about to be sent to another origin');
    const isShortLived = /^ey[^.]*\.[^.]+\.[^.]+$/.test(this.#text);
    return { Authorization: `${isShortLived ? 'Bearer' : 'Token'} ${this.#text}` };
  }

  /** The text without the key, for what a server says: some pages of errors repeat the request. */
  removedFrom(text: string): string {
    return text.replaceAll(this.#text, unseen);
  }

  toString(): string {
    return unseen;
  }

  toJSON(): string {
    return unseen;
  }
}

function problemOf(text: string): string {
  return /\s/.test(text) ? 'there is a space in it' : 'it has characters that keys do not have';
}
