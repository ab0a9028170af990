/** From a SOCKS proxy on: versions 4, 4a and 5. In a chunk of its own, for few have one. */

import { lookup } from 'node:dns/promises';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { SocksClient, SocksClientError } from 'socks';
import { ERRORS } from 'socks/build/common/constants.js';
import type { BaiError } from '../errors.ts';
import { networkError } from './network-error.ts';
import type { ProxyServer } from './proxy-choice.ts';
import { type DialTarget, type ProxyConnection, untilAborted } from './proxy-dial.ts';
import { proxyRefused, proxyWantsLogin, speaksOtherwise } from './proxy-error.ts';

/** Longer than every limit of bai: its own is of no use where the user has asked for none. */
const noLimitMs = 2 ** 31 - 1;

/** With 4 and 5 names are looked up here, with 4a and 5h by the proxy, as curl has it. */
export async function askSocks(
  { host, port }: DialTarget,
  { proxy, socket, signal }: ProxyConnection,
): Promise<Duplex> {
  const { kind, login } = proxy;
  const type = kind.startsWith('socks4') ? 4 : 5;
  const isLocal = kind === 'socks4' || kind === 'socks5';
  const destination = isLocal && net.isIP(host) === 0 ? await addressOf(host, type) : host;
  // The library writes it behind a length of one byte, and throws where nobody can catch it.
  if (Buffer.byteLength(destination) > 255)
    throw proxyRefused(proxy, { what: 'takes no host name of that length', isLasting: true });
  const made = SocksClient.createConnection({
    command: 'connect',
    proxy: {
      host: proxy.host,
      port: proxy.port,
      type,
      ...(login !== undefined && { userId: login.user, password: login.password }),
    },
    destination: { host: destination, port },
    existing_socket: socket,
    timeout: noLimitMs,
  });
  try {
    await untilAborted(socket, signal, made);
    return await withExcess(socket);
  } catch (error) {
    throw error instanceof SocksClientError ? explained(error, { proxy, host, port }) : error;
  }
}

/**
 * What came right behind the answer the library gives back as an event in the next turn, whoever listens by then. It is
 * read again in its place; nothing more is read before somebody does.
 */
async function withExcess(socket: net.Socket): Promise<Duplex> {
  const excess: Buffer[] = [];
  const keep = (chunk: Buffer): void => void excess.push(chunk);
  socket.on('data', keep);
  await setImmediate();
  socket.off('data', keep);
  socket.pause();
  if (excess.length > 0) socket.unshift(Buffer.concat(excess));
  return socket;
}

async function addressOf(host: string, type: 4 | 5): Promise<string> {
  try {
    return (await lookup(host, { family: type === 4 ? 4 : 0 })).address;
  } catch (error) {
    // The name is the server's: the proxy has nothing to do with it.
    throw networkError(error, new URL(`http://${host}`));
  }
}

interface Asked extends DialTarget {
  readonly proxy: ProxyServer;
}

const loginFailures: ReadonlySet<string> = new Set([
  ERRORS.InvalidSocks5InitialHandshakeNoAcceptedAuthType,
  ERRORS.InvalidSocks5InitialHandshakeUnknownAuthType,
  ERRORS.Socks5AuthenticationFailed,
]);

/** By the words that the library exports for its failures; behind two of them stands the answer's name. */
function explained(error: SocksClientError, { proxy, host, port }: Asked): BaiError {
  if (loginFailures.has(error.message)) return proxyWantsLogin(proxy);
  const rejection = [ERRORS.InvalidSocks5FinalHandshakeRejected, ERRORS.Socks4ProxyRejectedConnection].find(
    (words) => error.message.startsWith(words),
  );
  const answer = rejection && error.message.slice(rejection.length).replace(/\W/g, '');
  const words = rejections[answer ?? ''];
  if (words === undefined) return speaksOtherwise(proxy, error);
  const what = `${words} ${host}:${port}`;
  return proxyRefused(proxy, { what, isLasting: answer === 'NotAllowed' });
}

const rejections: Readonly<Record<string, string>> = {
  NotAllowed: 'does not let bai connect to',
  ConnectionRefused: 'finds nothing that listens at',
  NetworkUnreachable: 'has no route to',
  HostUnreachable: 'does not reach',
  TTLExpired: 'does not reach',
  Failure: 'gets no connection to',
  Failed: 'gets no connection to',
  Rejected: 'gets no connection to',
  RejectedIdent: 'does not let bai connect to',
  CommandNotSupported: 'makes no connection to',
  AddressNotSupported: 'does not take the kind of address of',
};
