/** Tells when the program at the other end of a local connection has gone, after it has said all it had to say. */

import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { endianness } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { type ConnectionEnds, findPeer, isOwnMachine, type PeerEntry } from '../core/ssh/peer-table.ts';

/** How long a connection may be silent before its client counts as gone, in milliseconds. */
export interface PeerPatience {
  /** Of a client that is known to have its socket open, and so may wait for an answer. */
  readonly there: number;
  /** Of one of which nothing can be known. */
  readonly unknown: number;
}

export interface LocalPeers {
  /**
   * For a connection whose other end has ended its sending half: resolves when the program there has gone or its time is over,
   * and when the socket is closed. Never rejects.
   */
  untilGone(socket: Socket, patience: PeerPatience): Promise<void>;
}

const firstLookMs = 10;
const laterLooksMs = 1_000;

/** `readTable` reads a file of the kernel, and is for tests. */
export function watchLocalPeers(readTable: (path: string) => Promise<string> = readText): LocalPeers {
  const tables = new SharedTables(readTable);
  return {
    async untilGone(socket, patience) {
      const ends = endsOf(socket);
      const silence = new Silence(socket);
      let missed = 0;
      for (let wait = 0; !socket.destroyed; wait = Math.min(laterLooksMs, wait * 2 || firstLookMs)) {
        await delay(wait, undefined, { ref: false });
        const entry = await tables.look(ends);
        missed = entry === 'missing' ? missed + 1 : 0;
        // The kernel's table is not read in one go, and an entry may be passed over once.
        if (entry === 'gone' || missed > 1) return;
        if (silence.ms() > (entry === 'there' ? patience.there : patience.unknown)) return;
        knock(socket);
      }
    },
  };
}

function readText(path: string): Promise<string> {
  return readFile(path, 'latin1');
}

/** A client that refused a byte has told the kernel, and the kernel tells whoever writes next: nothing is sent for that. */
function knock(socket: Socket): void {
  if (socket.writable) socket.write('');
}

/** What is not taken yet is an answer that is being read. */
class Silence {
  readonly #socket: Socket;
  #heard = 0;
  #since = performance.now();

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#heard = socket.bytesWritten;
  }

  ms(): number {
    const { bytesWritten, writableLength } = this.#socket;
    if (bytesWritten !== this.#heard || writableLength > 0) this.#since = performance.now();
    this.#heard = bytesWritten;
    return performance.now() - this.#since;
  }
}

/** The addresses are not to be had any more once a connection was reset. */
function endsOf({ localAddress, localPort, remoteAddress, remotePort }: Socket): ConnectionEnds | undefined {
  if (localAddress === undefined || localPort === undefined) return undefined;
  if (remoteAddress === undefined || remotePort === undefined) return undefined;
  const ends = { localAddress, localPort, remoteAddress, remotePort };
  return isOwnMachine(ends) ? ends : undefined;
}

/** Hundreds may ask in the same moment: they share what is being read. */
class SharedTables {
  readonly #read: (path: string) => Promise<string>;
  #reading: Promise<string> | undefined;

  constructor(read: (path: string) => Promise<string>) {
    this.#read = read;
  }

  async look(ends: ConnectionEnds | undefined): Promise<PeerEntry> {
    if (ends === undefined) return 'unknown';
    this.#reading ??= this.#readAll();
    return findPeer(await this.#reading, ends, endianness() === 'LE');
  }

  /** Other systems have no such files, and some that have them keep them to themselves. */
  async #readAll(): Promise<string> {
    const tables = ['/proc/net/tcp', '/proc/net/tcp6'].map((path) => this.#read(path).catch(() => ''));
    const text = (await Promise.all(tables)).join('');
    this.#reading = undefined;
    return text;
  }
}
