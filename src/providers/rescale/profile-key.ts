/** The key of the owner's profile, which no call of the API reads or writes: it is pasted by hand. */

import { checkStrength, type PublicLine, plainPublicLine } from '../../core/keys/public-line.ts';
import { isTakenForJobs } from './create-check.ts';

export interface PasteGuide {
  /** One line, as it has to stand there. */
  readonly line: string;
  /** The platform's web page. */
  readonly url: string;
  /** The way through its menus, as the vendor's documents name them. */
  readonly path: readonly string[];
  readonly notes: readonly string[];
}

/** `origin` names the key in the UsageError that a weak one is. */
export function guideToPaste(
  key: PublicLine,
  { origin, address }: { readonly origin: string; readonly address: URL },
): PasteGuide {
  checkStrength(key.type, key.blob, origin);
  return {
    line: plainPublicLine(key),
    url: `${address.origin}/`,
    path: ['User Profile Settings', 'Job Settings', 'SSH Public Key'],
    notes: [
      ...(isTakenForJobs(key)
        ? []
        : [`Rescale takes no ${key.type} for a job, and perhaps none here: a key of RSA or ECDSA is safe`]),
      'it counts for jobs that are submitted from then on, and takes the place of the key that is there',
      'Access Restriction (CIDR) on the same page says from where you may connect',
    ],
  };
}
