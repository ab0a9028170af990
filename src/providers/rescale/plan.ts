/** What a job would be, for people and for `--json`, before there is one. */

import type { CreatePlan } from '../../core/session/creation.ts';
import { describeCost, type JobOffer } from './offer.ts';

type JobPlan = CreatePlan &
  Pick<JobOffer, 'coreType' | 'cores' | 'hours' | 'command' | 'isLowPriority' | 'notes'> & {
    readonly version: string | null;
    readonly cidrRule: string | null;
    /** `null`: Rescale does not tell prices to the account. */
    readonly mostCost: number | null;
  };

export function planOf(offer: JobOffer): JobPlan {
  const { name, analysis, version, coreType, cores, hours, command, isLowPriority, cidrRule, notes } = offer;
  return {
    ...{ name, image: analysis, version: version ?? null, coreType, cores, hours, command, isLowPriority },
    ...{ cidrRule: cidrRule ?? null, notes, mostCost: offer.cost.most ?? null },
    facts: [
      ['name', name],
      ['analysis', version === undefined ? analysis : `${analysis} ${version}`],
      ['core type', coreType],
      ['cores', String(cores)],
      ['hours', String(hours)],
      ['command', command],
      ['low priority', isLowPriority ? 'yes' : ''],
      ['public key', offer.publicKey === undefined ? 'that of your profile' : 'the one that was given'],
      ['CIDR rule', cidrRule ?? 'that of your profile'],
      ['cost', describeCost(offer)],
      ...notes.map((note) => ['note', note] as const),
    ],
  };
}
