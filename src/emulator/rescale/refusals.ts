/** What the emulated platform refuses, in the words of the web framework that its public answers look like. */

import type { Answer } from '../server/answer.ts';

export class Refused extends Error {
  readonly answer: Answer;

  constructor(answer: Answer) {
    super(`status ${answer.status}`);
    this.name = 'Refused';
    this.answer = answer;
  }
}

export function refused(status: number, detail: string, headers?: Readonly<Record<string, string>>): Refused {
  return new Refused({ status, json: { detail }, ...(headers !== undefined && { headers }) });
}

export function notFound(): Refused {
  return refused(404, 'Not found.');
}

/** Messages by field. */
export function invalid(fields: unknown): Refused {
  return new Refused({ status: 400, json: fields });
}
