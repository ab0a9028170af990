/**
 * Every error code with the exit status it ends with and what it means: scripts switch on them, so a published one never changes its
 * meaning. A code that stands in no row does not compile, and docs/exit-codes.md is written from here (`npm run docs:codes`).
 */

import { commandLineCodes } from './command-line.ts';
import { fileCodes } from './files.ts';
import { keyCodes } from './keys.ts';
import { machineCodes } from './machine.ts';
import { managerCodes } from './manager.ts';
import { sessionCodes } from './sessions.ts';
import { sshCodes } from './ssh.ts';

/** By the sections of the document. */
export const errorCodes = {
  'The command line and settings': commandLineCodes,
  'The manager': managerCodes,
  Sessions: sessionCodes,
  'Apps, tunnels and ssh': sshCodes,
  'Keys and host keys': keyCodes,
  Files: fileCodes,
  'This machine, and bai itself': machineCodes,
} as const;

type Codes = typeof errorCodes;

/** The last kind is an error of this system that nobody has words for, by its name in lower case. */
export type ErrorCode = { [Group in keyof Codes]: keyof Codes[Group] }[keyof Codes] | `local-e${string}`;
