/** An ssh-agent of the test's own, and keys in it. */

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { until } from '../contract/app-bed.ts';
import { tempFolder } from './temp-folder.ts';

export interface TestAgent extends AsyncDisposable {
  readonly socket: string;
  readonly pid: number;
  add(path: string): void;
  /** `SHA256:…` of each key, in the agent's order. */
  fingerprints(): string[];
}

export async function startAgent(): Promise<TestAgent> {
  const folder = tempFolder();
  const socket = join(folder.path, 'agent');
  const child = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
  const env = { PATH: process.env['PATH'], SSH_AUTH_SOCK: socket };
  const list = (): string => {
    try {
      return execFileSync('ssh-add', ['-l', '-E', 'sha256'], { env, encoding: 'utf8', stdio: 'pipe' });
    } catch (error) {
      // It ends with 1 where there is no key, and with 2 where there is no agent.
      if (Reflect.get(Object(error), 'status') === 1) return '';
      throw error;
    }
  };
  const answers = (): boolean => {
    try {
      list();
      return true;
    } catch {
      return false;
    }
  };
  await until(answers, 'ssh-agent answers');
  return {
    socket,
    pid: child.pid ?? 0,
    add: (path) => void execFileSync('ssh-add', ['-q', path], { env, stdio: 'pipe' }),
    fingerprints: () => [...list().matchAll(/SHA256:\S+/g)].map(([text]) => text),
    async [Symbol.asyncDispose]() {
      const gone = once(child, 'close');
      child.kill();
      await gone;
      folder[Symbol.dispose]();
    },
  };
}

/** A new key pair at `path` and `path`.pub, and its fingerprint. */
export function makeKey(
  path: string,
  options: readonly string[] = ['-t', 'ed25519'],
  passphrase = '',
): string {
  execFileSync('ssh-keygen', ['-q', ...options, '-N', passphrase, '-C', 'test', '-f', path]);
  return execFileSync('ssh-keygen', ['-l', '-f', path], { encoding: 'utf8' }).split(' ')[1] ?? '';
}
