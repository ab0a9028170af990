/** What the emulated platform takes for a job. */

import { parseJson } from '../../core/text/json.ts';
import type { RescaleAccount } from './accounts.ts';
import { analyses, type CoreType, coreTypes } from './catalog.ts';
import { isRule } from './cidr-rule.ts';
import type { JobSpec } from './job.ts';
import { invalid } from './refusals.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Throws a refusal with status 400 that names the fields. */
export function jobSpecOf(body: Buffer, account: RescaleAccount, version: 'v2' | 'v3'): Omit<JobSpec, 'id'> {
  const fields = fieldsOf(parseJson(body.toString()));
  if (fields === undefined) throw invalid({ detail: 'JSON parse error' });
  const [first] = Array.isArray(fields['jobanalyses']) ? fields['jobanalyses'] : [];
  const wanted = fieldsOf(first);
  if (wanted === undefined) throw invalid({ jobanalyses: ['This field is required.'] });
  const hardware = fieldsOf(wanted['hardware']) ?? {};
  const kind = coreTypeOf(hardware, version);
  const cores = coresOf(hardware, kind);
  return {
    name: typeof fields['name'] === 'string' ? fields['name'] : 'Untitled Job',
    account,
    analysis: analysisOf(fieldsOf(wanted['analysis']) ?? {}),
    coreType: kind.code,
    cores,
    nodes: Math.max(1, cores / Math.max(...kind.cores)),
    command: commandOf(wanted),
    walltime: walltimeOf(hardware),
    isLowPriority: fields['isLowPriority'] === true,
    // Whether v2 takes them is not known: a client that counts on it finds out here.
    ...(version === 'v3'
      ? accessOf(fields)
      : { publicKey: undefined, cidrRule: undefined, sshPort: undefined }),
  };
}

function fieldsOf(value: unknown): Fields | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.fromEntries(Object.entries(value));
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function refuse(field: string, words: string): never {
  throw invalid({ jobanalyses: [{ [field]: [words] }] });
}

function coreTypeOf({ coreType }: Fields, version: 'v2' | 'v3'): CoreType {
  const code = version === 'v3' ? fieldsOf(coreType)?.['code'] : coreType;
  const found = coreTypes.find((each) => each.code === code && !each.isDeprecated);
  return found ?? refuse('hardware', `Invalid core type "${textOf(code)}".`);
}

function coresOf({ coresPerSlot }: Fields, { cores }: CoreType): number {
  const wanted = Number(coresPerSlot);
  const largest = Math.max(...cores);
  const isWhole = Number.isInteger(wanted) && wanted > largest && wanted % largest === 0;
  if (cores.includes(wanted) || isWhole) return wanted;
  return refuse('hardware', `Invalid number of cores per slot.`);
}

function analysisOf({ code, version }: Fields): JobSpec['analysis'] {
  const found = analyses.find((each) => each.code === code);
  if (found === undefined) return refuse('analysis', `Invalid analysis "${textOf(code)}".`);
  const [first] = found.versions;
  const wanted = version === undefined ? first?.versionCode : textOf(version);
  if (!found.versions.some(({ versionCode }) => versionCode === wanted))
    return refuse('analysis', `Invalid version "${textOf(version)}".`);
  return { code: found.code, name: found.name, version: wanted ?? '' };
}

function commandOf({ command }: Fields): string {
  if (typeof command === 'string' && command.trim() !== '') return command;
  return refuse('command', 'This field may not be blank.');
}

function walltimeOf({ walltime }: Fields): number | undefined {
  if (walltime === undefined || walltime === null) return undefined;
  if (typeof walltime === 'number' && Number.isInteger(walltime) && walltime > 0) return walltime;
  return refuse('hardware', 'A valid integer is required.');
}

function accessOf({
  publicKey,
  cidrRule,
  sshPort,
}: Fields): Pick<JobSpec, 'publicKey' | 'cidrRule' | 'sshPort'> {
  if (cidrRule !== undefined && (typeof cidrRule !== 'string' || !isRule(cidrRule)))
    throw invalid({ cidrRule: ['Enter a valid CIDR rule.'] });
  if (publicKey !== undefined && (typeof publicKey !== 'string' || !isTakenKey(publicKey)))
    throw invalid({ publicKey: ['Enter a valid SSH public key.'] });
  return {
    publicKey: typeof publicKey === 'string' ? publicKey : undefined,
    cidrRule: typeof cidrRule === 'string' ? cidrRule : undefined,
    sshPort: typeof sshPort === 'number' ? sshPort : undefined,
  };
}

/** By its first word alone, as the vendor's client checks it. */
function isTakenKey(line: string): boolean {
  return /^(ssh-rsa|ssh-dss|ecdsa-sha2-nistp(256|384|521)) \S/.test(line);
}
