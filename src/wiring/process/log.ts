/** Writes milestones where they are asked for: to stderr, and to the file that `BAI_LOG` names. */

import { closeSync, fstatSync, writeSync } from 'node:fs';
import { followMilestones, type Milestone } from '../../core/milestones.ts';
import type { Reporter } from '../../core/reporter.ts';
import { sanitizeLine } from '../../core/text/sanitize.ts';
import { LocalSystemError, systemCode } from '../../errors.ts';
import { openToAppend } from '../../files/append-file.ts';

interface LogTargets {
  readonly reporter: Reporter | undefined;
  /** A whole path. */
  readonly file: string | undefined;
}

/** Disposal closes the file. */
export function writeLog({ reporter, file }: LogTargets): Disposable {
  const fd = file === undefined ? undefined : openLog(file);
  const begun = performance.now();
  const following = followMilestones(({ subject, text }: Milestone) => {
    const line = `${subject.padEnd(8)} ${sanitizeLine(text)}`;
    reporter?.info(`${seconds(performance.now() - begun)} ${line}`);
    if (fd === undefined) return;
    try {
      writeSync(fd, `${new Date().toISOString()} [${process.pid}] ${line}\n`);
    } catch {
      // A full disk is no reason for the command to fail that is logged.
    }
  });
  return {
    [Symbol.dispose]() {
      following[Symbol.dispose]();
      if (fd !== undefined) closeSync(fd);
    },
  };
}

/** Appended to, for a script runs many commands; for its owner alone. Neither a link nor a pipe is written to. */
function openLog(path: string): number {
  let fd: number;
  try {
    fd = openToAppend(path);
  } catch (error) {
    throw notWritable(path, systemCode(error) ?? 'unknown', error);
  }
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw notWritable(path, 'it is no file');
}

function notWritable(path: string, reason: string, cause?: unknown): LocalSystemError {
  return new LocalSystemError(`BAI_LOG: ${path} cannot be written (${reason})`, {
    code: 'log-not-writable',
    hint: 'name a file in a folder that you may write to; a link is not followed',
    cause,
  });
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(3)}s`;
}
