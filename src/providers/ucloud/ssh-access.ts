/** How to get into a job, or why one cannot. */

import { BaiError, NotFoundError, UnreachableError } from '../../errors.ts';
import type { UcloudClient } from './client.ts';
import { hasEnded, type Job, type SshOffReason } from './job.ts';
import { labelOfJob } from './job-actions.ts';
import { type AccountKey, listKeys } from './keys.ts';

export interface SshAddress {
  readonly user: string;
  readonly host: string;
  readonly port: number;
}

/**
 * Where the job's SSH server is announced to be; it may still refuse connections for a while. Throws a BaiError: `ssh-not-ready`
 * may pass, all others do not.
 */
export function sshAddressOf(job: Job): SshAddress {
  const { ssh, phase, state } = job;
  const label = labelOfJob(job);
  if (hasEnded(phase)) {
    throw new NotFoundError(`job ${label} has ended (${state})`, {
      code: 'session-ended',
      hint: 'start a new one: `bai session create`',
    });
  }
  if (phase === 'suspended') {
    throw new UnreachableError(`job ${label} is suspended`, {
      code: 'ssh-not-ready',
      hint: "resume it in UCloud's web interface; it then gets another port",
    });
  }
  switch (ssh.kind) {
    case 'address':
      return { user: ssh.user, host: ssh.host, port: ssh.port };
    case 'off':
      throw sshOff(job, ssh.reason);
    case 'failed':
      throw new BaiError(
        `the provider of job ${label} could not set up SSH: ${ssh.reason || 'it does not say why'}`,
        {
          code: 'ssh-unreadable',
          hint: "start another job; if it persists, show this to UCloud's support",
        },
      );
    case 'unreadable':
      throw new BaiError(`where the SSH server of job ${label} is cannot be read from "${ssh.line}"`, {
        code: 'ssh-unreadable',
        hint: 'nothing of it was used; report this line',
      });
    default:
      throw new UnreachableError(`job ${label} has no address for SSH yet (${state})`, {
        code: 'ssh-not-ready',
        hint: '`bai session wait` waits for it',
      });
  }
}

function sshOff(job: Job, reason: SshOffReason): NotFoundError {
  const { application } = job;
  const [what, hint] =
    reason === 'not-asked'
      ? [
          'was started without SSH',
          'it cannot be switched on later: `bai session create` starts one with SSH',
        ]
      : [
          `has no SSH: application ${application.name} ${reason === 'audit-log' ? 'keeps an audit log' : 'has none'}`,
          "choose another application: UCloud's page of it says whether it has SSH",
        ];
  return new NotFoundError(`job ${labelOfJob(job)} ${what}`, { code: 'ssh-off', hint });
}

interface KeyRefusal {
  readonly reason: 'no-account-key' | 'late-key' | 'not-account-key' | 'unknown';
  readonly message: string;
  readonly hint: string;
}

const newJob = 'start a new job: it copies the keys that the account has then';

/**
 * Why a job that answers lets nobody in: it has copied the account's keys when it began, and never looks again. `offered`:
 * fingerprints of the keys that were tried, as far as they are known.
 */
export async function explainKeyRefusal(
  client: UcloudClient,
  job: Job,
  { offered, signal }: { readonly offered: readonly string[]; readonly signal: AbortSignal },
): Promise<KeyRefusal> {
  const keys = await listKeys(client, signal);
  if (keys.length === 0) {
    return {
      reason: 'no-account-key',
      message: 'your UCloud account has no SSH key',
      hint: `add one with \`bai key upload FILE.pub\`, and ${newJob}`,
    };
  }
  const tried = keys.filter(({ fingerprint }) => offered.length === 0 || offered.includes(fingerprint ?? ''));
  if (tried.length === 0) {
    return {
      reason: 'not-account-key',
      message: 'none of the keys that were tried is on your UCloud account',
      hint: `log in with one that is (${keys.map(keyName).join(', ')}), or add yours with \`bai key upload FILE.pub\` and ${newJob}`,
    };
  }
  const beganAt = job.startedAt ?? job.createdAt;
  if (tried.every(({ createdAt }) => createdAt > beganAt)) {
    const late = tried.map(keyName).join(', ');
    return {
      reason: 'late-key',
      message: `the key (${late}) was added to your UCloud account after job ${labelOfJob(job)} had started`,
      hint: newJob,
    };
  }
  return {
    reason: 'unknown',
    message: 'the key was on your UCloud account when the job started',
    hint: 'the application may not take it: log in with another key, or look at the job in UCloud’s web interface',
  };
}

function keyName({ id, title }: AccountKey): string {
  return title === '' ? id : title;
}
