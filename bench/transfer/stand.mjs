/**
 * The embedded manager with one session whose sshd is a genuine server, in a process of its own. It prints where it is,
 * and ends with its standard input.
 *
 * `node stand.mjs sshd|dropbear|FOLDER HOME SESSION [issued]`, where FOLDER holds the dropbear of Backend.AI's sessions. `issued`: with
 * the session's own key, which bai fetches; else with one that bai is told of.
 */

import { once } from 'node:events';
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { startEmulator } from '../../dist/emulator.js';
import { timeProcess } from '../measure.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const [server, home, session, key] = process.argv.slice(2);

/** The servers of the tests, which are in TypeScript. */
async function loadServers() {
  const outfile = join(root, 'dist', `bench-servers-${process.pid}.mjs`);
  await build({
    entryPoints: [join(root, 'test/support/sshd.ts')],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
  });
  try {
    return await import(outfile);
  } finally {
    rmSync(outfile);
  }
}

async function startServer() {
  const { startSshd, startDropbear, sshdMissing, dropbearMissing } = await loadServers();
  const missing = server === 'sshd' ? sshdMissing : dropbearMissing;
  if (missing) throw new Error(missing);
  const inside = join(home, 'session');
  mkdirSync(inside);
  if (server === 'sshd') return startSshd({ home: inside });
  return startDropbear({ home: inside, ...(server !== 'dropbear' && { runner: server }) });
}

const ssh = await startServer();
const emulator = await startEmulator({ homesRoot: join(home, 'homes'), stepDelayMs: 10 });
const env = {
  PATH: process.env.PATH,
  HOME: home,
  BAI_HOME: join(home, 'bai'),
  BACKEND_ENDPOINT: emulator.endpoint,
  BACKEND_ACCESS_KEY: emulator.accessKey,
  BACKEND_SECRET_KEY: emulator.secretKey,
  BAI_USER: ssh.user,
  ...(key !== 'issued' && { BAI_IDENTITY: ssh.privateKeyPath }),
};
const launcher = join(root, 'bin/bai.cjs');
await timeProcess([process.execPath, launcher, 'session', 'create', 'python:3.11', '--name', session], {
  env,
});
const created = emulator.sessions.get(session);
created.addApp({ name: 'sshd', protocol: 'tcp', containerPort: 2200, hostPort: ssh.port });
if (key === 'issued') copyFileSync(ssh.privateKeyPath, join(created.home, 'id_container'));
console.log(JSON.stringify({ env, folder: ssh.home }));
await once(process.stdin.resume(), 'end');
await emulator[Symbol.asyncDispose]();
await ssh[Symbol.asyncDispose]();
process.exit(0);
