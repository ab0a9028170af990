/** The ways to a session's SSH server, and who may use a port that one of them opens. */

import { UsageError } from '../errors.ts';
import { readCidrRule } from './cidr.ts';

/** Through the manager; over a port of an app proxy; straight to the machine that an upload session runs on. */
export const waysIn = ['manager', 'proxy', 'direct'] as const;
export type WayIn = (typeof waysIn)[number];

/** `me`: the address that this machine is seen with. Rules are networks in CIDR notation. */
export type AllowFrom = 'everywhere' | 'me' | readonly string[];

/** App proxies refuse a longer list. */
const longestList = 255;

const usage =
  'write everywhere, me, or addresses and networks such as 203.0.113.7 and 203.0.113.0/24, separated by commas';

/** Throws a UsageError; `name` says where the text was written. */
export function parseAllowFrom(text: string, name: string): AllowFrom {
  const words = text.split(',').map((word) => word.trim());
  const [first = ''] = words;
  if (words.length === 1 && (first === 'everywhere' || first === 'me')) return first;
  const rules = [...new Set(words.map((word) => ruleOf(word, name)))];
  if (rules.join(',').length <= longestList) return rules;
  throw new UsageError(`${name} is longer than the ${longestList} characters that an app proxy takes`, {
    hint: 'name a network in place of its addresses',
  });
}

function ruleOf(word: string, name: string): string {
  if (word === 'everywhere' || word === 'me')
    throw new UsageError(`${name} takes ${word} alone, not beside addresses`, { hint: usage });
  const rule = readCidrRule(word);
  if (!('problem' in rule)) {
    if (!rule.isEverything) return rule.text;
    throw new UsageError(`${name}: ${word} is every address, or as good as that`, {
      hint: 'write everywhere if that is meant',
    });
  }
  switch (rule.problem) {
    case 'neither':
      throw new UsageError(
        `${name}: ${word === '' ? 'an empty word' : word} is neither an address nor a network`,
        { hint: usage },
      );
    case 'too-long':
      throw new UsageError(`${name}: ${word} has more than the ${rule.bits} bits of such an address`, {
        hint: usage,
      });
    case 'host-bits':
      throw new UsageError(`${name}: ${word} is an address in a network, and not the network`, {
        hint: `write ${rule.network} for the network, or ${rule.single} for the address`,
      });
  }
}
