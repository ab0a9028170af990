/**
 * `npm run test:nodes`: the unit and contract tests on the newest release of Node, and what bai prints on every other. Fetches
 * them. Releases may be named (`npm run test:nodes -- 22 24`), and what begins with a dash goes to vitest: `--project e2e`.
 */

import { installNode, nodeReleases } from './node-releases.mjs';
import { installPrograms } from './programs.mjs';
import { setUp } from './setup.mjs';
import { report, runTests } from './vitest.mjs';

const words = process.argv.slice(2);
const firstOption = words.findIndex((word) => word.startsWith('-'));
const releases = firstOption === -1 ? words : words.slice(0, firstOption);
const extra = firstOption === -1 ? ['--project', 'unit', '--project', 'contract'] : words.slice(firstOption);
await setUp();
await installPrograms();
for (const release of nodeReleases) installNode(release);
const results = (releases.length > 0 ? releases : nodeReleases.slice(-1)).map((release) => {
  const node = installNode(release);
  console.log(`\nwith Node ${release}`);
  return runTests(extra, {}, node);
});
report(
  results.reduce((sum, each) => ({
    status: sum.status || each.status,
    passed: sum.passed + each.passed,
    skipped: sum.skipped + each.skipped,
    failures: [...sum.failures, ...each.failures],
    unsteady: [...sum.unsteady, ...each.unsteady],
  })),
);
