import { expect, test } from 'vitest';
import { decodeText } from '../../src/core/text/decode-text.ts';

const text = 'a = "größe 한글"\r\n';

test.each([
  ['UTF-8', Buffer.from(text)],
  ['UTF-8 with a mark', Buffer.from(`\ufeff${text}`)],
  ['UTF-16 as PowerShell writes it', Buffer.from(`\ufeff${text}`, 'utf16le')],
  ['UTF-16 the other way round', Buffer.from(`\ufeff${text}`, 'utf16le').swap16()],
])('text in %s is read without its mark', (_, bytes) => {
  expect(decodeText(bytes)).toBe(text);
});
