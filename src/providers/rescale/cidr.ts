/** Who may connect to a job: rules in CIDR notation, checked before the platform sees them. */

import { isIPv4, isIPv6 } from 'node:net';
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
  const [address = '', prefix, ...more] = word.split('/');
  const bits = isIPv4(address) ? 32 : isIPv6(address) && !address.includes('%') ? 128 : 0;
  if (bits === 0 || more.length > 0) throw notARule(word);
  if (prefix !== undefined && !/^(0|[1-9]\d{0,2})$/.test(prefix)) throw notARule(word);
  const length = prefix === undefined ? bits : Number(prefix);
  if (length > bits)
    throw new UsageError(`--cidr: ${word} has more than the ${bits} bits of such an address`, {
      hint: usage,
    });
  const number = numberOf(address);
  const network = (number >> BigInt(bits - length)) << BigInt(bits - length);
  if (network === 0n)
    throw new UsageError(
      `--cidr: ${word} is every address, or as good as that, and Rescale does not allow it`,
      {
        hint: 'for every address write `--cidr everywhere`, which newer workspaces may refuse; `--cidr mine` lets in this machine alone',
      },
    );
  if (network !== number)
    throw new UsageError(`--cidr: ${word} is an address in a network, and not the network`, {
      hint: `write ${textOf(network, bits)}/${length} for the network, or ${address}/${bits} for the address`,
    });
  return `${textOf(network, bits)}/${length}`;
}

function notARule(word: string): UsageError {
  return new UsageError(
    `--cidr: ${word === '' ? 'an empty word' : word} is neither an address nor a network`,
    {
      hint: usage,
    },
  );
}

function numberOf(address: string): bigint {
  const groups = isIPv4(address) ? address.split('.').map(Number) : groupsOf(address);
  const size = isIPv4(address) ? 8n : 16n;
  return groups.reduce((number, group) => (number << size) | BigInt(group), 0n);
}

/** The eight groups of an address of IPv6: URLs have them in one form, with `::` for those that are 0. */
function groupsOf(address: string): number[] {
  const [before = '', after] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const read = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  if (after === undefined) return read(before);
  const [head, tail] = [read(before), read(after)];
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

function textOf(number: bigint, bits: number): string {
  const [size, count] = bits === 32 ? [8n, 4] : [16n, 8];
  const groups = Array.from({ length: count }, (_, index) =>
    Number((number >> (size * BigInt(count - 1 - index))) & ((1n << size) - 1n)),
  );
  if (bits === 32) return groups.join('.');
  return new URL(`http://[${groups.map((group) => group.toString(16)).join(':')}]`).hostname.slice(1, -1);
}
