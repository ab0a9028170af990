/** README and the quick start in Korean and Japanese say what the English pages say, and not what they once said. */

import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { followedBy, hashOf, sectionsOf, translations } from '../../scripts/translations.mjs';

const root = resolve(import.meta.dirname, '../..');
const pairs = Object.entries(translations).flatMap(([page, others]) =>
  others.map((other) => [other, page] as const),
);

describe.each(pairs)('%s', (other, page) => {
  const [english, translated] = [sectionsOf(page), sectionsOf(other)];

  test(`follows each section of ${page} as it is now`, () => {
    expect(translated.length, 'the sections').toBe(english.length);
    const behind = english.filter(
      (section, index) => followedBy(translated[index] ?? '') !== hashOf(section),
    );
    expect(
      behind.map((section) => section.split('\n')[0]),
      `these have changed: bring ${other} up to date, then \`npm run docs:translations\``,
    ).toEqual([]);
  });

  test('has its commands, and its links', () => {
    for (const [index, section] of english.entries()) {
      expect(codeIn(translated[index] ?? '')).toEqual(codeIn(section));
      expect(linksIn(translated[index] ?? '')).toEqual(linksIn(section));
    }
  });

  test('leads to pages that exist', () => {
    const links = [...translated.join('').matchAll(/\]\((?!https?:)([^)#\s]+)/g)].map(
      (match) => match[1] ?? '',
    );
    expect(links.filter((link) => !existsSync(join(root, dirname(other), link)))).toEqual([]);
  });
});

/** Comments are translated. */
function codeIn(section: string): string[] {
  const blocks = [...section.matchAll(/```\w*\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
  return blocks.map((block) => block.replaceAll(/ +#.*$/gm, ''));
}

/** As the English page has them, but for the pages of other languages. */
function linksIn(section: string): string[] {
  const links = [...section.matchAll(/\]\(([^)\s]+)\)/g)].map((match) =>
    (match[1] ?? '').replace(/\.(?:ko|ja)(?=\.md)/, ''),
  );
  return links.filter((link) => !/^(?:README|quick-start)\.md$/.test(link)).sort();
}
