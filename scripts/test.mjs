/**
 * `npm test`: sets up, checks types, style and promises, then runs every test. Arguments go to vitest
 * (`npm test -- --project unit`). On Debian-like systems it installs, as root, the programs that the tests
 * talk to; elsewhere it says which are missing and what that leaves out. With CI=true a missing one is a failure.
 */

import { installPrograms } from './programs.mjs';
import { run, setUp } from './setup.mjs';
import { report, runTests } from './vitest.mjs';

const checks = [
  ['node_modules/typescript/bin/tsc', '--noEmit'],
  ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.'],
  ['node_modules/oxlint/bin/oxlint', '--type-aware', '--deny-warnings', 'src', 'test'],
];

function check() {
  for (const words of checks) {
    try {
      run(process.execPath, words);
    } catch ({ status }) {
      console.error(`${words.join(' ')} ended with ${status}: no test was run`);
      process.exit(1);
    }
  }
}

const words = process.argv.slice(2);
console.error(
  words.length > 0
    ? 'What is missing is installed, then types, style and promises are checked and the chosen tests run.'
    : `What is missing is installed, then types, style and promises are checked and all tests run: about 25 minutes on two cores.
The short way, one to two minutes: npm test -- --project unit`,
);
await setUp();
const missing = await installPrograms();
check();
const result = runTests(words);
if (missing.length > 0 && process.env.CI === 'true') {
  console.error(`with CI=true nothing may be left out for lack of a program: ${missing.join(', ')}`);
  process.exitCode = 1;
}
report(result);
