/**
 * `npm run test:genuine`: the contract tests, and the end-to-end tests that take a manager, against genuine
 * Backend.AI managers of the recipes in test/genuine/. An argument picks one (`-- 26.9`).
 */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installPrograms } from './programs.mjs';
import { root, run, setUp } from './setup.mjs';
import { report, runTests } from './vitest.mjs';

const recipes = [
  { folder: 'manager-26.9', release: '26.9.6', spare: 'lee' },
  { folder: 'manager-23.09', release: '23.09.10' },
];

/** Runs a recipe's `up` and reads the export lines it prints. */
function start({ folder, release, spare }) {
  const recipe = join(root, 'test/genuine', folder);
  run(join(recipe, 'install'), []);
  const value = valuesOf(recipe);
  const other = spare === undefined ? undefined : valuesOf(recipe, { RM_AS: spare });
  return {
    name: release,
    release,
    endpoint: value('BACKEND_ENDPOINT'),
    accessKey: value('BACKEND_ACCESS_KEY'),
    secretKey: value('BACKEND_SECRET_KEY'),
    image: 'python',
    ...(other && {
      spare: { accessKey: other('BACKEND_ACCESS_KEY'), secretKey: other('BACKEND_SECRET_KEY') },
    }),
  };
}

function valuesOf(recipe, environment = {}) {
  const { status, stdout } = spawnSync(join(recipe, 'up'), [], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    env: { ...process.env, ...environment },
  });
  if (status !== 0) throw new Error(`the manager of ${recipe} did not start`);
  return (name) => new RegExp(`^export ${name}=['"]?([^'"\\n]*)`, 'm').exec(stdout)?.[1];
}

function stop({ folder }) {
  spawnSync(join(root, 'test/genuine', folder, 'down'), [], { stdio: ['ignore', 2, 2] });
}

/** The same files as in `npm test`: those that ask for managers. */
function filesThatTakeManagers() {
  return ['contract', 'e2e'].flatMap((project) => {
    const folder = join(root, 'test', project);
    const files = readdirSync(folder).filter((file) => file.endsWith('.test.ts'));
    return files
      .map((file) => join(folder, file))
      .filter((file) => readFileSync(file, 'utf8').includes('managerKinds('));
  });
}

function test(managersFile) {
  return runTests(filesThatTakeManagers(), { BAI_TEST_MANAGERS: managersFile, BAI_TEST_GENUINE_ONLY: '1' });
}

const wanted = process.argv.slice(2);
const chosen = recipes.filter(
  ({ folder }) => wanted.length === 0 || wanted.some((word) => folder.includes(word)),
);
setUp();
installPrograms();
if (process.env.BAI_TEST_MANAGERS) {
  report(test(process.env.BAI_TEST_MANAGERS));
} else {
  const folder = mkdtempSync(join(tmpdir(), 'bai-managers-'));
  try {
    const file = join(folder, 'managers.json');
    writeFileSync(file, JSON.stringify(chosen.map(start)), { mode: 0o600 });
    report(test(file));
  } finally {
    for (const recipe of chosen) stop(recipe);
    rmSync(folder, { recursive: true, force: true });
  }
}
