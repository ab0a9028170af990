/**
 * `npm run test:wine`: what bai does on Windows, by a genuine node.exe under Wine, beside the same on Linux: answers, files and exit
 * statuses. Each has a local manager of its own. Installs Wine as root on Debian-like systems; without it the test is left out.
 */

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { problemsOf } from '../test/wine/compare.mjs';
import { steps } from '../test/wine/steps.mjs';
import { windowsSteps } from '../test/wine/windows-steps.mjs';
import { root, setUp } from './setup.mjs';
import { report } from './vitest.mjs';
import { installWine, openShare, startOnWindows, windowsPath } from './wine.mjs';

const bai = join(root, 'bin/bai.cjs');
const driver = join(root, 'test/wine/driver.mjs');

/** In a folder of its own; what it is called by comes back, and the end of it. */
function startManager(folder) {
  const env = { ...process.env, HOME: folder, BAI_HOME: folder };
  const run = (...args) =>
    execFileSync(process.execPath, [bai, ...args, '--json'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const { variables } = JSON.parse(run('local', 'up', '--export'));
  return { variables, stop: () => run('local', 'down', '--yes') };
}

function prepare(scratch, name) {
  const folder = join(scratch, name);
  mkdirSync(folder);
  const isWindows = name === 'windows';
  const share = isWindows ? openShare(folder) : undefined;
  const manager = startManager(join(scratch, `manager-${name}`));
  const toSide = isWindows ? windowsPath : (path) => path;
  const {
    BACKEND_ENDPOINT: endpoint,
    BACKEND_ACCESS_KEY: accessKey,
    BACKEND_SECRET_KEY: secretKey,
  } = manager.variables;
  const facts = {
    bai: toSide(bai),
    folder: toSide(folder),
    out: toSide(join(folder, 'results.json')),
    endpoint,
    accessKey,
    secretKey,
    share: share?.path,
  };
  const factsFile = join(folder, 'facts.json');
  writeFileSync(factsFile, JSON.stringify(facts), { mode: 0o600 });
  const masks = [
    [endpoint, '<endpoint>'],
    [new URL(endpoint).host, '<host>'],
    [accessKey, '<access key>'],
  ];
  return {
    start: () =>
      isWindows
        ? startOnWindows([toSide(driver), toSide(factsFile)])
        : spawn(process.execPath, [driver, factsFile], { stdio: 'inherit' }),
    results: () => JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8')),
    side: { folder: toSide(folder), isWindows, masks },
    stop: () => {
      share?.close();
      manager.stop();
    },
  };
}

async function walk() {
  const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'bai-wine-')));
  const sides = [];
  try {
    sides.push(prepare(scratch, 'linux'), prepare(scratch, 'windows'));
    const drivers = sides.map(({ start }) => start());
    // What was started is ended below, in any case.
    for (const name of ['SIGINT', 'SIGTERM'])
      process.once(name, () => {
        for (const driver of drivers) driver.kill();
      });
    await Promise.all(drivers.map((driver) => once(driver, 'close')));
    const [linux, windows] = sides;
    return problemsOfAll(linux, windows);
  } finally {
    for (const { stop } of sides) stop();
    if (!process.env.BAI_TEST_KEEP) rmSync(scratch, { recursive: true, force: true });
    else console.error(`kept: ${scratch}`);
  }
}

function problemsOfAll(linux, windows) {
  const [ofLinux, ofWindows] = [linux.results(), windows.results()];
  const sides = { linux: linux.side, windows: windows.side };
  const named = (results, name) => results.find((each) => each.name === name);
  const missing = { failure: 'it was not come to' };
  return [
    ...steps.map(({ name }) => ({
      name,
      problems: problemsOf(named(ofWindows, name), named(ofLinux, name) ?? missing, sides),
    })),
    ...windowsSteps.map(({ name }) => ({
      name,
      problems: problemsOf(named(ofWindows, name), undefined, sides),
    })),
  ];
}

await setUp();
const missing = await installWine();
if (missing !== undefined) {
  console.error(`no Windows here: ${missing}; left out: all that is run on Windows`);
  const isNeeded = process.env.CI === 'true';
  report({
    status: isNeeded ? 1 : 0,
    passed: 0,
    skipped: steps.length,
    failures: isNeeded ? ['bai on Windows: not run'] : [],
    unsteady: [],
  });
} else {
  const first = await walk();
  // On a machine that others use too: what passes only then is named.
  const isTriedAgain = Number(process.env.BAI_TEST_RETRIES ?? 0) > 0 && first.some(hasFailed);
  const last = isTriedAgain ? await walk() : first;
  const failures = last.filter(hasFailed).map(title);
  const unsteady = first
    .filter((each) => hasFailed(each) && !failures.includes(title(each)))
    .map((each) => [title(each), ...each.problems].join('\n    '));
  for (const each of last) show(each);
  const passed = last.length - failures.length;
  report({ status: failures.length > 0 ? 1 : 0, passed, skipped: 0, failures, unsteady });
}

function hasFailed({ problems }) {
  return problems.length > 0;
}

function title({ name }) {
  return `wine > ${name}`;
}

function show({ name, problems }) {
  console.log(`${problems.length === 0 ? '✓' : '✗'} ${name}`);
  for (const problem of problems) console.log(`    ${problem}`);
}
