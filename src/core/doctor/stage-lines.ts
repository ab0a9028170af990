/** What became of each stage, as lines for people: words, and no meaning by colour or symbol. */

import { formatBytes } from '../text/units.ts';
import type { Failed, Outcome } from './examination.ts';
import { type Finding, stageNames } from './stages.ts';

const words = { ok: 'ok', warning: 'warning', failed: 'failed', 'not-tried': 'not tried' } as const;
const stageWidth = Math.max(...stageNames.map((name) => name.length));
const stateWidth = Math.max(...Object.values(words).map((word) => word.length));
const timeWidth = '99.9 s'.length;
const indent = '  ';

/** One line; what does not fit behind it within the width stands below it. 0 is any width. */
export function stageLines(outcome: Outcome, width: number): string[] {
  const { stage, state } = outcome;
  const time = state === 'not-tried' ? '' : timeOf(outcome.ms);
  const start = [stage.padEnd(stageWidth), words[state].padEnd(stateWidth), time.padStart(timeWidth)].join(
    indent,
  );
  const told = toldOf(outcome);
  const line = `${start}${indent}${told}`;
  if (told === '') return [start.trimEnd()];
  if (width === 0 || line.length <= width) return [line];
  return [start.trimEnd(), ...wrapped(told, width)];
}

function timeOf(ms: number): string {
  return ms < 1_000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function toldOf(outcome: Outcome): string {
  if (outcome.state === 'failed') return outcome.error.code;
  if (outcome.state !== 'not-tried') return outcome.seen;
  return outcome.because === 'owner' ? 'only its owner gets inside' : `because of ${outcome.because}`;
}

/** The first failure with its cause and cure, after what is no failure yet. */
export function adviceLines(
  outcomes: readonly Outcome[],
  failed: Failed | undefined,
  width: number,
): string[] {
  const found = outcomes.flatMap((outcome) => (outcome.state === 'warning' ? outcome.findings : []));
  const notes = found.flatMap((finding) => noteLines(finding, width));
  if (failed === undefined) return notes;
  const { message, hint } = failed.error;
  return [
    ...notes,
    ...labelled('cause', `${failed.stage}: ${message}`, width),
    ...(hint === undefined ? [] : labelled('do', hint, width)),
  ];
}

function noteLines({ message, hint }: Finding, width: number): string[] {
  return [...labelled('note', message, width), ...(hint === undefined ? [] : labelled('do', hint, width))];
}

function labelled(label: string, text: string, width: number): string[] {
  const start = `${label}:`.padEnd('cause: '.length);
  const line = `${start}${text}`;
  if (width === 0 || line.length <= width) return [line];
  const [first = '', ...more] = wrapped(text, width - start.length + indent.length);
  return [
    `${start}${first.trimStart()}`,
    ...more.map((each) => `${' '.repeat(start.length)}${each.trimStart()}`),
  ];
}

/** Between words; one that is longer than a line is left whole, so that it can be copied. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && longer.length > width - indent.length) {
      lines.push(`${indent}${line}`);
      line = word;
    } else line = longer;
  }
  return [...lines, `${indent}${line}`];
}

interface BundleFacts {
  readonly path: string;
  readonly bytes: number;
  readonly holds: readonly string[];
}

export function bundleLines({ path, bytes, holds }: BundleFacts, width: number): string[] {
  return [
    `wrote ${path}`,
    ...holds.flatMap((part) => labelled('has', part, width)),
    ...labelled('size', `${formatBytes(bytes)}, for you alone to read`, width),
    ...labelled(
      'note',
      'it names hosts, paths and your account: look it through before you send it on',
      width,
    ),
  ];
}
