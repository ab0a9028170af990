/** Which of a job's machines to log in to, and how. */

import { isIP } from 'node:net';
import { BaiError, NotFoundError, ProtocolError, UnreachableError } from '../../errors.ts';
import type { Instance } from './schema.ts';

interface SshAddress {
  readonly user: string;
  readonly host: string;
  /** 22 or 32100, which depends on the machine. */
  readonly port: number;
}

/** For messages: the job's id, or its name. */
type JobName = string;

/**
 * The only machine, else the one whose role is `MPI_MASTER`; never a guess. Throws an UnreachableError while there is none, a
 * NotFoundError when SSH is off, and a BaiError when the platform does not say which it is.
 */
export function headNodeAddress(job: JobName, instances: readonly Instance[]): SshAddress {
  const head = headOf(job, instances);
  const { supportedServices, username, sshPort } = head;
  if (supportedServices != null && !supportedServices.includes('ssh'))
    throw new NotFoundError(
      `job ${job} has no SSH: its machine offers ${supportedServices.join(', ') || 'nothing'}`,
      {
        code: 'ssh-off',
        hint: 'SSH is chosen when a job is submitted: set a public key before (User Profile Settings, Job Settings) and submit it anew',
      },
    );
  // They become parts of a command line and of files that ssh reads.
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/.test(username)) throw notTold(job, 'account');
  if (typeof sshPort !== 'number' || !Number.isInteger(sshPort) || sshPort < 1 || sshPort > 65_535)
    throw notTold(job, 'port');
  return { user: username, host: hostOf(job, head), port: sshPort };
}

function headOf(job: JobName, instances: readonly Instance[]): Instance {
  const [first, ...others] = instances;
  if (first === undefined) throw notReady(job, 'has no machine yet');
  if (others.length === 0) return first;
  const masters = instances.filter(({ role }) => role === 'MPI_MASTER');
  const [master] = masters;
  if (master !== undefined && masters.length === 1) return master;
  const roles = [...new Set(instances.map(({ role }) => role || 'none'))].join(', ');
  throw new BaiError(
    `Rescale lists ${instances.length} machines of job ${job} and not which one is the head node (roles: ${roles})`,
    {
      code: 'no-head-node',
      hint: "the job's page at Rescale shows their addresses: `ssh USER@ADDRESS` gets in",
    },
  );
}

function hostOf(job: JobName, { publicIp, publicHostname }: Instance): string {
  if (publicIp && isIP(publicIp) !== 0) return publicIp;
  if (publicIp) throw notTold(job, 'address');
  if (!publicHostname) throw notReady(job, 'has no public address');
  if (publicHostname.length > 253 || !/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(publicHostname))
    throw notTold(job, 'address');
  return publicHostname;
}

function notReady(job: JobName, what: string): UnreachableError {
  return new UnreachableError(`job ${job} ${what}`, {
    code: 'ssh-not-ready',
    hint: `\`bai session wait ${job}\` waits until it has`,
  });
}

function notTold(job: JobName, what: string): ProtocolError {
  return new ProtocolError(`Rescale tells no usable ${what} for SSH into job ${job}`, {
    code: 'ssh-unreadable',
    hint: "the job's page at Rescale shows user and address; show this to Rescale's support when it stays",
  });
}
