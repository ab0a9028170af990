/** Windows has no modes: a private key gets an access list of one entry, its owner's, as OpenSSH there demands. */

import { execFile } from 'node:child_process';
import { userInfo } from 'node:os';
import { promisify } from 'node:util';
import { windowsProgram } from '../core/program-paths.ts';
import { LocalSystemError, systemCode } from '../errors.ts';

export interface AclCommand {
  readonly program: string;
  readonly args: readonly string[];
}

/** Resolves with what the program printed; rejects when it failed. */
type RunCommand = (command: AclCommand) => Promise<string>;

type Environment = Readonly<Record<string, string | undefined>>;

/** What `whoami /user` answers: a name, which has another form in each language and domain, and the id that has not. */
export function readUserId(answer: string): string | undefined {
  return /"(S-1-(?:\d+-)+\d+)"\s*$/.exec(answer)?.[1];
}

interface KeyPlace {
  /** The file that is restricted. */
  readonly path: string;
  /** As people know it. */
  readonly name: string;
  /** Whether the key is in it already, and stays. */
  readonly isWritten: boolean;
}

interface Surroundings {
  readonly environment: Environment;
  /** What this account is called, as Windows itself says it. */
  userName(this: void): string;
}

const ownSurroundings: Surroundings = { environment: process.env, userName: () => userInfo().username };

/** Nothing is inherited, and the user has what there is. A new file gets it before anything is written: until then it has that of its folder. */
export async function restrictToOwner(
  place: KeyPlace,
  run: RunCommand = runHidden,
  surroundings: Surroundings = ownSurroundings,
): Promise<void> {
  const { environment } = surroundings;
  const found = await findUser(run, environment);
  const user = 'id' in found ? `*${found.id}` : nameOf(surroundings);
  const program = windowsProgram('icacls.exe', environment);
  try {
    await run({ program, args: [place.path, '/inheritance:r', '/grant:r', `${user}:F`, '/q'] });
  } catch (cause) {
    const first = 'id' in found ? '' : `${found.problem}, and `;
    throw notRestricted(place, `${first}icacls.exe ${failureOf(cause, program)}`, cause);
  }
}

/** Some offices let nobody start whoami. */
async function findUser(
  run: RunCommand,
  environment: Environment,
): Promise<{ readonly id: string } | { readonly problem: string }> {
  const program = windowsProgram('whoami.exe', environment);
  try {
    const id = readUserId(await run({ program, args: ['/user', '/fo', 'csv', '/nh'] }));
    return id === undefined ? { problem: 'whoami.exe names no user' } : { id };
  } catch (error) {
    return { problem: `whoami.exe ${failureOf(error, program)}` };
  }
}

/** With its domain, or machine: an account of the machine's may be called the same as one of a domain. */
function nameOf({ environment, userName }: Surroundings): string {
  const domain = environment['USERDOMAIN'];
  return domain ? `${domain}\\${userName()}` : userName();
}

function failureOf(cause: unknown, program: string): string {
  if (systemCode(cause) === 'ENOENT') return `is not there (${program})`;
  const { code, killed, stderr, stdout } = cause as Readonly<Record<string, unknown>>;
  if (killed === true) return `did not end within ${limitMs / 1000} s`;
  const texts = [stderr, stdout].filter((text) => typeof text === 'string');
  const [said = ''] = texts.join('\n').trim().split(/\r?\n/);
  const status = typeof code === 'number' ? `ended with status ${code}` : 'failed';
  return said === '' ? status : `${status}: ${said.slice(0, mostSaid)}`;
}

function notRestricted({ name, isWritten }: KeyPlace, why: string, cause?: unknown): LocalSystemError {
  const stands = isWritten ? 'the key is there as it was, and others may read it' : 'nothing was written';
  const byHand = `make it yours alone in its Properties (Security, Advanced), or by: icacls "${name}" /inheritance:r /grant:r "%USERNAME%:F"`;
  const elsewhere = 'choose a folder of yours on an NTFS drive with --output or BAI_SSH_DIR';
  return new LocalSystemError(`${name} could not be made yours alone: ${why}; ${stands}`, {
    code: 'acl-not-set',
    hint: `ssh takes no key that others can read: ${isWritten ? byHand : elsewhere}`,
    details: { path: name },
    cause,
  });
}

const limitMs = 10_000;
const mostSaid = 200;

async function runHidden({ program, args }: AclCommand): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, { windowsHide: true, timeout: limitMs });
  return stdout;
}
