/**
 * `npm run bench`: start-up, login and forwarder; transfers follow. The login is measured on the embedded manager and on
 * the genuine ones of test/genuine/, which are started for it, or on that of BACKEND_ENDPOINT instead.
 *
 * `npm run bench:login` (`node bench/run.mjs login [26.9|23.09 …]`): the login on genuine managers alone.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startEmulator } from '../dist/emulator.js';
import { isManagerUp, recipes, startManager, stopManager } from '../scripts/genuine-managers.mjs';
import { benchForwarder } from './forwarder.mjs';
import { benchLogin } from './login.mjs';
import { timeProcess } from './measure.mjs';

const launcher = fileURLToPath(new URL('../bin/bai.cjs', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'bai-bench-'));

function environment(manager) {
  return {
    PATH: process.env.PATH,
    HOME: home,
    BAI_HOME: join(home, 'bai'),
    BACKEND_ENDPOINT: manager.endpoint,
    BACKEND_ACCESS_KEY: manager.accessKey,
    BACKEND_SECRET_KEY: manager.secretKey,
  };
}

const bai = (env, ...args) => timeProcess([process.execPath, launcher, '-q', ...args], { env });

async function createSession(env, image) {
  const session = `bench-${process.pid}`;
  await bai(env, 'session', 'create', image, '--name', session, '-r', 'cpu=1', '-r', 'mem=512m');
  return session;
}

async function measureLogin({ image, client, release, ...manager }) {
  const env = environment(manager);
  const session = await createSession(env, image);
  const name = release === undefined ? 'the manager of BACKEND_ENDPOINT' : `genuine ${release}`;
  const wanted = release?.startsWith('23.') ? 1 / 4 : 1 / 8;
  try {
    await benchLogin({ launcher, env, session, manager: name, pythonClient: client, wanted });
  } finally {
    await bai(env, 'session', 'terminate', session);
  }
}

/** One that is up already is used and stays up. */
async function onManagerOf(recipe) {
  const wasUp = await isManagerUp(recipe);
  try {
    await measureLogin(startManager(recipe));
  } finally {
    if (!wasUp) stopManager(recipe);
  }
}

async function onGenuineManagers(wanted) {
  const {
    BACKEND_ENDPOINT: endpoint,
    BACKEND_ACCESS_KEY: accessKey,
    BACKEND_SECRET_KEY: secretKey,
    BENCH_PYTHON_CLIENT: client,
    BAI_DEMO_IMAGE: image = 'python',
  } = process.env;
  if (endpoint) return measureLogin({ endpoint, accessKey, secretKey, client, image });
  const isWanted = ({ folder }) => wanted.length === 0 || wanted.some((word) => folder.includes(word));
  for (const recipe of recipes.filter(isWanted)) {
    await onManagerOf(recipe).catch((error) => {
      console.error(`left out: the login on a genuine ${recipe.release}: ${error.message}`);
      process.exitCode = 1;
    });
  }
}

async function onEmbeddedManager() {
  const emulator = await startEmulator({ homesRoot: join(home, 'sessions'), stepDelayMs: 10 });
  const env = environment(emulator);
  const session = await createSession(env, 'python:3.11');
  await benchLogin({ launcher, env, session, manager: 'embedded' });
  const addApp = async (app) => emulator.sessions.get(session).addApp(app);
  await benchForwarder({ launcher, env, addApp, session });
  await emulator[Symbol.asyncDispose]();
}

const [only, ...wanted] = process.argv.slice(2);
try {
  if (only !== 'login') {
    await import('./startup.mjs');
    await onEmbeddedManager();
  }
  await onGenuineManagers(wanted);
} finally {
  rmSync(home, { recursive: true, force: true });
}
