/**
 * `npm run test:genuine`: the contract tests, and the end-to-end tests that take a manager, against genuine
 * Backend.AI managers of the recipes in test/genuine/. An argument picks one (`-- 26.9`). `BAI_TEST_SIGN_IN=console` signs in at
 * the web console before a manager, and leaves out those that have none.
 */

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recipes, startManager, stopManager } from './genuine-managers.mjs';
import { installPrograms } from './programs.mjs';
import { root, setUp } from './setup.mjs';
import { report, runTests } from './vitest.mjs';

/** The same files as in `npm test`: those that ask for managers. */
function filesThatTakeManagers() {
  return ['contract', 'e2e'].flatMap((project) => {
    const folder = join(root, 'test', project);
    const files = readdirSync(folder).filter((file) => file.endsWith('.test.ts'));
    return files
      .map((file) => join(folder, file))
      .filter((file) =>
        /\b(managerKinds|spareAccountKinds|consoleKinds|groundKinds|appProxyKinds)\(/.test(
          readFileSync(file, 'utf8'),
        ),
      );
  });
}

function test(managersFile) {
  return runTests(filesThatTakeManagers(), { BAI_TEST_MANAGERS: managersFile, BAI_TEST_GENUINE_ONLY: '1' });
}

const wanted = process.argv.slice(2);
const byConsole = process.env.BAI_TEST_SIGN_IN === 'console';
const chosen = recipes.filter(
  ({ folder, changing }) =>
    (wanted.length === 0 || wanted.some((word) => folder.includes(word))) && (changing || !byConsole),
);
await setUp();
await installPrograms();
if (process.env.BAI_TEST_MANAGERS) {
  report(test(process.env.BAI_TEST_MANAGERS));
} else {
  const folder = mkdtempSync(join(tmpdir(), 'bai-managers-'));
  try {
    const file = join(folder, 'managers.json');
    writeFileSync(file, JSON.stringify(chosen.map(startManager)), { mode: 0o600 });
    report(test(file));
  } finally {
    for (const recipe of chosen) stopManager(recipe);
    rmSync(folder, { recursive: true, force: true });
  }
}
