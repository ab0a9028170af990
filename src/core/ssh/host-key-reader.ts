/**
 * Finds the host key in what an SSH server says first. Up to the end of the first key exchange that is not encrypted, so
 * who only carries the bytes can check it as well.
 */

/** Greeting, proposal and answer are a few KiB; what is longer is something else. */
const mostBytes = 128 * 1024;
const longestPacket = 35_000;
const keyExchangeInit = 20;
/** Of Diffie-Hellman and its elliptic and hybrid kinds, and of the kind with a group of the server's choice. */
const answers: ReadonlySet<number | undefined> = new Set([31, 33]);

export class HostKeyReader {
  /** The key was found, or will not be. */
  isOver = false;
  #bytes = new Uint8Array(0);
  #at: number | undefined;

  /** The public key blob, in the call that completes it. */
  read(chunk: Uint8Array): Uint8Array | undefined {
    if (this.isOver) return undefined;
    const joined = new Uint8Array(this.#bytes.length + chunk.length);
    joined.set(this.#bytes);
    joined.set(chunk, this.#bytes.length);
    this.#bytes = joined;
    const key = this.#find();
    if (key !== undefined || joined.length > mostBytes) this.isOver = true;
    if (this.isOver) this.#bytes = new Uint8Array(0);
    return key;
  }

  #find(): Uint8Array | undefined {
    this.#at ??= afterGreeting(this.#bytes);
    while (this.#at !== undefined) {
      const packet = stringAt(this.#bytes, this.#at);
      if (packet === 'damaged') this.isOver = true;
      if (typeof packet === 'string') return undefined;
      this.#at += 4 + packet.length;
      const type = packet[1];
      if (type === keyExchangeInit) continue;
      const key = answers.has(type) ? stringAt(packet, 2) : 'damaged';
      if (typeof key !== 'string' && isPublicKey(key)) return key.slice();
      // A group of the server's choice comes before the answer.
      if (type !== 31) this.isOver = true;
      if (this.isOver) return undefined;
    }
    return undefined;
  }
}

/** Other lines may stand before the one that begins with `SSH-`. */
function afterGreeting(bytes: Uint8Array): number | undefined {
  const text = new TextDecoder('latin1').decode(bytes);
  const greeting = /(?:^|\n)SSH-[^\n]*\n/.exec(text);
  return greeting === null ? undefined : greeting.index + greeting[0].length;
}

/** With its length in front, as packets and the strings in them are. */
function stringAt(bytes: Uint8Array, at: number): Uint8Array | 'incomplete' | 'damaged' {
  if (bytes.length < at + 4) return 'incomplete';
  const length = new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(0);
  if (length < 2 || length > longestPacket) return 'damaged';
  return bytes.length < at + 4 + length ? 'incomplete' : bytes.subarray(at + 4, at + 4 + length);
}

function isPublicKey(blob: Uint8Array): boolean {
  const name = stringAt(blob, 0);
  return typeof name !== 'string' && /^(ssh|ecdsa|rsa|sk)-[\w@.-]+$/.test(new TextDecoder().decode(name));
}
