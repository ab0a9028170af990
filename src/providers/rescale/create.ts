/** Makes a job. Experimental: nobody with an account has confirmed it. */

import { sameBytes } from '../../core/keys/authorized-keys.ts';
import { parsePublicLine } from '../../core/keys/public-line.ts';
import { BaiError, RetoldError } from '../../errors.ts';
import type { RescaleClient } from './client.ts';
import { isJobId } from './jobs.ts';
import type { JobOffer } from './offer.ts';
import { createdSchema } from './schema.ts';

interface CreatedJob {
  readonly id: string;
  readonly name: string;
}

/**
 * Two calls: the job is saved, and, when it has kept the key and the rule, submitted. Neither is repeated, for the platform would
 * do both twice; an answer that is lost is an UnsureError.
 */
export async function createJob(
  client: RescaleClient,
  offer: JobOffer,
  signal: AbortSignal,
): Promise<CreatedJob> {
  const saved = await client.json(
    {
      what: 'create the job',
      method: 'POST',
      path: 'v3/jobs/',
      body: bodyOf(offer),
      doubt: {
        words: `a job ${offer.name} may have been saved, which costs nothing before it is submitted`,
        hint: '`bai session list` tells',
        details: { name: offer.name },
      },
      signal,
    },
    createdSchema,
  );
  const { id } = saved;
  if (!isJobId(id))
    throw new BaiError('cannot create the job: Rescale gave it no valid id', { code: 'protocol' });
  const lost = lostField(offer, saved);
  if (lost !== undefined)
    throw new BaiError(
      `job ${id} was saved and not submitted: Rescale did not keep its ${lost}, and nobody could get in`,
      {
        code: 'refused',
        hint: 'set it in User Profile Settings, Job Settings at Rescale, and create the job without it',
        details: { id },
      },
    );
  await submit(client, id, signal);
  return { id, name: saved.name || offer.name };
}

function bodyOf(offer: JobOffer): unknown {
  const { analysis, version, coreType, cores, hours, publicKey, cidrRule } = offer;
  return {
    name: offer.name,
    jobanalyses: [
      {
        command: offer.command,
        analysis: { code: analysis, ...(version !== undefined && { version }) },
        hardware: { coreType: { code: coreType }, coresPerSlot: cores, slots: 1, walltime: hours },
        useRescaleLicense: false,
        onDemandLicenseSeller: null,
        userDefinedLicenseSettings: null,
      },
    ],
    isLowPriority: offer.isLowPriority,
    // An empty rule is not always the same as none: what is not given is left out.
    ...(cidrRule !== undefined && { cidrRule }),
    ...(publicKey !== undefined && { publicKey }),
  };
}

interface Kept {
  readonly publicKey?: string | null | undefined;
  readonly cidrRule?: string | null | undefined;
}

/** What the answer has otherwise than it was sent; nothing for what it does not have at all. */
function lostField(sent: JobOffer, kept: Kept): string | undefined {
  if (sent.publicKey !== undefined && kept.publicKey !== undefined) {
    const [ours, theirs] = [sent.publicKey, kept.publicKey ?? ''].map(parsePublicLine);
    if (ours === undefined || theirs === undefined || !sameBytes(ours.blob, theirs.blob)) return 'public key';
  }
  if (sent.cidrRule !== undefined && kept.cidrRule !== undefined) {
    const [ours, theirs] = [sent.cidrRule, kept.cidrRule ?? ''].map((rule) => rule.replace(/\s/g, ''));
    if (ours !== theirs) return 'CIDR rule';
  }
  return undefined;
}

async function submit(client: RescaleClient, id: string, signal: AbortSignal): Promise<void> {
  try {
    await client.discard({
      what: `submit job ${id}`,
      method: 'POST',
      path: `v2/jobs/${id}/submit/`,
      doubt: { words: 'it may run anyway', hint: `check with \`bai session info ${id}\``, details: { id } },
      signal,
    });
  } catch (error) {
    if (!(error instanceof BaiError) || 'doubt' in error) throw error;
    throw new RetoldError(error, `${error.message}; it was saved, and costs nothing until it is submitted`, {
      ...(error.hint !== undefined && { hint: error.hint }),
      details: { ...error.details, id },
    });
  }
}
