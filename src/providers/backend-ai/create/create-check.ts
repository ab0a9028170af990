/** What of a request for a session can be checked before it is sent: what managers say of it is hard to read. */

import { controlCharacterProblem } from '../../../core/text/text-check.ts';
import { UsageError } from '../../../errors.ts';
import { sessionNameProblem } from '../manager/states.ts';
import type { ComputeSessionRequest } from '../session/compute-session.ts';

/** Throws a UsageError that names the option. */
export function checkCreateRequest(session: ComputeSessionRequest): void {
  const problem = sessionNameProblem(session.name);
  if (problem) throw new UsageError(`"${session.name}" is not a valid session name`, { hint: problem });
  if (session.type === 'batch' && !session.startupCommand) {
    throw new UsageError('a batch session needs a command', { hint: 'give it with --startup-command' });
  }
  for (const [option, text] of names(session)) checkName(option, text);
  checkAmounts(session);
  const { priority } = session;
  if (priority !== undefined && !(priority >= 0 && priority <= 100))
    throw new UsageError(`--priority is a number from 0 to 100, not ${priority}`);
}

function names(session: ComputeSessionRequest): (readonly [string, string])[] {
  const { image, project, domain, resourceGroup, architecture, tag, mounts } = session;
  const single = { 'the image': image, '--project': project, '--domain': domain } as const;
  const more = { '--scaling-group': resourceGroup, '--architecture': architecture, '--tag': tag };
  return [
    ...Object.entries({ ...single, ...more }).flatMap(([option, text]) =>
      text === undefined ? [] : [[option, text] as const],
    ),
    ...Object.entries(mounts).flatMap(([folder, path]) => [
      ['--mount', folder] as const,
      ...(path === '' ? [] : [['--mount', path] as const]),
    ]),
  ];
}

function checkName(option: string, text: string): void {
  const problem = text.trim() === '' ? 'is empty' : controlCharacterProblem(text);
  if (problem !== undefined) throw new UsageError(`${option} ${problem}`);
}

/** Slots are counted, or measured with the units of memory. */
function checkAmounts({ resources, resourceOptions }: ComputeSessionRequest): void {
  for (const [slot, amount] of Object.entries(resources)) {
    if (!/^[A-Za-z][\w.-]*$/.test(slot)) throw notAnAmount('--resources', slot, amount);
    if (!(slot === 'cpu' ? isCount(amount) : isSize(amount))) throw notAnAmount('--resources', slot, amount);
  }
  const { shmem } = resourceOptions;
  if (shmem !== undefined && !isSize(shmem)) throw notAnAmount('--resource-opts', 'shmem', shmem);
}

function isCount(amount: string): boolean {
  return /^\d+(\.\d+)?$/.test(amount);
}

/** `512m`, `4g`, `2GiB`, `1.5t` or a number of bytes. */
function isSize(amount: string): boolean {
  return /^\d+(\.\d+)?\s?([kmgtpe](i?b)?|b)?$/i.test(amount);
}

function notAnAmount(option: string, slot: string, amount: string): UsageError {
  return new UsageError(`${option} wants ${slot} with an amount, not "${slot}=${amount}"`, {
    hint: 'for example -r cpu=2 -r mem=4g -r cuda.shares=0.5',
  });
}
