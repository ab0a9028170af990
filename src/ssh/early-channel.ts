/**
 * Opens the first channel of a connection together with the login, and sends along what is asked of it. A server works off what arrives
 * in its order, and gives the number 0 to a first channel; when it says otherwise, it has refused what was asked of that number.
 */

import type { Client } from 'ssh2';
import { TooEarlyError } from '../core/ssh/too-early.ts';
import { channelByLocalId, handlersOf, outgoingOf, protocolOf } from './ssh2-internals.ts';

/** Those that were seen to do so. Another one may hang up, and then nobody knows what it has done before. */
const inOrder = /^(?:dropbear|OpenSSH)_/;

export function takesEarlyChannels(software: string): boolean {
  return inOrder.test(software);
}

const firstNumber = 0;
/** Less than any server grants to a channel by the time that it reads what comes over it. */
const presumedWindow = 8 * 1024;
const presumedPacket = 32 * 1024;

/**
 * From now on, until the login is accepted, the next channel is opened so. `refused` hears that the server did not take it, and has carried
 * out nothing of it. Returns what resolves when it has, or when there was none.
 */
export function openEarly(client: Client, refused: (error: TooEarlyError) => void): Promise<void> {
  const protocol = protocolOf(client);
  const handlers = handlersOf(protocol);
  const confirm = handlers.CHANNEL_OPEN_CONFIRMATION;
  const adjust = handlers.CHANNEL_WINDOW_ADJUST;
  const { CHANNEL_OPEN_FAILURE: fail, USERAUTH_FAILURE: failLogin } = handlers;
  const { session } = protocol;
  let opened: number | undefined;
  /** What was sent beyond what the server has granted so far. */
  let debt = 0;
  return new Promise((resolve) => {
    protocol.session = (channel, window, packet) => {
      protocol.session = session;
      opened = channel;
      session.call(protocol, channel, window, packet);
      const sender = firstNumber;
      confirm(protocol, { recipient: channel, sender, window: presumedWindow, packetSize: presumedPacket });
    };
    client.once('ready', () => {
      protocol.session = session;
      if (opened === undefined) resolve();
    });
    handlers.USERAUTH_FAILURE = (...words) => {
      if (opened === undefined) return failLogin(...words);
      refused(new TooEarlyError('the login was refused, and with it what went along', wasLost));
    };
    handlers.CHANNEL_OPEN_FAILURE = (...words) => {
      if (words[1] !== opened) return fail(...words);
      refused(new TooEarlyError('the channel that went along with the login was refused', wasLost));
    };
    handlers.CHANNEL_OPEN_CONFIRMATION = (from, channel) => {
      if (channel.recipient !== opened) return confirm(from, channel);
      handlers.CHANNEL_OPEN_CONFIRMATION = confirm;
      handlers.CHANNEL_OPEN_FAILURE = fail;
      if (channel.sender !== firstNumber)
        return refused(new TooEarlyError('the first channel has another number than 0', wasLost));
      debt = settle(client, channel);
      resolve();
      return undefined;
    };
    handlers.CHANNEL_WINDOW_ADJUST = (from, channel, bytes) => {
      const paid = channel === opened ? Math.min(debt, bytes) : 0;
      debt -= paid;
      adjust(from, channel, bytes - paid);
    };
  });
}

const wasLost = { code: 'connection-lost' } as const;

interface Granted {
  readonly recipient: number;
  readonly window: number;
  readonly packetSize: number;
}

/** In the place of what was presumed. Returns what was sent beyond it. */
function settle(client: Client, { recipient, window, packetSize }: Granted): number {
  const channel = channelByLocalId(client, recipient);
  if (channel === undefined) return 0;
  const outgoing = outgoingOf(channel);
  const left = window - (presumedWindow - outgoing.window);
  outgoing.packetSize = packetSize;
  outgoing.window = Math.max(0, left);
  return Math.max(0, -left);
}
