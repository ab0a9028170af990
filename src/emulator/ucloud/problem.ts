/** Refusals in UCloud's own form. */

import type { Answer } from '../server/answer.ts';

/** Thrown by handlers; its words begin with a capital, whatever they are written with. */
export class Refusal extends Error {
  readonly status: number;

  constructor(status: number, why: string) {
    super(why);
    this.name = 'Refusal';
    this.status = status;
  }

  answer(): Answer {
    const why = this.message.charAt(0).toUpperCase() + this.message.slice(1);
    return { status: this.status, json: { statusCode: this.status, why, errorCode: '', detailedCode: 0 } };
  }
}

export function badRequest(why: string): Refusal {
  return new Refusal(400, why);
}

export function forbidden(why = 'forbidden'): Refusal {
  return new Refusal(403, why);
}

/** What is neither a route nor a method of one. */
export const unknownPath: Answer = {
  status: 404,
  bytes: Buffer.from('404 page not found\n'),
  contentType: 'text/plain; charset=utf-8',
  headers: { 'X-Content-Type-Options': 'nosniff' },
};
