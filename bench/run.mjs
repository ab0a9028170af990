/** `npm run bench`: start-up, login and forwarder; transfers follow. With BACKEND_ENDPOINT set, the login is measured on that manager too. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startEmulator } from '../dist/emulator.js';
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

async function onGenuineManager() {
  const {
    BACKEND_ENDPOINT: endpoint,
    BACKEND_ACCESS_KEY: accessKey,
    BACKEND_SECRET_KEY: secretKey,
  } = process.env;
  if (!endpoint) return;
  const env = environment({ endpoint, accessKey, secretKey });
  const session = await createSession(env, process.env.BAI_DEMO_IMAGE ?? 'python');
  await benchLogin({ launcher, env, session, manager: 'the manager of BACKEND_ENDPOINT' });
  await bai(env, 'session', 'terminate', session);
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

try {
  await import('./startup.mjs');
  await onEmbeddedManager();
  await onGenuineManager();
} finally {
  rmSync(home, { recursive: true, force: true });
}
