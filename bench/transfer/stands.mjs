/** The managers and sessions that files go through: the embedded one with a genuine sshd, or a genuine manager. */

import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launcher } from './contenders.mjs';
import { output, serve } from './processes.mjs';

const standProgram = fileURLToPath(new URL('stand.mjs', import.meta.url));
const session = `bench-${process.pid}`;

/** Those that can be measured here and now. */
export function pathNames() {
  return [process.env.BACKEND_ENDPOINT ? 'genuine' : 'emulator-dropbear', 'emulator-sshd'];
}

export async function openStand(path, home) {
  return path === 'genuine' ? openGenuine(home) : openEmbedded(path, home);
}

async function openEmbedded(path, home) {
  const runner = path === 'emulator-dropbear' ? findRunner() : undefined;
  const server = path === 'emulator-sshd' ? 'sshd' : (runner ?? 'dropbear');
  const stand = await serve([process.execPath, standProgram, server, home, session]);
  process.stderr.write(`${path}: ${runner ? "Backend.AI's dropbear" : `${server} of this machine`}\n`);
  return {
    ...stand.facts,
    pid: stand.pid,
    session,
    ignoresWindow: runner !== undefined,
    close: () => stand.stop(),
  };
}

/** Where the genuine manager of the tests is installed, so is the dropbear that its sessions run. */
export function findRunner() {
  const { BENCH_RUNNER: given, REALMANAGER_HOME: installed = join(homedir(), '.cache/realmanager') } =
    process.env;
  if (given !== undefined) return given === '' ? undefined : given;
  const folder = join(installed, 'root/opt/bai/lib/python3.13/site-packages/ai/backend/runner');
  return existsSync(join(folder, 'dropbearmulti.x86_64.bin')) ? folder : undefined;
}

async function openGenuine(home) {
  const backend = Object.entries(process.env).filter(([name]) => name.startsWith('BACKEND_'));
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    BAI_HOME: join(home, 'bai'),
    ...Object.fromEntries(backend),
  };
  mkdirSync(home, { recursive: true });
  const bai = (...args) => output([process.execPath, launcher, '-q', ...args], { env });
  const image = process.env.BAI_DEMO_IMAGE ?? 'python';
  await bai('session', 'create', image, '--name', session, '-r', 'cpu=1', '-r', 'mem=512m');
  return {
    env,
    session,
    ignoresWindow: true,
    folder: '/home/work',
    pythonClient: process.env.BENCH_PYTHON_CLIENT,
    close: () => bai('session', 'terminate', session),
  };
}
