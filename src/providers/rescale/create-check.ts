/** What of a request for a job can be checked without asking the platform. */

import { checkStrength, type PublicLine, plainPublicLine } from '../../core/keys/public-line.ts';
import { controlCharacterProblem } from '../../core/text/text-check.ts';
import { UsageError } from '../../errors.ts';
import type { CidrWish } from './cidr.ts';

export interface JobRequest {
  /** Nothing: the job has none of its own. */
  readonly name: string | undefined;
  /** Its code, such as `user_included`. */
  readonly analysis: string;
  /** Its code; nothing: the only one there is. */
  readonly version: string | undefined;
  /** Its code, such as `emerald`. */
  readonly coreType: string;
  readonly cores: number;
  /** After which the platform ends the job, whatever it does. */
  readonly hours: number;
  /** Nothing: one that waits, so that the machines stay. */
  readonly command: string | undefined;
  /** Cheaper, and taken away when somebody else pays more. */
  readonly isLowPriority: boolean;
  /** Nothing: that of the owner's profile, which counts in any case when it is there. */
  readonly publicKey: PublicLine | undefined;
  /** Nothing: the rule of the owner's profile. */
  readonly cidr: CidrWish | undefined;
}

/** Does not end; the machines are there until the job is stopped, or its hours are over. */
export const waitingCommand = 'sleep inf';

/** Two weeks, as the vendor's own client has it: a larger number is seconds by mistake. */
const mostHours = 336;

/** Throws a UsageError that names the option. */
export function checkJobRequest({ name, analysis, coreType, cores, hours, command }: JobRequest): void {
  for (const [option, text] of Object.entries({
    '--name': name,
    'the analysis': analysis,
    '--core-type': coreType,
  })) {
    const problem =
      text === undefined ? undefined : text.trim() === '' ? 'is empty' : controlCharacterProblem(text);
    if (problem !== undefined) throw new UsageError(`${option} ${problem}`);
  }
  if (!Number.isInteger(cores) || cores < 1)
    throw new UsageError(`--cores is a whole number from 1 on, not ${cores}`);
  if (!Number.isInteger(hours) || hours < 1 || hours > mostHours)
    throw new UsageError(`--hours is a whole number of hours from 1 to ${mostHours}, not ${hours}`, {
      hint: 'Rescale counts in hours, and ends the job after them; `bai session terminate` ends it before',
    });
  if (command !== undefined && command.trim() === '')
    throw new UsageError('the command is empty', {
      hint: `leave it out: the job then runs \`${waitingCommand}\`, which waits for you`,
    });
}

/** What the vendor's client lets through: the platform refuses all others. */
function isTakenForJobs({ type }: PublicLine): boolean {
  return /^(ssh-rsa|ecdsa-sha2-nistp(256|384|521))$/.test(type);
}

/** The line as it is sent. `origin` names the key in the UsageError that every other is. */
export function jobKeyLine(key: PublicLine, origin: string): string {
  if (isTakenForJobs(key)) {
    checkStrength(key.type, key.blob, origin);
    return plainPublicLine(key);
  }
  if (key.type === 'ssh-dss') checkStrength(key.type, key.blob, origin);
  throw new UsageError(`${origin} is a key of the type ${key.type}, which Rescale does not take for a job`, {
    code: 'key-type-refused',
    hint: 'make one of RSA: `bai key generate --type rsa --bits 4096`; ECDSA is taken as well',
  });
}
