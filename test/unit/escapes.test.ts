/** `~.` and its like, as ssh understands them. */

import { expect, test } from 'vitest';
import { type Escape, EscapeReader, escapeHelp } from '../../src/ssh/escapes.ts';

function type(...chunks: string[]): { sent: string; asked: Escape | undefined } {
  return typeOn('linux', ...chunks);
}

function typeOn(platform: NodeJS.Platform, ...chunks: string[]): { sent: string; asked: Escape | undefined } {
  const reader = new EscapeReader(platform);
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

test('on Windows, which has no jobs, ~^Z is the session’s and no help tells of it', () => {
  expect(typeOn('win32', '~\x1als\r~.')).toEqual({ sent: '~\x1als\r', asked: 'disconnect' });
  expect(escapeHelp('win32').join('\n')).not.toContain('^Z');
  expect(escapeHelp('linux').join('\n')).toContain(' ~^Z  - suspend bai');
});
