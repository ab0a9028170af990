/** Who may connect, as rules in CIDR notation: checked here, before a server reads them in a way of its own. */

interface CidrRule {
  /** `203.0.113.0/24`; an address alone has all its bits. */
  readonly text: string;
  /** Every address, or as good as that: nothing of the network is set. */
  readonly isEverything: boolean;
}

/** Why a word is no rule. */
type CidrProblem =
  | { readonly problem: 'neither' }
  | { readonly problem: 'too-long'; readonly bits: number }
  /** An address in a network, and not the network. */
  | { readonly problem: 'host-bits'; readonly network: string; readonly single: string };

export function readCidrRule(word: string): CidrRule | CidrProblem {
  const [address = '', prefix, ...more] = word.split('/');
  const bits = isIPv4(address) ? 32 : isIPv6(address) ? 128 : 0;
  if (bits === 0 || more.length > 0) return { problem: 'neither' };
  if (prefix !== undefined && !/^(0|[1-9]\d{0,2})$/.test(prefix)) return { problem: 'neither' };
  const length = prefix === undefined ? bits : Number(prefix);
  if (length > bits) return { problem: 'too-long', bits };
  const number = numberOf(address);
  if (bits === 128 && length >= 96 && number >> 32n === mappedIPv4)
    return readCidrRule(`${textOf(number & 0xffff_ffffn, 32)}/${length - 96}`);
  const network = (number >> BigInt(bits - length)) << BigInt(bits - length);
  const text = `${textOf(network, bits)}/${length}`;
  if (network !== 0n && network !== number)
    return { problem: 'host-bits', network: text, single: `${address}/${bits}` };
  return { text, isEverything: network === 0n };
}

/** Servers see who comes by IPv4 with the four numbers alone, and such a rule would let nobody in. */
const mappedIPv4 = 0xffffn;

function isIPv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256);
}

/** Without a zone, which means something on one machine only. */
function isIPv6(text: string): boolean {
  return /^[0-9a-f:.]*:[0-9a-f:.]*$/i.test(text) && URL.canParse(`http://[${text}]`);
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
