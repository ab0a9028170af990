/**
 * `npm run release:files -- v1.2.3`: everything that a release consists of, into release/: the package, the single executables,
 * what is in them (CycloneDX) and SHA256SUMS. The tag has to name the version that is in package.json.
 */

import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSingle } from './build-single.mjs';
import { askNpm, root, run } from './setup.mjs';

const [tag] = process.argv.slice(2);
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
if (tag !== `v${version}`) throw new Error(`the tag ${tag} is not that of version ${version}: v${version}`);
const folder = join(root, 'release');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder);
run('npm', ['pack', '--pack-destination', folder]);
for (const path of await buildSingle()) copyFileSync(path, join(folder, path.split(/[/\\]/).at(-1)));
// What is bundled are devDependencies: the package itself has no other.
writeFileSync(
  join(folder, 'bai.cdx.json'),
  askNpm(['sbom', '--package-lock-only', '--sbom-format', 'cyclonedx']),
);
const sums = readdirSync(folder)
  .sort()
  .map(
    (name) =>
      `${createHash('sha256')
        .update(readFileSync(join(folder, name)))
        .digest('hex')}  ${name}\n`,
  );
writeFileSync(join(folder, 'SHA256SUMS'), sums.join(''));
