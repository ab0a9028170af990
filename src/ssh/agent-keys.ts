/** Keys that an SSH agent holds, to log in with: the agent signs, and no private key is ever seen here. */

import type { Duplex } from 'node:stream';
import ssh2, { type BaseAgent, type ParsedKey, type SignCallback, type SigningRequestOptions } from 'ssh2';
import { openAgent } from './agent.ts';
import { fingerprints } from './known-hosts.ts';

export interface AgentKey {
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
  /** Those that this client cannot sign with: keys of FIDO devices, certificates. */
  readonly unusable: readonly AgentKey[];
}

/** The first agent of `paths` that answers; nothing when none does. */
export async function openAgentLogin(paths: readonly string[]): Promise<AgentLogin | undefined> {
  for (const path of paths) {
    const keys = await listAgentKeys(path).catch(noAgent);
    if (keys === undefined) continue;
    const offered = keys.filter((key) => parsed(key) !== undefined);
    return {
      agent: new ChosenKeys(openAgent(path), offered),
      offered,
      unusable: keys.filter((key) => parsed(key) === undefined),
    };
  }
  return undefined;
}

/** All of them, in the agent's order; ssh2 leaves out what it does not know. Rejects when no agent answers. */
export async function listAgentKeys(path: string): Promise<AgentKey[]> {
  const answer = await request(path, Buffer.of(requestIdentities));
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

const requestIdentities = 11;
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
  if (error instanceof Error) return undefined;
  throw error;
}

async function request(path: string, message: Buffer): Promise<Buffer> {
  const stream = await streamTo(path);
  try {
    const head = Buffer.alloc(4);
    head.writeUInt32BE(message.length);
    stream.write(Buffer.concat([head, message]));
    let answer = Buffer.alloc(0);
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      answer = Buffer.concat([answer, chunk]);
      const length = answer.length < 4 ? 0 : answer.readUInt32BE(0);
      if (length > longestAnswer) break;
      if (length > 0 && answer.length >= 4 + length) return answer.subarray(4, 4 + length);
    }
    throw new AgentError();
  } finally {
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

  #take(length: number): Buffer {
    if (length > this.#rest.length) throw new AgentError();
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }
}

function parsed({ type, blob }: AgentKey): ParsedKey | undefined {
  const key = ssh2.utils.parseKey(`${type} ${blob.toString('base64')}`);
  return key instanceof Error ? undefined : key;
}

/** An agent that has these keys only. */
class ChosenKeys extends ssh2.BaseAgent<ParsedKey> {
  readonly #agent: BaseAgent;
  readonly #keys: readonly AgentKey[];

  constructor(agent: BaseAgent, keys: readonly AgentKey[]) {
    super();
    this.#agent = agent;
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
    if (typeof options === 'function') this.#agent.sign(key, data, options);
    else this.#agent.sign(key, data, options, done);
  }
}
