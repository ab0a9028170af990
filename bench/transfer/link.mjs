/**
 * A line with a delay and a bandwidth, in a process of its own: a TCP relay that holds every byte for half the round
 * trip each way. All connections through it share the bandwidth. It prints its port.
 *
 * `node link.mjs HOST PORT ROUND_TRIP_MS BYTES_PER_SECOND`
 */

import { connect, createServer } from 'node:net';

const [host, portText, roundTripText, rateText] = process.argv.slice(2);
const roundTripMs = Number(roundTripText);
const bytesPerMs = Number(rateText) / 1000;
/** What one connection may have under way in one direction, more than any line of this bench holds. */
const mostBytes = 32 * 1024 * 1024;

/** One direction of the line; bytes leave one after the other, whoever sent them. */
class Direction {
  #freeAt = 0;

  /** When the last of these bytes arrives at the other end. */
  arrival(bytes) {
    this.#freeAt = Math.max(performance.now(), this.#freeAt) + bytes / bytesPerMs;
    return this.#freeAt + roundTripMs / 2;
  }
}

/** Moves what `from` says to `to`, late. */
function carry(direction, from, to) {
  const underWay = [];
  let held = 0;
  let timer;
  const deliver = () => {
    timer = undefined;
    const now = performance.now();
    let count = 0;
    while (count < underWay.length && underWay[count].at <= now) count += 1;
    for (const { chunk } of underWay.splice(0, count)) {
      if (chunk === undefined) {
        to.end();
        continue;
      }
      to.write(chunk, () => {
        held -= chunk.length;
        if (from.isPaused() && held < mostBytes / 2) from.resume();
      });
    }
    schedule();
  };
  const schedule = () => {
    const [next] = underWay;
    if (next === undefined || timer !== undefined || to.destroyed) return;
    timer = setTimeout(deliver, Math.max(0, next.at - performance.now()));
  };
  const push = (chunk) => {
    underWay.push({ chunk, at: direction.arrival(chunk?.length ?? 0) });
    schedule();
  };
  from.on('data', (chunk) => {
    held += chunk.length;
    if (held > mostBytes) from.pause();
    push(chunk);
  });
  from.on('end', () => push(undefined));
}

const up = new Direction();
const down = new Direction();
const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
  const far = connect({ host, port: Number(portText), allowHalfOpen: true, noDelay: true });
  for (const [socket, other] of [
    [near, far],
    [far, near],
  ]) {
    socket.on('error', () => other.destroy());
    socket.on('close', () => setTimeout(() => other.destroy(), roundTripMs));
  }
  // Opening a connection takes a round trip, and this relay has accepted it at once.
  setTimeout(() => carry(up, near, far), roundTripMs);
  setTimeout(() => carry(down, far, near), roundTripMs / 2);
});
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
process.stdin.resume().on('end', () => process.exit(0));
