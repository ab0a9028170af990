/** Whom a CIDR rule lets in. */

import { BlockList, isIPv6 } from 'node:net';

/** Rules are separated by commas; no rule lets everybody in. */
export function admits(rules: string | undefined, address: string): boolean {
  if (rules === undefined || rules === '') return true;
  const admitted = new BlockList();
  for (const rule of rules.split(',')) {
    const [network = '', prefix = ''] = rule.trim().split('/');
    admitted.addSubnet(network, Number(prefix), isIPv6(network) ? 'ipv6' : 'ipv4');
  }
  return admitted.check(address);
}

export function isRule(text: string): boolean {
  try {
    admits(text, '127.0.0.1');
    return text.split(',').every((rule) => /\/\d{1,3}$/.test(rule.trim()));
  } catch {
    return false;
  }
}
