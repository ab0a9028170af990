/** UCloud: jobs in the workspace of an API token, reached by TCP with the user's own key. */

import { createHash } from 'node:crypto';
import type { Reporter } from '../../core/reporter.ts';
import type { AccountPublicKey, PublicKeys } from '../../core/session/account-keys.ts';
import type {
  AccessOptions,
  CreatedSession,
  CreateTools,
  Provider,
  Refusal,
  RefusalCause,
  SessionListFilter,
  SshAccess,
} from '../../core/session/provider.ts';
import type { SessionRef } from '../../core/session/session.ts';
import type { SignedIn } from '../../core/session/sign-in.ts';
import { NotFoundError, UsageError } from '../../errors.ts';
import type { Network } from '../../net/network.ts';
import { directCheckup } from '../../net/server-stages.ts';
import { dialSsh } from '../../net/ssh-dial.ts';
import type { UcloudClient } from './client.ts';
import { createJob, type JobRequest } from './create-job.ts';
import { title } from './facts.ts';
import { isJobId, type Job, phaseOf } from './job.ts';
import { extendJob, labelOfJob, renameJob, terminateJob } from './job-actions.ts';
import { type JobSession, refOf, sessionOf, timeOf } from './job-session.ts';
import { findJobs, listJobs, retrieveJob } from './jobs.ts';
import { type AccountKey, addKey, listKeys, removeKeys } from './keys.ts';
import { listing } from './listing.ts';
import { planJob } from './plan-job.ts';
import { ucloud } from './server-name.ts';
import { explainKeyRefusal, sshAddressOf } from './ssh-access.ts';
import { workspaceOf } from './workspace.ts';

interface UcloudParts {
  readonly client: UcloudClient;
  readonly network: Network;
  readonly userAgent: string;
  /** How long whatever is on the way into a job may take for an answer. */
  readonly answerMs: number;
  readonly reporter: Pick<Reporter, 'interactive' | 'info' | 'wait'>;
}

export function createUcloud(parts: UcloudParts): Provider {
  const { client, network } = parts;
  const alias = hostKeyAliasAt(client);
  return {
    ...{ name: 'ucloud', title, listing, absences, phaseOf, hostKeyAlias: alias },
    account: 'ucloud',
    accountIn,
    waitPhase,
    isId: isJobId,
    isIdPrefix: () => false,
    find: async (reference, signal) => (await findJobs(client, reference, signal)).map(refOf),
    list: async (filter, signal) => (await listed(client, filter, signal)).map(sessionOf),
    async describe(id, signal) {
      const job = await retrieveJob(client, id, signal);
      return job && sessionOf(job);
    },
    access: (session, options) => accessTo(session, options, { ...parts, alias }),
    create: (request: JobRequest, tools) => create(client, request, tools),
    plan: (request: JobRequest, { signal }) => planJob(client, request, signal),
    async terminate(session, _options, signal) {
      await terminateJob(client, session, signal);
    },
    async rename(session, name, signal) {
      await renameJob(client, session, { name, signal });
    },
    async extend(session, byMs, signal) {
      const job = await jobOf(client, session, signal);
      return { expiresAt: timeOf((await extendJob(client, job, { byMs, signal })).expiresAt) };
    },
    logs: async (session, signal) => logOf(await jobOf(client, session, signal)),
    publicKeys: publicKeysOf(client),
    signedInAs: (signal) => signedInAs(client, signal),
    checkup: directCheckup({
      ...{ endpoint: client.endpoint, now: client.now, network, userAgent: parts.userAgent },
      ...{ server: ucloud, helloPath: 'auth/users/userInfo' },
      signedInAs: (signal) => signedInAs(client, signal),
    }),
    explainRefusal: (refusal, signal) => explain(client, refusal, signal),
    [Symbol.asyncDispose]: () => network.close(),
  };
}

/** `Ada Lovelace (ada@example.com), in the project Analytical engines`. */
async function signedInAs(client: UcloudClient, signal: AbortSignal): Promise<SignedIn> {
  const [{ name, email }, workspace] = await Promise.all([
    client.whoAmI(signal),
    workspaceOf(client, signal),
  ]);
  const who = [name, email].filter((each) => each !== '').join(', ') || 'somebody without a name';
  const facts = { name, email };
  if (workspace === undefined) return { ...facts, text: who };
  const { project, title } = workspace;
  if (project === '') return { ...facts, text: `${who}; your own workspace` };
  return { ...facts, text: `${who}; project ${title || project}`, projects: [title || project] };
}

/** A job with SSH is only of use when its address is there. */
function waitPhase({ status, ssh }: JobSession): ReturnType<typeof phaseOf> {
  const phase = phaseOf(status);
  return phase === 'ready' && ssh === '?' ? 'starting' : phase;
}

const absences: NonNullable<Provider['absences']> = {
  nodes: {
    why: 'leads to the first node of a job only',
    instead: 'leave out --node and --all-nodes, or continue from there with ssh',
  },
  issuedKey: {
    why: 'hands out no keys: its jobs let in those of your account',
    instead: '`bai key generate` makes one, and `bai key upload FILE.pub` adds it to the account',
  },
  accountKey: {
    why: 'keeps no private keys',
    instead: '`bai key upload FILE.pub` adds a public one to the account',
  },
};

/**
 * Ports and addresses are used again, and the same number may be another UCloud's job: so it goes by where UCloud is, and by the
 * job. Numbers of jobs are given once, whoever's they are.
 */
/** Other providers than UCloud's own give each job the user's name there. */
function accountIn(session: SessionRef & { readonly sshAddress?: unknown }): string | undefined {
  const { sshAddress } = session;
  const hasUser = typeof sshAddress === 'object' && sshAddress !== null && 'user' in sshAddress;
  return hasUser && typeof sshAddress.user === 'string' ? sshAddress.user : undefined;
}

function hostKeyAliasAt({ endpoint }: UcloudClient): Provider['hostKeyAlias'] {
  const place = createHash('sha256').update(endpoint.origin).digest('hex').slice(0, 12);
  return ({ id }) => `bai-ucloud-${place}-${id}`;
}

async function listed(
  client: UcloudClient,
  { statuses, owner, name }: SessionListFilter,
  signal: AbortSignal,
): Promise<readonly Job[]> {
  if (owner !== 'own') {
    throw new UsageError('UCloud lists the jobs of a workspace, whoever created them', {
      code: 'unsupported',
      hint: 'leave out --all-users, --owner and --access-key',
    });
  }
  const jobs = await listJobs(client, statuses, signal);
  return name === undefined ? jobs : jobs.filter((job) => labelOfJob(job) === name);
}

async function jobOf(client: UcloudClient, { id, name }: SessionRef, signal: AbortSignal): Promise<Job> {
  const job = await retrieveJob(client, id, signal);
  if (job !== undefined) return job;
  throw new NotFoundError(`there is no job ${name} in this workspace any more`, {
    code: 'session-not-found',
    hint: '`bai session list --all` shows those there are',
  });
}

interface AccessParts extends UcloudParts {
  readonly alias: Provider['hostKeyAlias'];
}

/** The address is looked up anew for each way in: after a resume it is another one. */
async function accessTo(
  session: SessionRef,
  { signal, silenceMs }: AccessOptions,
  { client, network, answerMs, reporter, alias }: AccessParts,
): Promise<SshAccess> {
  const { user, host, port } = sshAddressOf(await jobOf(client, session, signal));
  const label = `SSH server of job ${session.name}`;
  return {
    user,
    place: `${host}:${port}`,
    hostKeyAlias: alias(session),
    hostKeyTrust: 'first-use',
    async dial(until) {
      using _shown = reporter.wait(`waiting for the ${label}`, answerMs);
      return await dialSsh(
        {
          ...{ network, label, silenceMs, target: { host, port }, patienceMs: answerMs },
          onWait: reporter.interactive ? (message) => reporter.info(message) : undefined,
          refusedHint: `the job may still be starting, or its image has no SSH server: \`bai session info ${session.id}\` shows what its provider says`,
        },
        until,
      );
    },
  };
}

async function create(
  client: UcloudClient,
  request: JobRequest,
  { signal }: CreateTools,
): Promise<CreatedSession> {
  const { id, name } = await createJob(client, request, signal);
  return { id, name: name === '' ? id : name, status: 'IN_QUEUE', created: true, image: request.application };
}

function logOf({ updates }: Job): string {
  const lines = updates.map(({ timestamp, state, status }) =>
    [timeOf(timestamp), state, status].filter(Boolean).join(' '),
  );
  return lines.map((line) => `${line}\n`).join('');
}

function publicKeysOf(client: UcloudClient): PublicKeys {
  return {
    countFor: 'jobs that start from now on',
    list: async (signal) => (await listKeys(client, signal)).map(shownKey),
    add: async (upload, signal) => shownKey(await addKey(client, upload, signal)),
    remove: async (reference, signal) => (await removeKeys(client, reference, signal)).map(shownKey),
  };
}

function shownKey({ createdAt, ...key }: AccountKey): AccountPublicKey {
  return { ...key, createdAt: timeOf(createdAt) };
}

async function explain(
  client: UcloudClient,
  { session, user, tried }: Refusal,
  signal: AbortSignal,
): Promise<RefusalCause> {
  const offered =
    'names' in tried ? tried.fingerprints : tried.fingerprint === undefined ? [] : [tried.fingerprint];
  const job = await jobOf(client, session, signal);
  const { ssh } = job;
  if (ssh.kind === 'address' && ssh.user !== user) {
    return {
      reason: 'account',
      message: `job ${session.name} lets ${ssh.user} log in, and not ${user}`,
      hint: 'leave out --user, and the setting user',
    };
  }
  const { reason, message, hint } = await explainKeyRefusal(client, job, { offered, signal });
  return { reason, message: `job ${session.name} refused the key: ${message}`, hint };
}
