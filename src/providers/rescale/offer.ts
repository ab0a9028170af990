/** What a job would be and cost, before there is one. Experimental: nobody with an account has confirmed it. */

import { similarNames } from '../../core/text/similar.ts';
import { NotFoundError, UsageError } from '../../errors.ts';
import { everywhere } from './cidr.ts';
import type { RescaleClient } from './client.ts';
import { checkJobRequest, type JobRequest, jobKeyLine, waitingCommand } from './create-check.ts';
import { readPages } from './pages.ts';
import { type Analysis, analysisSchema, type CoreType, coreTypeSchema } from './schema.ts';

interface JobCost {
  readonly coreHours: number;
  /** Of one core for one hour, in the account's currency, which the platform does not name; nothing: it does not tell. */
  readonly pricePerCoreHour: number | undefined;
  /** When the job runs until its hours are over. */
  readonly most: number | undefined;
}

export interface JobOffer {
  readonly name: string;
  readonly analysis: string;
  readonly version: string | undefined;
  readonly coreType: string;
  readonly cores: number;
  readonly hours: number;
  readonly command: string;
  readonly isLowPriority: boolean;
  /** The line as it is sent; nothing: that of the owner's profile counts. */
  readonly publicKey: string | undefined;
  /** Nothing: that of the owner's profile counts. */
  readonly cidrRule: string | undefined;
  readonly cost: JobCost;
  /** What somebody should know before he says yes. */
  readonly notes: readonly string[];
}

interface OfferDeps {
  readonly client: RescaleClient;
  /** Names the key in errors, such as its file. */
  readonly keyOrigin: string;
  /** Asked for `--cidr mine` alone. */
  readonly myAddress: () => Promise<string>;
  readonly signal: AbortSignal;
}

const usualName = 'bai';

/** Makes nothing. Throws a UsageError or NotFoundError that names the choices when one is wrong. */
export async function offerJob(request: JobRequest, deps: OfferDeps): Promise<JobOffer> {
  checkJobRequest(request);
  const publicKey = request.publicKey && jobKeyLine(request.publicKey, deps.keyOrigin);
  const { client, signal } = deps;
  const [analyses, coreTypes] = await Promise.all([
    readPages(client, { what: 'list the analyses', path: 'v2/analyses/', signal }, analysisSchema),
    readPages(
      client,
      { what: 'list the core types', path: 'v2/coretypes/', query: { isActive: 'true' }, signal },
      coreTypeSchema,
    ),
  ]);
  const analysis = oneOf('analysis', request.analysis, analyses.items);
  const coreType = oneOf('core type', request.coreType, coreTypes.items);
  const version = versionOf(analysis, coreType, request.version);
  checkCores(coreType, request.cores);
  const { cores, hours, isLowPriority } = request;
  return {
    ...{ name: request.name ?? usualName, analysis: analysis.code, version, coreType: coreType.code },
    ...{ cores, hours, isLowPriority, publicKey },
    command: request.command ?? waitingCommand,
    cidrRule: await ruleOf(request, deps),
    cost: costOf(coreType, request),
    notes: notesOf(request),
  };
}

function oneOf<T extends { readonly code: string; readonly name: string }>(
  kind: string,
  wanted: string,
  all: readonly T[],
): T {
  const found = all.find(({ code }) => code === wanted) ?? onlyNamed(wanted, all);
  if (found !== undefined) return found;
  const codes = all.map(({ code }) => code);
  const near = similarNames(wanted, codes);
  const some =
    near.length > 0
      ? `did you mean ${near.join(' or ')}?`
      : `there are: ${codes.slice(0, 20).join(', ')}${codes.length > 20 ? ', …' : ''}`;
  throw new NotFoundError(`Rescale offers you no ${kind} ${wanted}`, {
    hint: codes.length === 0 ? 'it offers none: ask the administrator of your workspace' : some,
  });
}

/** By what the web page calls it, when only one is called so. */
function onlyNamed<T extends { readonly name: string }>(wanted: string, all: readonly T[]): T | undefined {
  const named = all.filter(({ name }) => name.toLowerCase() === wanted.toLowerCase());
  return named.length === 1 ? named[0] : undefined;
}

function versionOf(analysis: Analysis, { code }: CoreType, wanted: string | undefined): string | undefined {
  const { versions } = analysis;
  const nameOf = ({ versionCode, version }: Analysis['versions'][number]): string =>
    versionCode ?? version ?? '';
  const names = versions.map(nameOf).filter((name) => name !== '');
  if (wanted === undefined && names.length > 1)
    throw new UsageError(`${analysis.code} has several versions: name one`, {
      hint: `give --analysis-version with one of ${names.slice(0, 20).join(', ')}`,
    });
  const found =
    versions.find((each) => nameOf(each) === wanted) ?? versions.find(({ version }) => version === wanted);
  if (wanted !== undefined && found === undefined && names.length > 0)
    throw new NotFoundError(`${analysis.code} has no version ${wanted}`, {
      hint: `there are: ${names.slice(0, 20).join(', ')}`,
    });
  const chosen = found ?? versions[0];
  const allowed = chosen?.allowedCoreTypes ?? [];
  if (allowed.length > 0 && !allowed.includes(code))
    throw new UsageError(`${analysis.code} does not run on the core type ${code}`, {
      hint: `it runs on ${allowed.slice(0, 20).join(', ')}`,
    });
  return (chosen && nameOf(chosen)) || wanted;
}

/** A machine has one of these numbers of cores; of the largest there can be several. */
function checkCores({ code, cores }: CoreType, wanted: number): void {
  const largest = Math.max(...cores);
  if (cores.length === 0 || cores.includes(wanted) || (wanted > largest && wanted % largest === 0)) return;
  throw new UsageError(`machines of the core type ${code} do not have ${wanted} cores`, {
    hint: `they have ${cores.join(', ')}, or a multiple of ${largest} as several machines`,
  });
}

function costOf(coreType: CoreType, { cores, hours, isLowPriority }: JobRequest): JobCost {
  const price = Number((isLowPriority ? coreType.lowPriorityPrice : coreType.price) ?? Number.NaN);
  const pricePerCoreHour = Number.isFinite(price) && price >= 0 ? price : undefined;
  const coreHours = cores * hours;
  return { coreHours, pricePerCoreHour, most: pricePerCoreHour && pricePerCoreHour * coreHours };
}

async function ruleOf({ cidr }: JobRequest, { myAddress }: OfferDeps): Promise<string | undefined> {
  if (cidr === undefined) return undefined;
  if (cidr.kind === 'everywhere') return everywhere;
  if (cidr.kind === 'rules') return cidr.rules;
  const address = await myAddress();
  return `${address}/${address.includes(':') ? 128 : 32}`;
}

function notesOf({ cidr, publicKey, isLowPriority, command }: JobRequest): readonly string[] {
  return [
    ...(publicKey === undefined
      ? ['the key of your profile at Rescale is what lets you in: without one nobody gets in']
      : []),
    ...(cidr?.kind === 'everywhere'
      ? ['newer workspaces of Rescale do not allow a rule for every address']
      : []),
    ...(isLowPriority ? ['a job of low priority may be interrupted at any time'] : []),
    ...(command === undefined ? [] : ['the job ends with its command, and nobody gets in any more']),
  ];
}

/** `2 cores of emerald for up to 8 hours: at most 3.20 (0.20 for a core and hour)` */
export function describeCost({ cores, hours, coreType, cost }: JobOffer): string {
  const what = `${cores} ${cores === 1 ? 'core' : 'cores'} of ${coreType} for up to ${hours} ${hours === 1 ? 'hour' : 'hours'}`;
  const { most, pricePerCoreHour: price } = cost;
  if (most === undefined || price === undefined) return `${what}: Rescale does not tell what that costs`;
  return `${what}: at most ${amount(most)} (${amount(price)} for a core and hour, in the currency of your account), and what software and storage cost`;
}

function amount(value: number): string {
  return value >= 1 || value === 0 ? value.toFixed(2) : value.toPrecision(3).replace(/(\.\d\d\d*?)0+$/, '$1');
}
