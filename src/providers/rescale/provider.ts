/** Rescale: jobs of its platform, reached by TCP at the address of their head node. Experimental where `offer.ts` says so. */

import type { CreatePlan } from '../../core/session/creation.ts';
import type {
  Absence,
  CreatedSession,
  CreateRequest,
  CreateTools,
  Feature,
  Provider,
  SessionListFilter,
  TerminateOptions,
} from '../../core/session/provider.ts';
import type { SessionRef } from '../../core/session/session.ts';
import { UsageError } from '../../errors.ts';
import type { Network } from '../../net/network.ts';
import { directCheckup } from '../../net/server-stages.ts';
import { dialSsh } from '../../net/ssh-dial.ts';
import type { RescaleClient } from './client.ts';
import { createJob } from './create.ts';
import type { JobRequest } from './create-check.ts';
import { explainRefusal } from './explain-refusal.ts';
import { title } from './facts.ts';
import { headNodeAddress } from './head-node.ts';
import { hostKeyAlias } from './host-key-alias.ts';
import {
  accountOf,
  describeJob,
  findJobs,
  isJobId,
  jobHistory,
  jobInstances,
  listJobs,
  stopJob,
} from './jobs.ts';
import { listing } from './listing.ts';
import { describeCost, type JobOffer, offerJob } from './offer.ts';
import { phaseOf, statusKey, statusWords } from './phase.ts';
import { planOf } from './plan.ts';
import { type RescaleJob, type RescaleJobDetails, rescaleJob, rescaleJobDetails } from './rescale-job.ts';
import { rescale } from './rescale-name.ts';

interface RescaleParts {
  readonly client: RescaleClient;
  readonly network: Network;
  readonly userAgent: string;
  readonly now: () => Date;
  /** How long a machine that is listed may refuse connections. */
  readonly answerMs: number;
  /** Between two looks at a job that starts; the platform counts how often an account asks. */
  readonly pollMs?: number | undefined;
  /** Asked for `--cidr mine` alone. */
  readonly myAddress: (signal: AbortSignal) => Promise<string>;
  readonly info: (message: string) => void;
  readonly warn: (message: string, hint: string) => void;
}

export interface RescaleJobRequest extends CreateRequest, JobRequest {
  /** Empty: the job has none of its own. */
  readonly name: string;
  /** Names the public key in errors, such as its file. */
  readonly keyOrigin: string;
}

/** What is the same on every platform of Rescale. */
const rescaleJobs = {
  name: 'rescale',
  title,
  listing,
  isId: isJobId,
  isIdPrefix: (text: string): boolean => isJobId(text) && text.length >= 4,
  idsHaveCase: true,
  phaseOf,
  waitPhase: ({ phase }: RescaleJobDetails) => phase,
} as const satisfies Partial<Provider>;

const pasted: Absence = {
  why: 'keeps one public key in your profile, which no call reads or writes',
  instead:
    'paste it there: User Profile Settings, Job Settings, SSH Public Key; `bai key show FILE --copy` puts the line into the clipboard, and `bai session create … --public-key FILE.pub` gives it to one job',
};

const absences: Partial<Readonly<Record<Feature, Absence>>> = {
  rename: {
    why: 'has no call that renames jobs',
    instead: "rename it on the job's page, or go by the id, which `bai session list` shows",
  },
  extend: {
    why: 'has no call that gives jobs more time',
    instead: 'start the next one with more hours: `bai session create … --hours N`',
  },
  accountKey: pasted,
  publicKeys: pasted,
};

export function createRescale(parts: RescaleParts): Provider {
  const { client, network } = parts;
  return {
    ...rescaleJobs,
    absences,
    pollMs: parts.pollMs ?? usualPollMs,
    hostKeyAlias: ({ id }) => hostKeyAlias(client.address, id),
    find: async (reference, signal) => (await findJobs(client, reference, signal)).map(rescaleJob),
    list: (filter, signal) => list(filter, signal, parts),
    async describe(id, signal) {
      const job = await describeJob(client, id, signal);
      return job && rescaleJobDetails(job);
    },
    async access(session, { signal, silenceMs }) {
      const { user, host, port } = headNodeAddress(
        session.name,
        await jobInstances(client, session.id, signal),
      );
      return {
        user,
        place: `${host}:${port}`,
        hostKeyAlias: hostKeyAlias(client.address, session.id),
        hostKeyTrust: 'first-use',
        dial: (until) =>
          dialSsh(
            {
              ...{ network, target: { host, port }, silenceMs, onWait: parts.info },
              label: `SSH server of job ${session.name}`,
              patienceMs: parts.answerMs,
              silentHint: cidrHint,
              refusedHint: `the machine may still start: try again; \`bai session info ${session.id}\` shows the job`,
            },
            until,
          ),
      };
    },
    create: (request: RescaleJobRequest, tools) => create(request, tools, parts),
    plan: (request: RescaleJobRequest, { signal }) => plan(request, signal, parts),
    terminate: (session, options, signal) => terminate(session, options, { client, signal }),
    logs: (session, signal) => logs(session, client, signal),
    signedInAs: (signal) => accountOf(client, signal),
    checkup: directCheckup({
      ...{ endpoint: client.address, network, userAgent: parts.userAgent, now: parts.now },
      ...{ server: rescale, helloPath: 'api/v2/users/me/' },
      signedInAs: (signal) => accountOf(client, signal),
    }),
    explainRefusal: (refusal, signal) => explainRefusal(refusal, client, signal),
    [Symbol.asyncDispose]: () => network.close(),
  };
}

const usualPollMs = 10_000;

/** Nobody refuses there: what a rule does not let in is dropped. */
const cidrHint =
  'most likely the rule of the job does not let your address in: Access Restriction (CIDR) in User Profile Settings, Job Settings at Rescale, which counts at once, or --cidr of the job; else a firewall on your side keeps that port shut';

async function list(
  filter: SessionListFilter,
  signal: AbortSignal,
  { client, warn }: RescaleParts,
): Promise<readonly RescaleJob[]> {
  if (filter.owner !== 'own')
    throw new UsageError('Rescale lists your jobs, and those that others share with you', {
      code: 'unsupported',
      hint: 'leave out --all-users and --owner',
    });
  const { statuses, name } = filter;
  const wanted = typeof statuses === 'string' ? undefined : new Set(statuses.map(checkedStatus));
  const { items, isCut } = await listJobs(client, { all: statuses !== 'live', signal });
  if (isCut)
    warn(`only ${items.length} jobs are listed, and there are more`, 'end or delete old ones at Rescale');
  return items
    .map(rescaleJob)
    .filter((job) => wanted === undefined || wanted.has(statusKey(job.status)))
    .filter((job) => name === undefined || job.name === name);
}

function checkedStatus(word: string): string {
  if (statusWords.some((known) => statusKey(known) === statusKey(word))) return statusKey(word);
  throw new UsageError(`Rescale knows no status ${word}`, { hint: `statuses: ${statusWords.join(', ')}` });
}

function offered(
  request: RescaleJobRequest,
  signal: AbortSignal,
  { client, myAddress }: RescaleParts,
): Promise<JobOffer> {
  const { keyOrigin } = request;
  const named = { ...request, name: request.name === '' ? undefined : request.name };
  return offerJob(named, { client, keyOrigin, myAddress: () => myAddress(signal), signal });
}

async function plan(
  request: RescaleJobRequest,
  signal: AbortSignal,
  parts: RescaleParts,
): Promise<CreatePlan> {
  return planOf(await offered(request, signal, parts));
}

async function create(
  request: RescaleJobRequest,
  { signal, info, confirm }: CreateTools,
  parts: RescaleParts,
): Promise<CreatedSession> {
  const { client } = parts;
  const offer = await offered(request, signal, parts);
  info(describeCost(offer));
  for (const note of offer.notes) info(note);
  await confirm(`create job ${offer.name}?`);
  const { id, name } = await createJob(client, offer, signal);
  return { id, name, status: 'Pending', created: true, image: offer.analysis };
}

async function terminate(
  { id }: SessionRef,
  { forced, recursive }: TerminateOptions,
  { client, signal }: { readonly client: RescaleClient; readonly signal: AbortSignal },
): Promise<void> {
  const option = forced ? '--force' : recursive ? '--recursive' : undefined;
  if (option !== undefined)
    throw new UsageError(`Rescale has no ${option}`, {
      code: 'unsupported',
      hint: `leave it out: a job that is stopped ends by itself, and saves its files before`,
    });
  await stopJob(client, id, signal);
}

/** What the platform tells of a job as it runs; what the job prints is in a file of its folder `work`. */
async function logs({ id }: SessionRef, client: RescaleClient, signal: AbortSignal): Promise<string> {
  const history = await jobHistory(client, id, signal);
  return history
    .map(({ at, status, reason }) => `${at} ${status}${reason === '' ? '' : `: ${reason}`}\n`)
    .join('');
}
