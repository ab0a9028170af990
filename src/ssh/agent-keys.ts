/** Keys that an SSH agent holds, to log in with: the agent signs, and no private key is ever seen here. */

import type { Duplex } from 'node:stream';
import ssh2, { type BaseAgent, type ParsedKey, type SignCallback, type SigningRequestOptions } from 'ssh2';
import { within } from '../core/time-limit.ts';
import { BaiError } from '../errors.ts';
import { openAgent } from './agent.ts';
import { noAnswer } from './ask.ts';
import { fingerprints } from './files/known-hosts.ts';
import { keyLike } from './ssh2-internals.ts';

interface AgentKey {
  /** Public half, as servers compare it. */
  readonly blob: Buffer;
  readonly type: string;
  /** `SHA256:…` */
  readonly fingerprint: string;
  /** What its owner called it; from a program of the user's own, and still only text. */
  readonly comment: string;
}

export interface AgentLogin {
  readonly agent: BaseAgent;
  /** Those that are offered, in the agent's order. */
  readonly offered: readonly AgentKey[];
  /** Those that this client cannot sign with, such as certificates. */
  readonly unusable: readonly AgentKey[];
  /** Whether a signature that was asked for has not come. */
  isSigning(): boolean;
}

interface AgentWait {
  readonly signal: AbortSignal;
  /** How long an agent may take: it may ask its owner something. */
  readonly answerMs: number;
}

/** The first agent of `paths` that there is; nothing when there is none. Throws when one does not answer in time. */
export async function openAgentLogin(
  paths: readonly string[],
  wait: AgentWait,
): Promise<AgentLogin | undefined> {
  for (const path of paths) {
    const keys = await listInTime(path, wait).catch(noAgent);
    if (keys === undefined) continue;
    const offered = keys.filter((key) => parsed(key) !== undefined);
    const agent = new ChosenKeys(path, offered);
    const unusable = keys.filter((key) => parsed(key) === undefined);
    return { agent, offered, unusable, isSigning: () => agent.isSigning };
  }
  return undefined;
}

async function listInTime(path: string, { signal, answerMs: ms }: AgentWait): Promise<AgentKey[]> {
  const late = (): Error =>
    noAnswer(
      'the SSH agent did not answer',
      ms / 1000,
      'check whether it asks you something, or start another one',
    );
  return await within((until) => listAgentKeys(path, until), { signal, ms, late });
}

/** All of them, in the agent's order; ssh2 leaves out what it does not know. Rejects when no agent answers. */
async function listAgentKeys(path: string, signal?: AbortSignal): Promise<AgentKey[]> {
  const answer = await request(path, Buffer.of(requestIdentities), signal);
  if (answer[0] !== identitiesAnswer) throw new AgentError();
  const reader = new Reader(answer.subarray(1));
  const count = reader.number();
  const keys: AgentKey[] = [];
  while (keys.length < count) {
    const blob = reader.text();
    const [type, comment] = [new Reader(blob).text().toString('latin1'), reader.text().toString()];
    keys.push({ blob, type, comment, fingerprint: fingerprints(blob).sha256 });
  }
  return keys;
}

/** The signature with what belongs behind it: the device's flags and counter. */
async function signByDevice(path: string, blob: Buffer, data: Buffer): Promise<Buffer> {
  const flags = Buffer.alloc(4);
  const answer = await request(
    path,
    Buffer.concat([Buffer.of(signRequest), packed(blob), packed(data), flags]),
  );
  if (answer[0] !== signResponse) throw new AgentError();
  const reader = new Reader(new Reader(answer.subarray(1)).text());
  // The kind of key, again.
  reader.text();
  return Buffer.concat([reader.text(), reader.rest()]);
}

function packed(bytes: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(bytes.length);
  return Buffer.concat([head, bytes]);
}

const requestIdentities = 11;
const signRequest = 13;
const signResponse = 14;
const identitiesAnswer = 12;
/** Agents refuse longer ones too. */
const longestAnswer = 256 * 1024;

class AgentError extends Error {
  constructor() {
    super('the SSH agent gave no answer that can be read');
  }
}

/** A socket that nobody listens on, or somebody who is no agent. */
function noAgent(error: unknown): undefined {
  if (error instanceof Error && !(error instanceof BaiError)) return undefined;
  throw error;
}

async function request(path: string, message: Buffer, signal?: AbortSignal): Promise<Buffer> {
  const stream = await streamTo(path);
  const stop = (): void => void stream.destroy();
  if (signal?.aborted) stop();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    stream.write(packed(message));
    let answer = Buffer.alloc(0);
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      answer = Buffer.concat([answer, chunk]);
      const length = answer.length < 4 ? 0 : answer.readUInt32BE(0);
      if (length > longestAnswer) break;
      if (length > 0 && answer.length >= 4 + length) return answer.subarray(4, 4 + length);
    }
    throw new AgentError();
  } finally {
    signal?.removeEventListener('abort', stop);
    stream.destroy();
  }
}

function streamTo(path: string): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const agent = openAgent(path);
    if (agent.getStream === undefined) return reject(new AgentError());
    agent.getStream((error, stream) =>
      stream === undefined ? reject(error ?? new AgentError()) : resolve(stream),
    );
  });
}

/** Strings and numbers as SSH packs them; throws at the end of what is there. */
class Reader {
  #rest: Buffer;

  constructor(bytes: Buffer) {
    this.#rest = bytes;
  }

  number(): number {
    return this.#take(4).readUInt32BE(0);
  }

  text(): Buffer {
    return this.#take(this.number());
  }

  rest(): Buffer {
    return this.#rest;
  }

  #take(length: number): Buffer {
    if (length > this.#rest.length) throw new AgentError();
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }
}

/** Keys that sit in a FIDO device; the agent asks for the touch. */
const ofDevices: ReadonlySet<string> = new Set([
  'sk-ssh-ed25519@openssh.com',
  'sk-ecdsa-sha2-nistp256@openssh.com',
]);

/** ssh2 knows no keys of devices. */
function parsed({ type, blob }: AgentKey): ParsedKey | undefined {
  if (ofDevices.has(type)) {
    const model = parsed(modelKey);
    return model && keyLike(model, { type, getPublicSSH: () => blob });
  }
  const key = ssh2.utils.parseKey(`${type} ${blob.toString('base64')}`);
  return key instanceof Error ? undefined : key;
}

const modelType = Buffer.from('\0\0\0\x0bssh-ed25519\0\0\0\x20', 'latin1');
const modelKey: AgentKey = {
  type: 'ssh-ed25519',
  blob: Buffer.concat([modelType, Buffer.alloc(32)]),
  comment: '',
  fingerprint: '',
};

/** An agent that has these keys only. */
class ChosenKeys extends ssh2.BaseAgent<ParsedKey> {
  isSigning = false;
  readonly #path: string;
  readonly #agent: BaseAgent;
  readonly #keys: readonly AgentKey[];

  constructor(path: string, keys: readonly AgentKey[]) {
    super();
    this.#path = path;
    this.#agent = openAgent(path);
    this.#keys = keys;
  }

  override getIdentities(answer: (error?: Error | null, keys?: ParsedKey[]) => void): void {
    answer(
      undefined,
      this.#keys.map(parsed).filter((key) => key !== undefined),
    );
  }

  override sign(
    key: ParsedKey,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    done?: SignCallback,
  ): void {
    const given = typeof options === 'function' ? options : done;
    const answer: SignCallback = (...result) => {
      this.isSigning = false;
      given?.(...result);
    };
    this.isSigning = true;
    if (ofDevices.has(key.type)) {
      signByDevice(this.#path, key.getPublicSSH(), data).then(
        (signature) => answer(undefined, signature),
        (error: Error) => answer(error),
      );
    } else if (typeof options === 'function') this.#agent.sign(key, data, answer);
    else this.#agent.sign(key, data, options, answer);
  }
}
