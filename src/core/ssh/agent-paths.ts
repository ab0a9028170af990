/** Where the user's SSH agent listens, as ssh looks for it. */

/** Where Windows has its pipes. */
export const pipeFolder = '\\\\.\\pipe\\';

/** OpenSSH for Windows sets no variable, and names its pipe whether or not its agent runs. */
export const openSshPipe = `${pipeFolder}openssh-ssh-agent`;

interface AgentFacts {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
  readonly home: string;
  /** `IdentityAgent` of the user's ssh configuration, which comes before the environment for ssh too. */
  readonly named: string | undefined;
  /** The names of the pipes that there are on Windows; nothing where it does not tell. */
  readonly pipes?: readonly string[] | undefined;
  /** The name of the user on Windows. */
  readonly user?: string | undefined;
}

/** Where an agent may listen; the first that answers counts. PuTTY's is one more on Windows. */
export function agentPaths(facts: AgentFacts): readonly string[] {
  const path = agentPath(facts);
  if (facts.platform !== 'win32' || facts.named !== undefined) return path === undefined ? [] : [path];
  const { pipes } = facts;
  const isAway = path === openSshPipe && pipes?.includes(openSshPipe.slice(pipeFolder.length)) === false;
  const all = [...(path === undefined || isAway ? [] : [path]), ...pageants(facts)];
  return [...new Set(all)];
}

/** As Pageant names its pipe since 0.77: with a digest behind the user's name that only Windows can compute. */
function pageants({ pipes = [], user }: AgentFacts): string[] {
  const start = `pageant.${user ?? ''}.`;
  const own = user ? pipes.filter((name) => name.startsWith(start)) : [];
  return own.filter((name) => /^[0-9a-f]+$/.test(name.slice(start.length))).map((name) => pipeFolder + name);
}

/** As ssh_config(5) has it: `none`, the name of a variable, or a path. */
function agentPath({ environment, platform, home, named }: AgentFacts): string | undefined {
  if (named === 'none') return undefined;
  if (named?.startsWith('$')) return environment[named.slice(1)] || undefined;
  if (named !== undefined && named !== 'SSH_AUTH_SOCK') return named.replace(/^~(?=\/)/, () => home);
  return environment['SSH_AUTH_SOCK'] || (platform === 'win32' ? openSshPipe : undefined);
}
