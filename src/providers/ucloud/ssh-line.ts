/**
 * Where the SSH server of a job is. UCloud has no field for it: its provider writes one line of text into the job's updates.
 * Providers on Kubernetes write `ucloud@` and a port, those on Slurm the user's account and no port when it is 22, and an
 * older one at Aalborg begins with `SSH Access: `.
 */

import { isIPv6 } from 'node:net';

export interface JobUpdate {
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  /** The state that the job went to; nothing: it stayed in the one it had. */
  readonly state: string | undefined;
  /** Words of UCloud or its provider, of one line or several. */
  readonly status: string;
}

type SshLine =
  | { readonly kind: 'address'; readonly user: string; readonly host: string; readonly port: number }
  /** The provider says that there will be none, and why. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** It is of no known form; nothing of it is used. */
  | { readonly kind: 'unreadable'; readonly line: string };

/**
 * The newest line; nothing when there is none yet. With the end of a job, or its suspension, its port is given up and may be
 * another job's: what was written before no longer counts.
 */
export function sshLineOf(updates: readonly JobUpdate[]): SshLine | undefined {
  let newest: SshLine | undefined;
  // Those of one moment stay in UCloud's order.
  for (const { state, status } of updates.toSorted((a, b) => a.timestamp - b.timestamp)) {
    if (state !== undefined && givesPortUp.has(state)) newest = undefined;
    else for (const line of status.split(/\r?\n/)) newest = readLine(line.trim()) ?? newest;
  }
  return newest;
}

const givesPortUp: ReadonlySet<string> = new Set(['SUSPENDED', 'SUCCESS', 'FAILURE', 'EXPIRED']);

const announcement = /^(?:SSH: Connected!|SSH Access:)/;
const failure = /^SSH: Failure!\s*(.*)$/;
const address =
  /^(?:SSH: Connected! Available at|SSH Access): ssh ([A-Za-z0-9_][A-Za-z0-9_.-]{0,63})@([A-Za-z0-9[:.][A-Za-z0-9.:\]-]{0,254})(?: -p ([0-9]{1,5}))?$/;

/** Nothing for a line about something else. */
function readLine(line: string): SshLine | undefined {
  const failed = failure.exec(line);
  if (failed !== null) return { kind: 'failed', reason: failed[1] ?? '' };
  if (!announcement.test(line)) return undefined;
  const [, user, written = '', digits = '22'] = address.exec(line) ?? [];
  const host = hostOf(written);
  const port = Number(digits);
  if (user === undefined || host === undefined || port < 1 || port > 65_535)
    return { kind: 'unreadable', line };
  return { kind: 'address', user, host, port };
}

const hostName = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.?$/i;

/** A name, or an address without brackets. */
function hostOf(written: string): string | undefined {
  const bare = /^\[(.*)\]$/.exec(written)?.[1] ?? written;
  if (isIPv6(bare)) return bare;
  return bare === written && hostName.test(bare) ? bare : undefined;
}
