/** Numbered lists and lines that are typed, for terminals that cannot move their cursor, and for screen readers. Nothing but text. */

import { createInterface } from 'node:readline';
import type { TextWish } from '../../core/questions.ts';
import { type AskWay, matches, nameIn, type WayOptions } from './ask-way.ts';

export function numberedWay(options: WayOptions): AskWay {
  const say = (line: string): void => void options.stderr.write(`${line}\n`);
  const ask = (prompt: string): Promise<string | undefined> => typedLine(`${prompt}: `, options);
  return {
    async one(question, labels) {
      showList(question, labels, say);
      for (;;) {
        const answer = await ask(`number or part of a name [1 ${nameIn(labels[0])}]`);
        if (answer === undefined) return undefined;
        const found = answer === '' ? [0] : foundBy(answer, labels);
        if (found.length === 1) return found[0];
        sayWhich(found, labels, say);
      }
    },
    async several(question, labels) {
      showList(question, labels, say);
      for (;;) {
        const answer = await ask('numbers or parts of names, with commas [none]');
        if (answer === undefined) return undefined;
        const parts = answer.split(',').map((part) => part.trim());
        const wanted = parts
          .filter((part) => part !== '')
          .map((part) => ({ part, found: foundBy(part, labels) }));
        const unclear = wanted.find(({ found }) => found.length !== 1);
        if (unclear === undefined) return [...new Set(wanted.flatMap(({ found }) => found))];
        sayWhich(unclear.found, labels, say);
      }
    },
    text: (question, wish) => typedText(question, wish, { ask, say }),
  };
}

interface Talk {
  readonly ask: (prompt: string) => Promise<string | undefined>;
  readonly say: (line: string) => void;
}

async function typedText(
  question: string,
  { usual, problemOf }: TextWish,
  { ask, say }: Talk,
): Promise<string | undefined> {
  for (;;) {
    const answer = await ask(usual === '' ? question : `${question} [${usual}]`);
    if (answer === undefined) return undefined;
    const text = answer === '' ? usual : answer;
    const problem = problemOf(text);
    if (problem === undefined) return text;
    say(problem);
  }
}

/** What fits on a terminal; the rest is found by its name. */
const mostShown = 20;

function showList(question: string, labels: readonly string[], say: (line: string) => void): void {
  say(question);
  sayLabels([...labels.keys()], labels, say);
}

function sayLabels(indexes: readonly number[], labels: readonly string[], say: (line: string) => void): void {
  for (const index of indexes.slice(0, mostShown)) say(`${String(index + 1).padStart(4)}  ${labels[index]}`);
  const left = indexes.length - mostShown;
  if (left > 0) say(`      and ${left} more: a part of the name finds them`);
}

/** Places of what was meant: by its number, by a whole first word, else by a part. */
function foundBy(answer: string, labels: readonly string[]): readonly number[] {
  if (/^\d{1,6}$/.test(answer)) {
    const index = Number(answer) - 1;
    if (index >= 0 && index < labels.length) return [index];
  }
  const places = [...labels.keys()];
  const named = places.filter((index) => nameIn(labels[index]) === answer);
  return named.length > 0 ? named : places.filter((index) => matches(labels[index] ?? '', answer));
}

function sayWhich(found: readonly number[], labels: readonly string[], say: (line: string) => void): void {
  say(
    found.length === 0 ? 'nothing there has this number or name' : `${found.length} have it in their names:`,
  );
  sayLabels(found, labels, say);
}

/** Without its line end; nothing when the input ends, or the signal comes. The terminal itself edits the line. */
async function typedLine(prompt: string, { stdin, stderr, signal }: WayOptions): Promise<string | undefined> {
  const lines = createInterface({ input: stdin, terminal: false });
  stderr.write(prompt);
  try {
    const line = await new Promise<string | undefined>((resolve) => {
      lines.once('line', (typed) => resolve(typed.trim()));
      lines.once('close', () => resolve(undefined));
      signal.addEventListener('abort', () => resolve(undefined), { once: true });
    });
    if (line === undefined) stderr.write('\n');
    return line;
  } finally {
    lines.close();
  }
}
