/** A session bus with a GNOME keyring of its own, as a desktop has them; nobody can be asked in a window. */

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '../../src/ssh/programs.ts';
import { finished } from './bai.ts';
import { tempFolder } from './temp-folder.ts';

const programs = ['secret-tool', 'gnome-keyring-daemon', 'dbus-run-session', 'dbus-send'];

/** Which program is not on this machine. */
export const keyringMissing = programs.find((name) => findProgram(name, process.env) === undefined);

export interface KeyringBed extends AsyncDisposable {
  /** With what programs find it. */
  readonly env: Readonly<Record<string, string>>;
  /** All of bai's, with their attributes. */
  secrets(): string;
  lock(): void;
}

const script = `printf password | gnome-keyring-daemon --unlock --components=secrets > /dev/null
echo "$DBUS_SESSION_BUS_ADDRESS"
exec cat`;

export async function openKeyringBed(): Promise<KeyringBed> {
  const folder = tempFolder();
  const runtime = join(folder.path, 'run');
  mkdirSync(runtime, { mode: 0o700 });
  const own = { PATH: process.env['PATH'] ?? '', HOME: folder.path, XDG_RUNTIME_DIR: runtime };
  const child = spawn('dbus-run-session', ['--', 'sh', '-c', script], { env: own });
  child.stderr.resume();
  const [printed] = (await once(child.stdout, 'data')) as [Buffer];
  const env = { XDG_RUNTIME_DIR: runtime, DBUS_SESSION_BUS_ADDRESS: printed.toString().trim() };
  const run = (program: string, args: readonly string[]): string =>
    execFileSync(program, args, { env: { ...own, ...env }, encoding: 'utf8' });
  return {
    env,
    secrets: () => run('secret-tool', ['search', '--all', 'service', 'bai']),
    lock() {
      const service = '/org/freedesktop/secrets';
      const call = ['--session', '--print-reply', '--dest=org.freedesktop.secrets', service];
      const name = 'org.freedesktop.Secret.Service.Lock';
      run('dbus-send', [...call, name, `array:objpath:${service}/collection/login`]);
    },
    async [Symbol.asyncDispose]() {
      const ended = finished(child);
      child.stdin.end();
      await ended;
      folder[Symbol.dispose]();
    },
  };
}
