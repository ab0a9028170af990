/** What the kernel's tables of connections (`/proc/net/tcp` and `tcp6` of Linux) say about the program at the other end of one. */

export interface ConnectionEnds {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
}

/**
 * `missing`: the kernel has forgotten the other end, or it was passed over while the table was read. `unknown`: the tables do
 * not have this program's own end either, so they say nothing.
 */
export type PeerEntry = 'there' | 'gone' | 'missing' | 'unknown';

/**
 * A socket that no program has open any more has no inode. One whose sending half alone was shut down keeps it, and that is
 * all that tells the two apart: on the wire both are one FIN.
 */
export function findPeer(tables: string, ends: ConnectionEnds, isLittleEndian: boolean): PeerEntry {
  const [ours = [], theirs = []] = [
    [ends.localAddress, ends.localPort] as const,
    [ends.remoteAddress, ends.remotePort] as const,
  ].map(([address, port]) => written(address, port, isLittleEndian));
  const own = inodeOf(tables, ours, theirs);
  if (own === undefined || own === '0') return 'unknown';
  const inode = inodeOf(tables, theirs, ours);
  if (inode === undefined) return 'missing';
  return inode === '0' ? 'gone' : 'there';
}

/** Whether the other end is on this machine as well, and so in its tables. */
export function isOwnMachine({ localAddress, remoteAddress }: ConnectionEnds): boolean {
  return remoteAddress === localAddress || /^(?:::ffff:)?127\.|^::1$/.test(remoteAddress);
}

/** Columns: number, local, remote, state, queues, timer, retransmissions, user, timeout, inode. */
function inodeOf(tables: string, from: readonly string[], to: readonly string[]): string | undefined {
  for (const [index, end] of from.entries()) {
    const start = tables.indexOf(`: ${end} ${to[index]} `);
    if (start >= 0) return tables.slice(start, tables.indexOf('\n', start)).trim().split(/\s+/)[9];
  }
  return undefined;
}

/**
 * As the kernel prints it: each four bytes of the address as a number of this machine, in hexadecimal. An IPv4 connection
 * that an IPv6 listener has taken is one of IPv6 at its own end, and of IPv4 at the other.
 */
function written(address: string, port: number, isLittleEndian: boolean): readonly string[] {
  const dotted = /^(?:::ffff:)?(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address)?.slice(1);
  const four = dotted?.map((part) => Number(part).toString(16).padStart(2, '0')).join('');
  const forms =
    four === undefined ? [expanded(address)] : [four, `${expanded('::ffff:0:0').slice(0, 24)}${four}`];
  return forms.map((bytes) => {
    const words = bytes.match(/.{8}/g) ?? [];
    const turned = words.map((word) => (isLittleEndian ? word.match(/../g)?.reverse().join('') : word));
    return `${turned.join('')}:${port.toString(16).padStart(4, '0')}`.toUpperCase();
  });
}

/** The sixteen bytes of an IPv6 address, in hexadecimal. */
function expanded(address: string): string {
  const [front = [], back = []] = address
    .split('::')
    .map((half) => half.split(':').filter((group) => group !== ''));
  const zeros = Array<string>(Math.max(0, 8 - front.length - back.length)).fill('0');
  return [...front, ...zeros, ...back].map((group) => group.padStart(4, '0')).join('');
}
