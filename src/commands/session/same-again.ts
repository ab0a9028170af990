/** The words of a command line that does the same without a question. */

import type { Command, Option } from 'commander';

/** What was answered, by the attribute names of options; its argument is `what`. */
export function sameAgain(
  command: Command,
  what: string,
  answers: Readonly<Record<string, string | readonly string[]>>,
): string[] {
  const options = [command, command.parent, command.parent?.parent].flatMap((each) =>
    (each?.options ?? []).map((option) => ({ option, of: each })),
  );
  const given = options.flatMap(({ option, of }) => {
    const name = option.attributeName();
    const answer = of === command ? answers[name] : undefined;
    if (answer !== undefined) return wordsOf(option, answer);
    // One time is no other: the line is for what would have been created.
    if (name === 'dryRun' || of?.getOptionValueSource(name) !== 'cli') return [];
    return wordsOf(option, of.getOptionValue(name));
  });
  const start = ['bai', 'session', 'create'];
  return what.startsWith('-') ? [...start, ...given, '--', what] : [...start, what, ...given];
}

/** `--wait` and `--no-wait` are two options of one value. */
function wordsOf(option: Option, value: unknown): string[] {
  const { short, long } = option;
  if (typeof value === 'boolean') return value === !option.negate ? [long ?? short ?? ''] : [];
  // What can be given several times is usually typed by its letter.
  const flag = (Array.isArray(value) ? (short ?? long) : (long ?? short)) ?? '';
  return [value].flat().flatMap((text) => [flag, String(text)]);
}
