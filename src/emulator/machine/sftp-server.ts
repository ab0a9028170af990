/**
 * The SFTP subsystem. Written out here because ssh2's own server side cannot announce extensions, and clients use
 * posix-rename or limits only when they are announced.
 */

import { once } from 'node:events';
import type { ServerChannel } from 'ssh2';
import type { FaultBook } from '../model/faults.ts';
import { OutsideError } from './confinement.ts';
import type { Home } from './home.ts';
import {
  PacketReader,
  PacketType,
  packet,
  packetsOf,
  requestName,
  StatusCode,
  status,
  text,
} from './sftp-codec.ts';
import { SftpFiles } from './sftp-files.ts';

interface SftpDeps {
  readonly home: Home;
  readonly faults: FaultBook;
}

const extensions = [
  ['posix-rename@openssh.com', '1'],
  ['fsync@openssh.com', '1'],
  ['limits@openssh.com', '1'],
] as const;

/** Requests in work at a time; more wait in the channel's window. */
const mostInFlight = 128;

/** Serves the channel until the client ends it; every handle is closed then. */
export async function serveSftp(channel: ServerChannel, deps: SftpDeps): Promise<void> {
  const files = new SftpFiles(deps);
  const inFlight = new Set<Promise<void>>();
  // Reads and writes among themselves need no order; all else happens after what came before it, as in OpenSSH's
  // server: a client may send a write and ask for the size without waiting in between.
  let order: Promise<unknown> = Promise.resolve();
  const moving = new Set<Promise<Buffer>>();
  // Answers leave in the order of their requests: OpenSSH's scp cuts a file short when they do not.
  let sending: Promise<unknown> = Promise.resolve();
  channel.on('error', () => channel.close());
  const lying = createLying(deps.faults);
  try {
    for await (const request of packetsOf(channel)) {
      const lie = lying(request);
      if (lie === 'silent') continue;
      if (lie !== undefined) {
        channel.write(lie);
        continue;
      }
      const concurrent = request[0] === PacketType.read || request[0] === PacketType.write;
      const before = concurrent ? order : Promise.all([order, ...moving]);
      const answer = before.then(() => answerTo(files, request, deps.faults));
      if (concurrent) {
        moving.add(answer);
        void answer.finally(() => moving.delete(answer));
      } else order = answer;
      const work = Promise.all([answer, sending]).then(([bytes]) => {
        if (channel.writable) channel.write(bytes);
      });
      sending = work;
      inFlight.add(work);
      void work.finally(() => inFlight.delete(work));
      if (inFlight.size >= mostInFlight) await Promise.race(inFlight);
      if (channel.writableNeedDrain) await Promise.race([once(channel, 'drain'), once(channel, 'close')]);
    }
  } catch {
    // A malformed packet or a lost connection: either way the conversation is over.
    channel.close();
  } finally {
    await Promise.all(inFlight);
    await files[Symbol.asyncDispose]();
  }
  if (!channel.writable) return;
  channel.exit(0);
  channel.end();
}

/** What a fault says in place of an answer. A channel that has fallen silent stays so. */
function createLying(faults: FaultBook): (request: Buffer) => 'silent' | Uint8Array | undefined {
  let isSilent = false;
  return (request) => {
    const name = requestName(request);
    isSilent ||= faults.take('sftp-silent', (fault) => fault.request === name) !== undefined;
    return isSilent ? 'silent' : faults.take('sftp-bytes', (fault) => fault.request === name)?.bytes;
  };
}

/** Never rejects: a failure is an answer too. */
async function answerTo(files: SftpFiles, request: Buffer, faults: FaultBook): Promise<Buffer> {
  return request[0] === PacketType.init ? version(faults) : answerOf(files, request);
}

function version(faults: FaultBook): Buffer {
  const announced = faults.take('sftp-plain') === undefined ? extensions : [];
  const fields = announced.flatMap(([name, value]) => [text(name), text(value)]);
  // VERSION has no request id: the protocol number stands in its place.
  return packet(PacketType.version, 3, ...fields);
}

async function answerOf(files: SftpFiles, request: Buffer): Promise<Buffer> {
  const reader = new PacketReader(request);
  const type = reader.byte();
  const id = reader.uint32();
  try {
    return await files.answer(type, id, reader);
  } catch (error) {
    return status(id, ...statusOf(error));
  }
}

function statusOf(error: unknown): [code: number, message: string] {
  if (error instanceof OutsideError) return [StatusCode.permissionDenied, 'Permission denied'];
  if (error instanceof RangeError) return [StatusCode.badMessage, 'Bad message'];
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ELOOP':
      return [StatusCode.noSuchFile, 'No such file'];
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return [StatusCode.permissionDenied, 'Permission denied'];
    default:
      return [StatusCode.failure, code ?? 'Failure'];
  }
}
