/** The SSH agent of this machine: to log in with its keys, to list them, and for programs of a session to ask (-A). */

import { Socket } from 'node:net';
import ssh2, { type BaseAgent, type ParsedKey } from 'ssh2';

/** Each program that asks gets a connection of its own to the agent that listens at `path`. */
export function openAgent(path: string): BaseAgent {
  const agent = ssh2.createAgent(path);
  const getStream = agent.getStream?.bind(agent);
  if (getStream === undefined) return agent;
  agent.getStream = (answer) =>
    getStream((error, stream) => {
      // ssh2 stops to listen once it stands; an agent that ends is no reason for bai to end.
      stream?.on('error', () => stream.destroy());
      // Nor is one that does not answer a reason to stay: who asks it has a limit of their own.
      if (stream instanceof Socket) stream.unref();
      answer(error, stream);
    });
  return agent;
}

interface AgentKey {
  /** The public half, as SSH sends it. */
  readonly blob: Buffer;
  readonly comment: string;
}

/** The keys the agent at `path` holds, but for types that ssh2 does not know. */
export function listAgentKeys(path: string): Promise<readonly AgentKey[]> {
  return new Promise((resolve, reject) => {
    openAgent(path).getIdentities((error, keys = []) => {
      if (error) return reject(error);
      resolve(keys.flatMap((key) => (isParsed(key) ? [describe(key)] : [])));
    });
  });
}

function isParsed(key: unknown): key is ParsedKey {
  return typeof key === 'object' && key !== null && 'getPublicSSH' in key;
}

function describe(key: ParsedKey): AgentKey {
  return { blob: key.getPublicSSH(), comment: key.comment ?? '' };
}
