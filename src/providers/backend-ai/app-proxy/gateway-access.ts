/** SSH over a port that leads past the manager. The manager still vouches for the server at its end: its host key is learnt there. */

import { isIPv6, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createSemaphore } from '../../../core/semaphore.ts';
import type { Gateway, SshAccess, Tunnel } from '../../../core/session/provider.ts';
import type { SessionRef } from '../../../core/session/session.ts';
import { typed } from '../../../core/text/typed.ts';
import { type BaiError, DeniedError, UnreachableError } from '../../../errors.ts';
import type { Network } from '../../../net/network.ts';
import { dialSsh, type FinalFailure, type SshDialOptions } from '../../../net/ssh-dial.ts';
import { type HiddenEnd, watchEnd } from '../tunnel/hidden-end.ts';
import { throughManager } from './refusals.ts';

interface GatewayAccess {
  readonly session: SessionRef;
  readonly gateway: Gateway;
  /** Through the manager. */
  readonly channel: Tunnel;
  readonly network: Network;
  readonly answerMs: number;
  readonly silenceMs: number | undefined;
  /** How to find out that the session has ended, for a gateway that does not pass it on. */
  readonly hiddenEnd: HiddenEnd;
}

/** Below dropbear's five, which a gateway keeps taken by whoever has hung up. */
const dialsAtOnce = 4;

export function gatewayAccess(
  parts: GatewayAccess,
): Pick<SshAccess, 'dial' | 'gateway' | 'place' | 'hostKeyFrom'> {
  const { gateway, channel } = parts;
  const semaphore = createSemaphore(dialsAtOnce);
  return {
    gateway,
    place: placeOf(gateway),
    hostKeyFrom: channel,
    async dial(signal) {
      const leave = await semaphore.enter(signal);
      try {
        const stream = await dialSsh(dialOptions(parts), signal);
        if (gateway.via === 'proxy') endForGateway(stream, parts.hiddenEnd);
        return stream;
      } finally {
        leave();
      }
    },
  };
}

function dialOptions({ session, gateway, network, answerMs, silenceMs }: GatewayAccess): SshDialOptions {
  const { via, host, port } = gateway;
  const isProxy = via === 'proxy';
  return {
    ...{ network, silenceMs, target: { host, port }, patienceMs: answerMs / 2 },
    label: `sshd of session ${session.name}${isProxy ? ', through the app proxy' : ''}`,
    refusedHint: isProxy
      ? `connections that were given up may keep its places for logins taken: ${throughManager}`
      : throughManager,
    finally: isProxy ? (failure) => proxyFailure(failure, session, gateway) : undefined,
  };
}

function proxyFailure(
  { kind, cause, ownAddress }: FinalFailure,
  { name }: SessionRef,
  gateway: Gateway,
): BaiError {
  const { allowedFrom } = gateway;
  const place = placeOf(gateway);
  if (kind !== 'hung-up') {
    const what = kind === 'refused' ? 'refuses connections' : 'does not answer';
    return new UnreachableError(`the worker of the app proxy at ${place} ${what}`, {
      code: 'gateway-unreachable',
      hint: `it may be away, or a firewall in between lets nothing through to that port; ${throughManager}`,
      cause,
    });
  }
  if (allowedFrom === undefined || allowedFrom === 'everywhere') {
    return new UnreachableError(`the app proxy at ${place} hung up without a byte from session ${name}`, {
      code: 'sshd-not-greeting',
      hint: `the session may have ended, or its sshd does not listen: \`${typed(['bai', 'session', 'info', name])}\` tells`,
    });
  }
  const own = ownAddress === undefined ? '' : `; this machine's own address there is ${ownAddress}`;
  return new DeniedError(
    `the app proxy at ${place} lets in ${allowedFrom.join(', ')} alone, and hung up without a byte${own}`,
    {
      code: 'address-not-allowed',
      hint: 'behind a router it sees another address than your own: name that one with --allow-from, or its network',
      details: { allowedFrom },
    },
  );
}

function placeOf({ host, port }: Gateway): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Who holds the stream sees its end, as if the gateway had passed it on; and who has said all is not kept. */
function endForGateway(stream: Duplex, hiddenEnd: HiddenEnd): void {
  const socket = stream instanceof Socket ? stream : undefined;
  const heard = (): number => socket?.bytesRead ?? 0;
  stream.once('finish', () => {
    socket?.unref();
    leaveWhenQuiet(stream, heard);
  });
  if (socket === undefined) return;
  const line = {
    heard,
    isPaused: () => socket.readableLength > 0,
    onceClosed: (done: () => void) => void socket.once('close', done),
  };
  watchEnd(line, hiddenEnd, () => {
    socket.push(null);
    socket.read(0);
  });
}

/** What is on its way when the last byte was sent comes within this time of the one before. */
const quietMs = 2_000;

function leaveWhenQuiet(stream: Duplex, heard: () => number): void {
  let before = heard();
  const timer = setInterval(() => {
    if (heard() === before && stream.readableLength === 0) stream.destroy();
    before = heard();
  }, quietMs);
  if (stream instanceof Socket) timer.unref();
  stream.once('close', () => clearInterval(timer));
}
