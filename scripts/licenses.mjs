/** Collects the licences of every package that went into the bundle. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The text of THIRD-PARTY-LICENSES.txt; throws when a bundled package has no licence. */
export function licensesOf(root, metafile) {
  const folders = new Set(
    Object.keys(metafile.inputs).flatMap(
      (path) => path.match(/^.*\bnode_modules\/(?:@[^/]+\/)?[^/]+/)?.[0] ?? [],
    ),
  );
  const texts = [...folders].sort().map((folder) => licenseOf(join(root, folder)));
  return `bai is bundled with the packages below.\n\n${texts.join('\n')}`;
}

function licenseOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((each) => /^(licen[cs]e|copying)/i.test(each));
  const text =
    file && existsSync(join(folder, file))
      ? readFileSync(join(folder, file), 'utf8').trim()
      : `Licence: ${license} (the package ships no licence text)`;
  if (!license && !file) throw new Error(`${name} has no licence`);
  return `${'='.repeat(78)}\n${name} ${version} (${typeof license === 'string' ? license : 'see below'})\n${'='.repeat(78)}\n${text}\n`;
}
