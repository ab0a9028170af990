/** `~.` and its like, as ssh understands them. */

import { expect, test } from 'vitest';
import { type Escape, EscapeReader } from '../../src/ssh/escapes.ts';

function type(...chunks: string[]): { sent: string; asked: Escape | undefined } {
  const reader = new EscapeReader();
  let sent = '';
  for (const chunk of chunks) {
    const { bytes, escape: asked, rest } = reader.read(Buffer.from(chunk, 'latin1'));
    sent += bytes.toString('latin1');
    if (asked !== undefined) return { sent: `${sent}|${rest.toString('latin1')}`.replace(/\|$/, ''), asked };
  }
  return { sent, asked: undefined };
}

test.each([
  [['~.'], '', 'disconnect'],
  [['ls\r~.'], 'ls\r', 'disconnect'],
  [['ls\n', '~', '.'], 'ls\n', 'disconnect'],
  [['~?'], '', 'help'],
  [['\r~?ls\r'], '\r|ls\r', 'help'],
  [['~\x1a'], '', 'suspend'],
  [['a~.'], 'a~.', undefined],
  [['~~.'], '~.', undefined],
  [['~x'], '~x', undefined],
  [['~\r~.'], '~\r', 'disconnect'],
  [['~', '~', '.'], '~.', undefined],
  [['\xff\x00~.'], '\xff\x00~.', undefined],
] as const)('%j', (chunks, sent, asked) => {
  expect(type(...chunks)).toEqual({ sent, asked });
});
