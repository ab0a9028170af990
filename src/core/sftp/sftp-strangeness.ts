/** What was wrong with a packet of an SFTP server, read out of ssh2's words for it. */

/** The length that was announced, where no packet may have it. */
export function strangeLengthOf({ message }: Error): number | undefined {
  if (message === 'Invalid packet length') return 0;
  const [, announced] = /^Packet length (-?\d+) exceeds max length/.exec(message) ?? [];
  // ssh2 takes a large one for a negative number.
  return announced === undefined ? undefined : Number(announced) >>> 0;
}

/** Completes "it sent …"; nothing when it was no packet that failed. */
export function strangePacket(error: Error): string | undefined {
  const length = strangeLengthOf(error);
  if (length === 0) return 'a packet without a type';
  if (length !== undefined) return `a packet of ${length} bytes, which begins with ${firstBytes(length)}`;
  const { message } = error;
  const [, malformed] = /^Malformed (\w+) packet$/.exec(message) ?? [];
  if (malformed !== undefined) return `a ${malformed} packet that is cut short, or has wrong lengths in it`;
  const [, unknown] = /^Unknown packet type (\d+)$/.exec(message) ?? [];
  if (unknown !== undefined) return `a packet of type ${unknown}, which no server may send`;
  const [, early] = /^Expected VERSION packet, got (\d+)$/.exec(message) ?? [];
  if (early !== undefined) return `a packet of type ${early} before its version`;
  return message === 'Duplicate VERSION packet' ? 'its version twice' : undefined;
}

/** The length of a packet that is none: four bytes of text, as far as they are whole characters. */
export function firstBytes(length: number): string {
  const bytes = Uint8Array.from([24, 16, 8, 0], (shift) => length >>> shift);
  // A text that is shorter is followed by the first packet's zeros.
  const [text = ''] = new TextDecoder().decode(bytes, { stream: true }).split('\0');
  if (text !== '' && !text.includes('\ufffd')) return JSON.stringify(text);
  return `the bytes ${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
