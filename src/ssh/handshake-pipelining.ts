/**
 * Makes ssh2 send together what need not wait for an answer. RFC 4252 and 4254 let a client do so, and servers work
 * off what arrives in order. On a line of 150 ms this is half a second of every login.
 */

import type { Client } from 'ssh2';
import type { LookAhead, NewPart } from '../core/sftp/look-ahead.ts';
import { type AskedAhead, askAhead, readyAtOnce } from './sftp-ahead.ts';
import { checkLengths } from './sftp-packets.ts';
import {
  greetFileServer,
  handlersOf,
  type Protocol,
  protocolOf,
  sftpByRemoteId,
  writerOf,
} from './ssh2-internals.ts';

/** What every server that a session runs can check; ssh2 by itself begins with SHA-1 until it is told of better. */
const rsaAlgorithm = 'rsa-sha2-256';

export interface PipelinedHandshake {
  /** When the session last let a channel for SFTP be opened: one round trip after it was asked, unless it went along with the login. */
  sftpOpenedAt(): number | undefined;
  /** What the next file server is asked about together with its greeting; see `askAhead`. */
  lookAhead(ahead: LookAhead): void;
  /** How many questions were answered by that. */
  givenAhead(): number;
  /** The part that was to be made so, until somebody has opened it. */
  partAhead(): NewPart | undefined;
  /** How many programs the session was asked to start, a refusal or not. */
  programsAsked(): number;
  /** The server has let the login begin, and told before which signatures it checks. */
  readonly loginAccepted: Promise<void>;
}

/** To be called right after `connect`, for logins with a private key. `signed` hears, in this turn, that the first signature has left. */
export function pipelineHandshake(client: Client, signed: () => void = () => {}): PipelinedHandshake {
  const protocol = protocolOf(client);
  const loginAccepted = askForLoginAtOnce(client, protocol);
  signAtOnce(protocol, signed);
  signByDevice(protocol);
  return { ...greetFileServerAtOnce(client, protocol), ...countPrograms(protocol), loginAccepted };
}

function countPrograms(protocol: Protocol): Pick<PipelinedHandshake, 'programsAsked'> {
  const { exec, shell } = protocol;
  let asked = 0;
  protocol.exec = (...words) => {
    asked += 1;
    exec.apply(protocol, words);
  };
  protocol.shell = (...words) => {
    asked += 1;
    shell.apply(protocol, words);
  };
  return { programsAsked: () => asked };
}

/** The login goes out with the request for the login service, whose only other answer is a hang-up. */
function askForLoginAtOnce(client: Client, protocol: Protocol): Promise<void> {
  const handlers = handlersOf(protocol);
  const begin = handlers.SERVICE_ACCEPT;
  let isAsked = false;
  const accepted = new Promise<void>((resolve) => {
    handlers.SERVICE_ACCEPT = (...answer) => {
      resolve();
      if (!isAsked) begin(...answer);
    };
  });
  client.once('handshake', () => {
    // ssh2 sends the request for the service right after it has told of the handshake.
    process.nextTick(() => {
      isAsked = true;
      begin(protocol, 'ssh-userauth');
    });
  });
  return accepted;
}

/** ssh2 asks whether a key would do before it signs with it; with one key the signature can be the question. */
function signAtOnce(protocol: Protocol, signed: () => void): void {
  const { authPK } = protocol;
  let isFirst = true;
  protocol.authPK = (user, key, algorithm, sign) => {
    if (!isFirst || sign !== undefined) return authPK.call(protocol, user, key, algorithm, sign);
    isFirst = false;
    const isRsa = key.type === 'ssh-rsa';
    authPK.call(protocol, user, key, isRsa ? rsaAlgorithm : algorithm, (bytes, done) => {
      const signature: unknown = isRsa ? key.sign(bytes, 'sha256') : key.sign(bytes);
      if (!Buffer.isBuffer(signature)) return authPK.call(protocol, user, key, algorithm);
      done(signature);
      signed();
    });
  };
}

/** What a FIDO device adds to a signature: one byte of flags, and its counter. */
const deviceFactsBytes = 5;

/**
 * ssh2 writes all that was signed as one text. In signatures of devices the flags and the counter stand behind that text, so
 * its length is put right in the packet before that is sent.
 */
function signByDevice(protocol: Protocol): void {
  const { authPK } = protocol;
  protocol.authPK = (user, key, algorithm, sign) => {
    const isOfDevice = key.type.startsWith('sk-');
    if (sign === undefined || !isOfDevice) return authPK.call(protocol, user, key, algorithm, sign);
    const writer = writerOf(protocol);
    const { finalize } = writer;
    authPK.call(protocol, user, key, algorithm, (bytes, done) =>
      sign(bytes, (signature) => {
        writer.finalize = (packet, force) => {
          const at = packet.lastIndexOf(signature);
          if (at >= 4) packet.writeUInt32BE(signature.length - deviceFactsBytes, at - 4);
          return finalize.call(writer, packet, force);
        };
        try {
          done(signature);
        } finally {
          writer.finalize = finalize;
        }
      }),
    );
  };
}

/** SFTP's first packets go out with the request for the subsystem. */
function greetFileServerAtOnce(
  client: Client,
  protocol: Protocol,
): Pick<PipelinedHandshake, 'sftpOpenedAt' | 'lookAhead' | 'givenAhead' | 'partAhead'> {
  const { subsystem } = protocol;
  let openedAt: number | undefined;
  let ahead: LookAhead | undefined;
  let asked: AskedAhead | undefined;
  protocol.subsystem = (channel, name, wantReply) => {
    openedAt = performance.now();
    subsystem.call(protocol, channel, name, wantReply);
    const sftp = name === 'sftp' ? sftpByRemoteId(client, channel) : undefined;
    if (sftp === undefined) return;
    greetFileServer(sftp);
    checkLengths(sftp);
    readyAtOnce(sftp);
    if (ahead === undefined) return;
    asked = askAhead(sftp, ahead);
    ahead = undefined;
  };
  return {
    sftpOpenedAt: () => openedAt,
    lookAhead(next) {
      ahead = next;
    },
    givenAhead: () => asked?.given() ?? 0,
    partAhead: () => asked?.part(),
  };
}
