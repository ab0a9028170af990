/** Who may connect to a job: rules in CIDR notation, checked before the platform sees them. */

import { readCidrRule } from '../../core/cidr.ts';
import { UsageError } from '../../errors.ts';

/**
 * What the web page calls Everywhere. The documents disagree on whether the platform still takes it: one has the choice, a newer
 * one says that this rule and its like are not allowed.
 */
export const everywhere = '0.0.0.0/0';

export type CidrWish =
  | { readonly kind: 'everywhere' }
  /** The address that this machine is seen with. */
  | { readonly kind: 'mine' }
  /** `203.0.113.0/24,198.51.100.7/32` */
  | { readonly kind: 'rules'; readonly rules: string };

const usage =
  'write everywhere, mine, or addresses such as 203.0.113.7 and 203.0.113.0/24, separated by commas';

/** Throws a UsageError that names the option `--cidr`. */
export function parseCidr(text: string): CidrWish {
  const words = text.split(',').map((word) => word.trim());
  const [first = ''] = words;
  if (words.length === 1 && (first === 'everywhere' || first === 'mine')) return { kind: first };
  return { kind: 'rules', rules: words.map(ruleOf).join(',') };
}

function ruleOf(word: string): string {
  if (word === 'everywhere' || word === 'mine')
    throw new UsageError(`--cidr takes ${word} alone, not beside addresses`, { hint: usage });
  const rule = readCidrRule(word);
  if ('problem' in rule) {
    switch (rule.problem) {
      case 'neither':
        throw new UsageError(
          `--cidr: ${word === '' ? 'an empty word' : word} is neither an address nor a network`,
          { hint: usage },
        );
      case 'too-long':
        throw new UsageError(`--cidr: ${word} has more than the ${rule.bits} bits of such an address`, {
          hint: usage,
        });
      case 'host-bits':
        throw new UsageError(`--cidr: ${word} is an address in a network, and not the network`, {
          hint: `write ${rule.network} for the network, or ${rule.single} for the address`,
        });
    }
  }
  if (!rule.isEverything) return rule.text;
  throw new UsageError(
    `--cidr: ${word} is every address, or as good as that, and Rescale does not allow it`,
    {
      hint: 'for every address write `--cidr everywhere`, which newer workspaces may refuse; `--cidr mine` lets in this machine alone',
    },
  );
}
