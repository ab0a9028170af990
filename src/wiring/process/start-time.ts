/** When processes were started, for systems that tell it by a program alone. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Environment } from '../../context.ts';
import { programPath } from '../../ssh/programs.ts';

/** `ps` has no more to do than to look. */
const limitMs = 2_000;

/** As `ps` puts it; empty where it is not there, or does not know. */
export function askStartOf(environment: Environment): (pid: number) => Promise<string> {
  return async (pid) => {
    if (process.platform === 'win32') return '';
    // The same words whoever asks: another language or time zone would make another process of it.
    const env = { ...environment, LC_ALL: 'C', TZ: 'UTC' };
    const args = ['-o', 'lstart=', '-p', String(pid)];
    const asked = promisify(execFile)(programPath('ps', environment), args, {
      env,
      timeout: limitMs,
      killSignal: 'SIGKILL',
    });
    return await asked.then(
      ({ stdout }) => stdout.trim(),
      () => '',
    );
  };
}
