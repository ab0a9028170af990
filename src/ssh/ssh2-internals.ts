/**
 * Every reach into the inside of ssh2, which has no settings for what it is needed for. The shapes are those of ssh2 1.17
 * (`lib/client.js`, `lib/utils.js`, `lib/Channel.js`, `lib/protocol/Protocol.js`, `lib/protocol/SFTP.js`). Each part is looked at when
 * it is taken hold of: where another release has moved it, that throws, and nothing goes on with half of what it was made for.
 */

import ssh2, {
  type Client,
  type ClientChannel,
  type ParsedKey,
  type ServerChannel,
  type SFTPWrapper,
} from 'ssh2';
// @ts-expect-error: it has no declaration.
import createPoly1305 from 'ssh2/lib/protocol/crypto/poly1305.js';

type Sign = (bytes: Buffer, done: (signature: Buffer) => void) => void;

/** Writes the messages of a connection. What is assigned takes the place of ssh2's own. */
export interface Protocol {
  authPK: (this: Protocol, user: string, key: ParsedKey, algorithm?: string, sign?: Sign) => void;
  session: (this: Protocol, channel: number, window: number, packetSize: number) => void;
  exec: (this: Protocol, channel: number, command: string, wantReply?: boolean) => void;
  shell: (this: Protocol, channel: number, wantReply?: boolean) => void;
  subsystem: (this: Protocol, channel: number, name: string, wantReply?: boolean) => void;
  channelData: (this: Protocol, channel: number, bytes: Buffer) => void;
  channelEOF: (this: Protocol, channel: number) => void;
  channelClose: (this: Protocol, channel: number) => void;
  readonly channelWindowAdjust: (this: Protocol, channel: number, bytes: number) => void;
}

/** What is called with the messages that come in. */
interface MessageHandlers {
  SERVICE_ACCEPT: (this: void, protocol: Protocol, name: string) => void;
  USERAUTH_FAILURE: (this: void, protocol: Protocol, ...left: unknown[]) => void;
  CHANNEL_OPEN_CONFIRMATION: (this: void, protocol: Protocol, channel: ConfirmedChannel) => void;
  CHANNEL_OPEN_FAILURE: (this: void, protocol: Protocol, channel: number, ...why: unknown[]) => void;
  CHANNEL_WINDOW_ADJUST: (this: void, protocol: Protocol, channel: number, bytes: number) => void;
}

interface ConfirmedChannel {
  /** The number that this side has given to it, and the server's. */
  readonly recipient: number;
  readonly sender: number;
  readonly window: number;
  readonly packetSize: number;
}

interface PacketWriter {
  /** Completes a packet right before it is encrypted. */
  finalize: (this: PacketWriter, packet: Buffer, force?: boolean) => Buffer;
}

/** Of a connection, once `connect` was called, or what one of its channels of SFTP writes to. */
export function protocolOf(owner: Client | SFTPWrapper): Protocol {
  return part(owner, '_protocol', isProtocol);
}

export function handlersOf(protocol: Protocol): MessageHandlers {
  return part(protocol, '_handlers', isHandlers);
}

/** There is another one after each key exchange. */
export function writerOf(protocol: Protocol): PacketWriter {
  return part(part(protocol, '_packetRW', isObject), 'write', isWriter);
}

/** What a packet is encrypted with under chacha20-poly1305. */
export interface PacketKeys {
  readonly content: Buffer;
  readonly length: Buffer;
  readonly number: number;
}

interface PacketMaker {
  /** Memory for a packet and its code, the packet's length and padding filled in; nothing for those that ssh2 makes. */
  take(payloadBytes: number): Buffer | undefined;
  /** In place. False when it is none of those that were taken. */
  seal(packet: Buffer, keys: PacketKeys): boolean;
}

/** From now on, after further key exchanges too, unless another cipher was agreed on. */
export function makePackets(protocol: Protocol, maker: PacketMaker): void {
  let cipher: unknown;
  const set = (next: unknown): void => {
    cipher = next;
    if (isChaCha(next)) takeOver(next, maker);
  };
  set(part(protocol, '_cipher', isObject));
  Object.defineProperty(protocol, '_cipher', { get: () => cipher, set });
}

function takeOver(cipher: ChaChaCipher, maker: PacketMaker): void {
  const { allocPacket, encrypt } = cipher;
  cipher.allocPacket = (bytes) => maker.take(bytes) ?? allocPacket.call(cipher, bytes);
  cipher.encrypt = (packet) => {
    const { _encKeyMain: content, _encKeyPktLen: length, outSeqno: number } = cipher;
    if (cipher._dead || !maker.seal(packet, { content, length, number })) return encrypt.call(cipher, packet);
    cipher._onWrite(packet);
    cipher.outSeqno = (number + 1) >>> 0;
  };
}

interface ChaChaCipher extends Readonly<Record<'_encKeyMain' | '_encKeyPktLen', Buffer>> {
  readonly _dead: boolean;
  readonly _onWrite: (bytes: Buffer) => void;
  outSeqno: number;
  allocPacket: (payloadBytes: number) => Buffer;
  encrypt: (packet: Buffer) => void;
}

/** In WebAssembly: what it reads and writes lies in its memory, which never moves. Each is an instance of its own. */
export const loadPoly1305 = createPoly1305 as () => Promise<Poly1305>;

type Poly1305 = { readonly HEAPU8: Uint8Array; readonly _malloc: Compute; readonly _poly1305_auth: Compute };
type Compute = (...numbers: readonly number[]) => number;

/** What an SFTP channel writes to from now on. */
export function setProtocol(sftp: SFTPWrapper, protocol: Protocol): void {
  part(sftp, '_protocol', isProtocol);
  Reflect.set(sftp, '_protocol', protocol);
}

/** Counts the seconds without an answer to its keep-alive anew. For a client that has logged in. */
export function resetKeepalive(client: Client): void {
  part(client, '_resetKA', isFunction).call(client);
}

/** What the server has called itself in its first line, once that has come. */
export function softwareOf(client: Client): string {
  return part(client, '_remoteVer', isText);
}

/** The channel to which the server has given this number, when it is for SFTP. */
export function sftpByRemoteId(client: Client, id: number): SFTPWrapper | undefined {
  const channels = part(part(client, '_chanMgr', isObject), '_channels', isObject);
  const open: unknown[] = Object.values(channels);
  return open.filter(isSftp).find((channel) => outgoingOf(channel).id === id);
}

/** The channel to which this side has given this number, when it is open. */
export function channelByLocalId(client: Client, id: number): ClientChannel | SFTPWrapper | undefined {
  const channels = part(part(client, '_chanMgr', isObject), '_channels', isObject);
  const channel = channels[id];
  return isChannel(channel) ? channel : undefined;
}

/** Sends SFTP's greeting. ssh2 calls it too when the subsystem stands; the second call does nothing. */
export function greetFileServer(sftp: SFTPWrapper): void {
  part(sftp, '_init', isFunction).call(sftp);
}

interface Outgoing {
  /** The number that the server has given to the channel. */
  readonly id: number;
  /** What it takes at this moment, in bytes. */
  window: number;
  /** What it takes in one packet. */
  packetSize: number;
  state: string;
}

export function outgoingOf(channel: SFTPWrapper | ClientChannel): Outgoing {
  return part(channel, 'outgoing', isOutgoing);
}

interface Requests extends SFTPWrapper {
  /** The number of the last one. */
  _writeReqid: number;
  readonly _maxWriteLen: number;
  readonly _requests: Record<number, { readonly cb: Done }>;
  /** What waits for the window, in order. */
  _buffer: Buffer[];
  _waitWindow: boolean;
  _chunkcb: (() => void) | undefined;
}

/** The longest write that ssh2 does not make two of. */
export function longestWriteOf(sftp: SFTPWrapper): number {
  return requestsOf(sftp)._maxWriteLen;
}

type Pieces = readonly Buffer[];
type Done = (error?: unknown) => void;

/** As ssh2 does, but in pieces, which must stay as they are until that is answered. */
export function askInPieces(sftp: SFTPWrapper, make: (number: number) => Pieces, done: Done): void {
  const requests = requestsOf(sftp);
  const number = (requests._writeReqid + 1) >>> 0;
  requests._writeReqid = number;
  requests._requests[number] = { cb: done };
  requests._buffer.push(...sendFrom(requests, make(number)));
}

/** What the window has no room for is returned. */
function sendFrom(sftp: Requests, pieces: Pieces): Pieces {
  const outgoing = outgoingOf(sftp);
  for (const [index, piece] of pieces.entries()) {
    if (outgoing.state !== 'open') return [];
    let sent = 0;
    while (sent < piece.length && outgoing.window > 0) {
      const bytes = Math.min(piece.length - sent, outgoing.window, outgoing.packetSize);
      outgoing.window -= bytes;
      protocolOf(sftp).channelData(outgoing.id, piece.subarray(sent, sent + bytes));
      sent += bytes;
    }
    if (outgoing.window === 0) waitForWindow(sftp);
    if (sent < piece.length) return [piece.subarray(sent), ...pieces.slice(index + 1)];
  }
  return [];
}

function waitForWindow(requests: Requests): void {
  requests._waitWindow = true;
  requests._chunkcb = () => {
    requests._chunkcb = undefined;
    requests._buffer = [...sendFrom(requests, requests._buffer)];
  };
}

function requestsOf(sftp: SFTPWrapper): Requests {
  if (isRequests(sftp)) return sftp;
  throw moved('requests');
}

interface Incoming {
  /** What ssh2 lets the server send, in bytes. */
  window: number;
}

export function incomingOf(channel: SFTPWrapper | ClientChannel): Incoming {
  return part(channel, 'incoming', isIncoming);
}

/** Lets the other side send so much more. */
export function openWindow(channel: SFTPWrapper | ClientChannel, bytes: number): void {
  const protocol = part(part(channel, '_client', isObject), '_protocol', isProtocol);
  protocol.channelWindowAdjust(outgoingOf(channel).id, bytes);
}

type Push = (chunk: Buffer | null) => void;

/** What comes in for an SFTP channel goes through the function that is made of ssh2's own. */
export function interceptIncoming(sftp: SFTPWrapper, make: (push: Push) => Push): void {
  const push = part(sftp, 'push', isFunction);
  Reflect.set(
    sftp,
    'push',
    make((chunk) => push.call(sftp, chunk)),
  );
}

/** The version of SFTP that the server has answered with; -1 before. */
export function sftpVersionOf(sftp: SFTPWrapper): number {
  return part(sftp, '_version', isNumber);
}

/** The extensions of SFTP that the server has announced. */
export function extensionsOf(sftp: SFTPWrapper): Readonly<Record<string, unknown>> {
  return part(sftp, '_extensions', isObject);
}

/** ssh2 asks for no more in one read. */
export function limitReads(sftp: SFTPWrapper, bytes: number): void {
  if (part(sftp, '_maxReadLen', isNumber) > bytes) Reflect.set(sftp, '_maxReadLen', bytes);
}

type ReadFolder = (
  handle: Buffer,
  options: { readonly full: true },
  done: (error: unknown, entries?: unknown) => void,
) => void;

/**
 * The next part of a folder, as the server sends it. Without `full` ssh2 looks into the list itself, and would throw out of its
 * packet parser, past every handler, at a server that answers without one.
 */
export function readFolderInFull(sftp: SFTPWrapper, handle: Buffer, done: Parameters<ReadFolder>[2]): void {
  part(sftp, 'readdir', isReadFolder).call(sftp, handle, { full: true }, done);
}

/** A key of a kind that ssh2 does not know: what descends from one of its own is believed to be read already. */
export function keyLike(
  model: ParsedKey,
  own: Pick<ParsedKey, 'getPublicSSH'> & { readonly type: string },
): ParsedKey {
  const key = Object.assign(Object.create(model) as ParsedKey, own);
  if (ssh2.utils.parseKey(key) !== key) throw moved('parsed keys');
  return key;
}

const waiting = ['_chunk', '_chunkcb', '_chunkErr', '_chunkcbErr'] as const;

/** What had to wait for the window stays noted in ssh2, which sends it again when the other output has to wait. */
export function forgetWaiting(channel: ServerChannel): void {
  for (const name of waiting) {
    if (!(name in channel)) throw moved(name);
    Reflect.set(channel, name, undefined);
  }
}

function part<T>(owner: object, name: string, is: (value: unknown) => value is T): T {
  const value: unknown = Reflect.get(owner, name);
  if (is(value)) return value;
  throw moved(name);
}

function moved(name: string): Error {
  return new Error(`this release of ssh2 has moved or changed its ${name}: bai is made for ssh2 1.17`);
}

type Member = (...words: unknown[]) => unknown;
type Members = Readonly<Record<string, unknown>>;

const isNumber = (value: unknown): value is number => typeof value === 'number';
const isText = (value: unknown): value is string => typeof value === 'string';
const isFunction = (value: unknown): value is Member => typeof value === 'function';
const isObject = (value: unknown): value is Members => typeof value === 'object' && value !== null;
const has = (value: unknown, is: (part: unknown) => boolean, names: readonly string[]): value is Members =>
  isObject(value) && names.every((name) => is(value[name]));
/** The declared types do not know its options. */
const isReadFolder = (value: unknown): value is ReadFolder => isFunction(value);
const isSftp = (value: unknown): value is SFTPWrapper => isObject(value) && 'ext_openssh_statvfs' in value;
const isIncoming = (value: unknown): value is Incoming => isObject(value) && isNumber(value['window']);
const isOutgoing = (value: unknown): value is Outgoing =>
  has(value, isNumber, ['window', 'id', 'packetSize']) && isText(value['state']);
const isChannel = (value: unknown): value is ClientChannel =>
  isObject(value) && isOutgoing(value['outgoing']);

const isChaCha = (value: unknown): value is ChaChaCipher =>
  has(value, (each) => Buffer.isBuffer(each), ['_encKeyMain', '_encKeyPktLen']) &&
  has(value, isFunction, ['_onWrite', 'allocPacket', 'encrypt']) &&
  isNumber(value['outSeqno']);

const isRequests = (value: unknown): value is Requests =>
  has(value, isNumber, ['_writeReqid', '_maxWriteLen']) &&
  has(value, (each) => each !== undefined, ['_requests', '_buffer', '_waitWindow']);

const methods =
  'authPK session exec shell subsystem channelData channelEOF channelClose channelWindowAdjust'.split(' ');
const isProtocol = (value: unknown): value is Protocol => has(value, isFunction, methods);
const messages = [
  'SERVICE_ACCEPT',
  'USERAUTH_FAILURE',
  'CHANNEL_OPEN_CONFIRMATION',
  'CHANNEL_OPEN_FAILURE',
  'CHANNEL_WINDOW_ADJUST',
];
const isHandlers = (value: unknown): value is MessageHandlers => has(value, isFunction, messages);
const isWriter = (value: unknown): value is PacketWriter => isObject(value) && isFunction(value['finalize']);
