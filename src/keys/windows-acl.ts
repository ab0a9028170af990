/** Windows has no modes: a private key gets an access list of one entry, its owner's, as OpenSSH there demands. */

import { execFile } from 'node:child_process';
import { win32 } from 'node:path';
import { promisify } from 'node:util';
import { LocalSystemError } from '../errors.ts';

export interface AclCommand {
  readonly program: string;
  readonly args: readonly string[];
}

/** Resolves with what the program printed; rejects when it failed. */
type RunCommand = (command: AclCommand) => Promise<string>;

/** By whole path: a program of that name in the current folder would be started first. */
function systemProgram(name: string, systemRoot: string): string {
  return win32.join(systemRoot, 'System32', name);
}

function askForUser(systemRoot: string): AclCommand {
  return { program: systemProgram('whoami.exe', systemRoot), args: ['/user', '/fo', 'csv', '/nh'] };
}

/** What `askForUser` answers: a name, which has another form in each language and domain, and the id that has not. */
export function readUserId(answer: string): string | undefined {
  return /"(S-1-(?:\d+-)+\d+)"\s*$/.exec(answer)?.[1];
}

/** Nothing is inherited, and the user has what there is. */
function ownerOnly(path: string, userId: string, systemRoot: string): AclCommand {
  const program = systemProgram('icacls.exe', systemRoot);
  return { program, args: [path, '/inheritance:r', '/grant:r', `*${userId}:F`, '/q'] };
}

/** Before anything is written into the file: until then it has the access list of its folder. */
export async function restrictToOwner(
  path: string,
  run: RunCommand = runHidden,
  systemRoot = process.env['SystemRoot'] ?? 'C:\\Windows',
): Promise<void> {
  try {
    const userId = readUserId(await run(askForUser(systemRoot)));
    if (userId === undefined) throw new Error('whoami named no user');
    await run(ownerOnly(path, userId, systemRoot));
  } catch (cause) {
    throw new LocalSystemError(`${path} could not be made yours alone`, {
      code: 'acl-not-set',
      hint: 'ssh takes no key that others can read: choose a folder on an NTFS drive with --output or BAI_SSH_DIR',
      cause,
    });
  }
}

async function runHidden({ program, args }: AclCommand): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, { windowsHide: true, timeout: 10_000 });
  return stdout;
}
