/** Keys of the user's own: the agent's when that is asked for, and all where a session hands out none. */

import type { SessionRef } from '../../core/session/session.ts';
import { agentAdd, agentStart } from '../../core/text/typed.ts';
import { BaiError, DeniedError, NotFoundError } from '../../errors.ts';
import type { PrivateKey } from '../../keys/private-key.ts';
import type { AgentLogin } from '../../ssh/agent-keys.ts';
import type { KeyRing, LoginKey } from '../../ssh/login.ts';
import type { SshTools } from './ssh-tools.ts';

/** What the session handed out; or, when it hands out nothing, what the user has. */
export async function issuedOrOwn(
  session: SessionRef,
  tools: SshTools,
): Promise<{ readonly key: PrivateKey } | { readonly ring: KeyRing }> {
  if (tools.provider.issuedKey === undefined) {
    const ring = await ownRing(tools);
    if (namesOf(ring).length === 0) throw noOwnKey();
    return { ring };
  }
  try {
    return { key: await tools.keys.issued(session, tools.signal) };
  } catch (error) {
    if (!(error instanceof BaiError) || error.code !== 'no-id-container') throw error;
    const ring = await ownRing(tools);
    const names = namesOf(ring);
    if (names.length === 0) throw error;
    tools.reporter.info(`${error.message}; trying ${names.join(', ')}`);
    return { ring };
  }
}

/** For the builtin client, where sessions hand out no keys. Asks for a passphrase when no other key could be tried. */
export async function ownLogin(tools: SshTools): Promise<LoginKey> {
  const ring = await ownRing(tools);
  const [name] = namesOf(ring);
  if (name === undefined) throw noOwnKey();
  const { agent, files, locked } = ring;
  const [only] = files.length === 0 && (agent?.offered.length ?? 0) === 0 ? locked : [];
  return only === undefined ? ring : tools.keys.readOwn(only.path);
}

async function ownRing({ keys }: SshTools): Promise<KeyRing> {
  return { agent: await keys.ofAgent(), ...(await keys.usual()) };
}

function noOwnKey(): NotFoundError {
  return new NotFoundError('there is no SSH key of yours to log in with', {
    code: 'no-own-key',
    hint: '`bai key generate` makes one; --identity FILE or the setting identity names one elsewhere',
  });
}

/** Of the agent's keys alone; throws when there are none that this client can sign with. */
export async function agentRing(tools: SshTools): Promise<KeyRing> {
  const agent = await requireAgent(tools);
  if (agent.offered.length === 0) throw noKeys(agent);
  return { agent, files: [], locked: [] };
}

/** For the system's ssh, which can use every key there is. */
export async function checkAgentKeys(tools: SshTools): Promise<void> {
  const agent = await requireAgent(tools);
  if (agent.offered.length + agent.unusable.length === 0) throw noKeys(agent);
}

async function requireAgent(tools: SshTools): Promise<AgentLogin> {
  const agent = await tools.keys.ofAgent();
  if (agent === undefined) {
    throw new NotFoundError('there is no SSH agent to log in with', {
      code: 'no-agent',
      hint: `${agentStart()}, then \`${agentAdd()}\`; bai looks where ssh does: IdentityAgent of your ssh configuration, then SSH_AUTH_SOCK`,
    });
  }
  return agent;
}

function noKeys({ unusable }: AgentLogin): DeniedError {
  const types = unusable.map(({ type }) => type).join(', ');
  return new DeniedError(
    unusable.length === 0
      ? 'the SSH agent holds no key'
      : `the SSH agent holds no key that the builtin client can use (${types})`,
    {
      code: 'no-agent-key',
      hint:
        unusable.length === 0
          ? `\`${agentAdd('FILE')}\` gives it one`
          : 'use the system’s ssh with them: --client system',
    },
  );
}

/** What is tried, in that order, for people. */
export function namesOf({ agent, files, locked }: KeyRing): string[] {
  const count = agent?.offered.length ?? 0;
  const ofAgent =
    count === 0 ? [] : [count === 1 ? 'the key of the SSH agent' : `${count} keys of the SSH agent`];
  return [...ofAgent, ...filesOf({ files, locked })];
}

export function filesOf({ files, locked }: Pick<KeyRing, 'files' | 'locked'>): string[] {
  return [...files, ...locked].map(({ path }) => path);
}
