/** What the user's own ssh configuration says, asked for once and only where something depends on it. */

import { readdir } from 'node:fs/promises';
import { homedir, userInfo } from 'node:os';
import type { ProcessFacts } from '../context.ts';
import { agentPaths, pipeFolder } from '../core/ssh/agent-paths.ts';
import { askSsh, type SshAnswer } from '../ssh/openssh/ssh-settings.ts';

export interface UserSsh {
  /** For the end of a forwarder on this machine, or of another file; nothing where there is no ssh. */
  settings(file?: string): Promise<SshAnswer | undefined>;
  /** Where an agent may listen; the first that answers counts. */
  agents(): Promise<readonly string[]>;
}

export function openUserSsh({ environment, signal }: Pick<ProcessFacts, 'environment' | 'signal'>): UserSsh {
  let asked: Promise<SshAnswer | undefined> | undefined;
  const settings = (file?: string): Promise<SshAnswer | undefined> => {
    if (file !== undefined) return askSsh(['-F', file, '127.0.0.1'], { environment, signal });
    asked ??= askSsh(['127.0.0.1'], { environment, signal });
    return asked;
  };
  return {
    settings,
    async agents() {
      const answer = await settings();
      const [named] =
        (answer !== undefined && 'settings' in answer && answer.settings.get('identityagent')) || [];
      const facts = { environment, platform: process.platform, home: homedir(), named };
      return agentPaths(process.platform === 'win32' ? { ...facts, ...(await factsOfWindows()) } : facts);
    },
  };
}

async function factsOfWindows(): Promise<{ readonly pipes: string[] | undefined; readonly user: string }> {
  const pipes = await readdir(pipeFolder).catch(() => undefined);
  return { pipes, user: userInfo().username };
}
