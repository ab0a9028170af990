/**
 * `npm run test:here`: tests with what is on this machine. Nothing is installed and nothing is asked of root; what a test needs and
 * does not find leaves that test out. Arguments go to vitest. With `--portable` those that ask neither files, sockets nor programs of
 * the system, which hold on every one: `npm run test:portable`.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, setUp } from './setup.mjs';
import { report, runTests } from './vitest.mjs';

/** What ties a test to the systems that its author had. */
const ties =
  /node:(?:child_process|fs|net|https?|tls|os)\b|src\/(?:wiring|proxy|config|files|main|transfer\/local)\b|-bed\.ts|\/bin\/|\/proc|support\/|vitest\.mjs|scripts\//;

function portableTests() {
  const folder = 'test/unit';
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => `${folder}/${name}`)
    .filter((path) => !ties.test(readFileSync(join(root, path), 'utf8')));
}

const words = process.argv.slice(2);
const isPortable = words.includes('--portable');
const extra = words.filter((word) => word !== '--portable');
await setUp();
report(runTests(isPortable ? ['--project', 'unit', ...portableTests(), ...extra] : extra));
