/** The greeting of an SSH server, which stays to be read. */

import type { Duplex } from 'node:stream';
import { beginning, sanitizeLine } from '../../core/text/sanitize.ts';
import { unlessAborted } from '../../core/time-limit.ts';
import { UnreachableError } from '../../errors.ts';

/** RFC 4253 has 255 bytes at most for a line, and lets a server send others before it. */
const mostBytes = 8 * 1024;
const mostShown = 100;

/** The line that begins with `SSH-`. */
export async function firstLine(stream: Duplex, signal: AbortSignal): Promise<string> {
  let heard = Buffer.alloc(0);
  while (heard.length < mostBytes) {
    const line = greetingIn(heard);
    if (line !== undefined) {
      stream.unshift(heard);
      return beginning(sanitizeLine(line), mostShown);
    }
    const chunk = await nextOf(stream, signal);
    if (chunk === undefined) break;
    heard = Buffer.concat([heard, chunk]);
  }
  stream.destroy();
  throw noSsh(heard);
}

function greetingIn(bytes: Buffer): string | undefined {
  const lines = bytes.toString('latin1').split('\n').slice(0, -1);
  return lines.find((line) => line.startsWith('SSH-'))?.replace(/\r$/, '');
}

/** Nothing at its end. */
async function nextOf(stream: Duplex, signal: AbortSignal): Promise<Buffer | undefined> {
  const ready: unknown = stream.read();
  if (ready instanceof Uint8Array) return Buffer.from(ready);
  if (stream.readableEnded || stream.destroyed) return undefined;
  const more = new Promise<void>((resolve) => {
    for (const event of ['readable', 'end', 'close', 'error']) stream.once(event, () => resolve());
  });
  await unlessAborted(more, signal);
  const read: unknown = stream.read();
  return read instanceof Uint8Array ? Buffer.from(read) : undefined;
}

function noSsh(heard: Buffer): UnreachableError {
  const said = beginning(sanitizeLine(heard.toString('latin1').split('\n', 1)[0] ?? ''), mostShown);
  return new UnreachableError(
    said === '' ? 'it hung up before its greeting' : `what answers there is no SSH server; it says: ${said}`,
    { code: 'sshd-not-greeting', hint: 'something else listens at its port, or stands before it' },
  );
}
