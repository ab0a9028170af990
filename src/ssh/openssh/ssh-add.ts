/** Gives a private key to the SSH agent, through a pipe: it is in no file and on no command line. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { sanitizeLine } from '../../core/text/sanitize.ts';
import { agentStart } from '../../core/text/typed.ts';
import { within } from '../../core/time-limit.ts';
import { BaiError, LocalSystemError, NotFoundError, systemCode } from '../../errors.ts';
import { noAnswer } from '../ask.ts';
import { programPath } from '../programs.ts';

interface AddKeyRequest {
  /** The private key as text. */
  readonly key: string;
  /** As `ssh-add -t` takes it; the agent forgets the key then. */
  readonly lifetime: string;
  /** Where the agent listens, if there is one. */
  readonly agent: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** How long it may take: the agent may ask its owner. */
  readonly answerMs: number;
}

/** What ssh-add ends with when no agent answers. */
const noAgentStatus = 2;

export async function addToAgent(request: AddKeyRequest): Promise<void> {
  const { signal, answerMs: ms } = request;
  const hint = 'check whether it asks you something; or choose --key-store memory or file';
  const late = (): Error => noAnswer('the SSH agent did not take the key', ms / 1000, hint);
  await within((until) => add(request, until), { signal, ms, late });
}

async function add({ key, lifetime, agent, environment }: AddKeyRequest, until: AbortSignal): Promise<void> {
  // Nobody could answer a question: the key has no passphrase.
  const env = { ...environment, SSH_AUTH_SOCK: agent, SSH_ASKPASS_REQUIRE: 'never' };
  const child = spawn(programPath('ssh-add', environment), ['-q', '-t', lifetime, '-'], {
    stdio: ['pipe', 'ignore', 'pipe'],
    env,
    signal: until,
  });
  const ended = once(child, 'close') as Promise<[number | null]>;
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(0, 1_000);
  });
  // It may end before it has read the key.
  child.stdin.on('error', () => {});
  child.stdin.end(key);
  try {
    const [status] = await ended;
    if (status !== 0) throw notAdded(status, said);
  } catch (error) {
    if (error instanceof BaiError || systemCode(error) !== 'ENOENT') throw error;
    throw new LocalSystemError('the program "ssh-add" is not on this machine', {
      code: 'no-ssh',
      hint: 'install the OpenSSH client, or choose --key-store memory',
      cause: error,
    });
  }
}

function notAdded(status: number | null, said: string): BaiError {
  if (status === noAgentStatus) {
    return new NotFoundError('there is no SSH agent to keep the key', {
      code: 'no-agent',
      hint: `${agentStart()}; or choose --key-store memory`,
    });
  }
  const words = sanitizeLine(said.trim().replaceAll(/\s+/g, ' '));
  return new LocalSystemError(`the SSH agent did not take the key${words === '' ? '' : `: ${words}`}`, {
    code: 'agent-refused',
    hint: 'it may be locked (`ssh-add -X`) or of another kind; choose --key-store memory or file',
  });
}
