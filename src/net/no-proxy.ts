/** Whether NO_PROXY takes a host out, read as curl reads it, with wildcards and ports besides. */

import { BlockList, isIP } from 'node:net';

interface ProxyTarget {
  /** As in a URL: lower case, IPv6 in brackets. */
  readonly hostname: string;
  readonly port: number;
}

/**
 * Entries are separated by commas or blanks: `*`, a domain with all below it (with or without a dot before it), an
 * address, a range of addresses (`10.0.0.0/8`), each with `:port` behind it where it is for that port alone.
 */
export function isExempt(list: string, { hostname, port }: ProxyTarget): boolean {
  const host = bare(hostname);
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      const { name, onlyPort } = splitPort(entry);
      return (onlyPort === undefined || onlyPort === port) && matches(name, host);
    });
}

/** `::1` and `fe80::1` are addresses and no names with a port. */
function splitPort(entry: string): { name: string; onlyPort: number | undefined } {
  const match = isIP(entry) === 6 ? null : /^(.+):(\d+)$/.exec(entry);
  // The bits of an IPv6 range stand behind a colon as well: `fd00::/8` does not match, `fd00::1:80` is an address.
  return match ? { name: match[1] ?? '', onlyPort: Number(match[2]) } : { name: entry, onlyPort: undefined };
}

function matches(entry: string, host: string): boolean {
  if (entry === '*') return true;
  const family = isIP(host);
  if (family !== 0) return isInRange(bare(entry), host, family);
  const domain = entry.replace(/^\*?\.+/, '').replace(/\.$/, '');
  return domain !== '' && (host === domain || host.endsWith(`.${domain}`));
}

function isInRange(entry: string, address: string, family: number): boolean {
  const [base = '', bits] = entry.split('/');
  const range = isIP(base);
  if (range === 0) return false;
  const most = range === 6 ? 128 : 32;
  const prefix = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
  if (!(prefix <= most)) return false;
  const list = new BlockList();
  list.addSubnet(bare(base), prefix, range === 6 ? 'ipv6' : 'ipv4');
  return list.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

function bare(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[(.*)\](?=\/|$)/, '$1')
    .replace(/\.$/, '');
}
