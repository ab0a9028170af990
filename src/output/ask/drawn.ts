/** Lists and lines that are drawn anew with every key, by @clack/prompts: the only file that knows it. */

import { Writable } from 'node:stream';
import { autocomplete, autocompleteMultiselect, isCancel, text } from '@clack/prompts';
import type { LocalInput, LocalOutput } from '../../core/local-streams.ts';
import { type AskWay, matches, nameIn, type WayOptions } from './ask-way.ts';

interface DrawnOptions extends WayOptions {
  readonly color: boolean;
}

export function drawnWay({ stdin, stderr, signal, color }: DrawnOptions): AskWay {
  const output = color ? stderr : withoutColor(stderr);
  const ask = <T>(question: (common: Common) => Promise<T | symbol>): Promise<T | undefined> =>
    untilLeft(stdin, signal, (until) => question({ input: stdin, output, signal: until, withGuide: false }));
  return {
    one: (message, labels) =>
      ask<number>((common) => {
        const validate = (value: unknown) => (value === undefined ? 'nothing is called so' : undefined);
        const asked = `${message} (Enter takes ${nameIn(labels[0])})`;
        return autocomplete({ ...common, ...listOf(labels), message: asked, initialValue: 0, validate });
      }),
    several: (message, labels) =>
      ask<number[]>((common) =>
        autocompleteMultiselect({ ...common, ...listOf(labels), message, required: false }),
      ),
    text: (message, { usual, problemOf }) =>
      ask<string>((common) => {
        const validate = (value: string | undefined) => problemOf(value || usual);
        return text({ ...common, message, placeholder: usual, defaultValue: usual, validate });
      }),
  };
}

interface Common {
  readonly input: LocalInput;
  readonly output: Writable;
  readonly signal: AbortSignal;
  readonly withGuide: boolean;
}

function listOf(labels: readonly string[]) {
  return {
    options: labels.map((label, value) => ({ value, label })),
    filter: (search: string, { label = '' }: { readonly label?: string }) => matches(label, search),
    maxItems: 10,
  };
}

/** The library hears Ctrl-C and Esc, but neither Ctrl-D nor a terminal that goes away: it would wait for ever. */
async function untilLeft<T>(
  stdin: LocalInput,
  signal: AbortSignal,
  question: (until: AbortSignal) => Promise<T | symbol>,
): Promise<T | undefined> {
  const left = new AbortController();
  const leave = (): void => left.abort();
  const onKey = (
    _text: unknown,
    key: { readonly ctrl?: boolean; readonly name?: string } | undefined,
  ): void => {
    if (key?.ctrl === true && key.name === 'd') leave();
  };
  stdin.on('keypress', onKey).once('end', leave).once('close', leave);
  try {
    const answer = await question(AbortSignal.any([signal, left.signal]));
    return isCancel(answer) ? undefined : (answer as T);
  } finally {
    stdin.off('keypress', onKey).off('end', leave).off('close', leave);
  }
}

/** What the library draws without its colours, which it has whatever NO_COLOR and --no-color say. */
function withoutColor(stderr: LocalOutput): Writable {
  const plain = new Writable({
    decodeStrings: false,
    write(chunk: unknown, _encoding, done) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the escapes are what is looked for.
      stderr.write(String(chunk).replaceAll(/\x1b\[[\d;]*m/g, ''));
      // At once: what others write to the terminal must not overtake it.
      done();
    },
  });
  stderr.on('resize', () => plain.emit('resize'));
  return Object.defineProperties(plain, {
    columns: { get: () => stderr.columns },
    rows: { get: () => stderr.rows },
  });
}
