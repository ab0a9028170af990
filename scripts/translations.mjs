/**
 * Which section of an English page each section of a translation follows: a comment below its heading has the beginning of a hash of the English
 * one. `npm run docs:translations` writes these comments anew, for whoever has brought the translations up to date; a test compares them.
 */

import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('..', import.meta.url);
const mark = /^<!-- follows [0-9a-f]{12} -->\n/m;

/** Each English page with its translations. */
export const translations = {
  'README.md': ['README.ko.md', 'README.ja.md'],
  'docs/quick-start.md': ['docs/quick-start.ko.md', 'docs/quick-start.ja.md'],
};

/** What is before the first heading of the second level, and then each with what is below it. */
export function sectionsOf(page) {
  return readFileSync(new URL(page, root), 'utf8').split(/^(?=## )/m);
}

export function hashOf(section) {
  return createHash('sha256').update(section.trim()).digest('hex').slice(0, 12);
}

/** The hash that a section of a translation has, or nothing. */
export function followedBy(section) {
  return mark.exec(section)?.[0].slice('<!-- follows '.length, -' -->\n'.length);
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const [page, others] of Object.entries(translations)) for (const other of others) stamp(page, other);

function stamp(page, other) {
  const english = sectionsOf(page);
  const stamped = sectionsOf(other).map((section, index) =>
    section.replace(mark, '').replace(/^(#.*\n)/, `$1<!-- follows ${hashOf(english[index] ?? '')} -->\n`),
  );
  writeFileSync(new URL(other, root), stamped.join(''));
}
