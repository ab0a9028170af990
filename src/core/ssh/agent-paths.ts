/** Where the user's SSH agent listens, as ssh looks for it. */

/** OpenSSH for Windows sets no variable. */
const windowsPipe = '\\\\.\\pipe\\openssh-ssh-agent';

interface AgentFacts {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
  readonly home: string;
  /** `IdentityAgent` of the user's ssh configuration, which comes before the environment for ssh too. */
  readonly named: string | undefined;
}

/** Where an agent may listen; the first that answers counts. PuTTY's is one more on Windows. */
export function agentPaths(facts: AgentFacts): readonly string[] {
  const path = agentPath(facts);
  const own = path === undefined ? [] : [path];
  return facts.platform === 'win32' && facts.named === undefined ? [...own, 'pageant'] : own;
}

/** As ssh_config(5) has it: `none`, the name of a variable, or a path. */
function agentPath({ environment, platform, home, named }: AgentFacts): string | undefined {
  if (named === 'none') return undefined;
  if (named?.startsWith('$')) return environment[named.slice(1)] || undefined;
  if (named !== undefined && named !== 'SSH_AUTH_SOCK') return named.replace(/^~(?=\/)/, () => home);
  return environment['SSH_AUTH_SOCK'] || (platform === 'win32' ? windowsPipe : undefined);
}
