/** bai bundled with the stand-in, a real sshd as its session, and a HOME with nothing but the user's own key. */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundleOptions } from '../../../scripts/bundle.mjs';
import { type BaiResult, cleanEnvironment, finished } from '../bai.ts';
import { generateKey, startSshd, type TestSshd } from '../sshd.ts';
import { tempFolder } from '../temp-folder.ts';

export interface StandInBed extends AsyncDisposable {
  readonly home: string;
  readonly server: TestSshd;
  readonly env: Readonly<Record<string, string>>;
  /** Of ssh, which takes its folder from the password file, not from HOME: for `-F`. */
  readonly config: string;
  start(args: readonly string[]): ChildProcessWithoutNullStreams;
  bai(args: readonly string[], input?: string): Promise<BaiResult>;
  run(program: string, args: readonly string[]): Promise<BaiResult>;
  /** The server has another one from now on. */
  changeHostKey(): Promise<void>;
}

const root = fileURLToPath(new URL('../../..', import.meta.url));

export async function openStandInBed(): Promise<StandInBed> {
  const folder = tempFolder();
  const [home, package_] = [join(folder.path, 'home'), join(folder.path, 'package')];
  await bundleInto(package_);
  const server = await startSshd();
  mkdirSync(join(home, '.ssh'), { recursive: true, mode: 0o700 });
  copyFileSync(server.privateKeyPath, join(home, '.ssh', 'id_ed25519'));
  chmodSync(join(home, '.ssh', 'id_ed25519'), 0o600);
  const env = { STAND_IN_PORT: String(server.port) };
  const run = (program: string, args: readonly string[]): ChildProcessWithoutNullStreams =>
    spawn(program, args, { env: cleanEnvironment({ home, env }), cwd: home });
  const start = (args: readonly string[]): ChildProcessWithoutNullStreams =>
    run(process.execPath, [join(package_, 'bin', 'bai.cjs'), ...args]);
  return {
    ...{ home, server, env, start },
    config: join(home, '.ssh', 'config'),
    async bai(args, input) {
      const child = start(args);
      child.stdin.on('error', () => {});
      child.stdin.end(input);
      return finished(child);
    },
    async run(program, args) {
      const child = run(program, args);
      child.stdin.end();
      return finished(child);
    },
    async changeHostKey() {
      writeFileSync(server.hostKeyPath, generateKey().private, { mode: 0o600 });
      await server.restart();
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

/** Beside its launcher, as in a package that was installed. */
async function bundleInto(folder: string): Promise<void> {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  await build({
    ...bundleOptions(version),
    entryPoints: { cli: join(import.meta.dirname, 'cli.ts') },
    entryNames: '[name]',
    outdir: join(folder, 'dist'),
  });
  cpSync(join(root, 'bin'), join(folder, 'bin'), { recursive: true });
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'));
  writeFileSync(join(folder, 'dist', 'order.json'), '[]');
}
