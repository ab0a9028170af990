/** `bai doctor --bundle FILE`: what somebody who helps needs to know, in one file to look through before it is sent on. */

import type { DoctorReport } from './doctor.ts';
import type { BundleTools } from './doctor-tools.ts';

interface BundleRequest {
  /** Absolute. */
  readonly path: string;
  readonly isForced: boolean;
  readonly report: DoctorReport;
}

export interface Bundle {
  readonly path: string;
  readonly bytes: number;
  /** Each part, for people. */
  readonly holds: readonly string[];
}

/** What takes the place of a secret, should one be in a text after all. */
const unseen = '[secret]';
/** A shorter one would be found in words that have nothing to do with it. */
const leastSecret = 4;

export async function writeBundle(
  { path, isForced, report }: BundleRequest,
  tools: BundleTools,
): Promise<Bundle> {
  const [log, secrets] = [tools.log(), await tools.secrets()];
  const hide = hiderOf(secrets);
  const content = { what: 'bai doctor', at: new Date().toISOString(), machine: tools.machine, report, log };
  const text = `${JSON.stringify(content, (_name, value: unknown) => hide(value), 2)}\n`;
  await tools.save(path, text, isForced);
  const holds = [
    `machine: ${Object.values(tools.machine).join(', ')}`,
    'report: the stages, and every setting with where it comes from; no secret',
    `log: ${log.length} lines on requests, tunnels and SSH, and nothing of what they carried`,
  ];
  return { path, bytes: new TextEncoder().encode(text).length, holds };
}

function hiderOf(secrets: readonly string[]): (value: unknown) => unknown {
  const known = secrets.filter((secret) => secret.length >= leastSecret);
  return (value) =>
    typeof value === 'string'
      ? known.reduce((text, secret) => text.replaceAll(secret, unseen), value)
      : value;
}
