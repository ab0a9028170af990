/** `bai app ssh --stdio`: loads no SSH library where key and host key are there, since ssh waits for it. */

import { lstat } from 'node:fs/promises';
import { findOwnPaths } from '../config/paths.ts';
import type { ProcessFacts } from '../context.ts';
import { noneIfMissing } from '../core/undefined-if-missing.ts';
import type { SshStdioTools } from '../services/ssh/ssh-stdio.ts';
import { openHostFiles } from '../ssh/files/host-files.ts';
import { openKnownHosts } from '../ssh/files/known-hosts.ts';
import { sshSettings } from './app-settings.ts';
import type { AppParts } from './apps.ts';
import { lockWait } from './lock-wait.ts';

export function sshStdioTools(
  parts: AppParts,
  { stdin, stdout }: Pick<ProcessFacts, 'stdin' | 'stdout'>,
): SshStdioTools {
  const { provider, reporter, signal, owner, profile, ask } = parts;
  const { knownHosts, sshHosts } = findOwnPaths(parts.environment);
  const parent = process.ppid;
  return {
    ...{ stdin, stdout, provider, reporter, signal, owner, profile, ask },
    settings: sshSettings(parts.settings),
    knownHosts: openKnownHosts(knownHosts, lockWait(parts)),
    hostFiles: openHostFiles(sshHosts),
    stampOf,
    access: (session) => provider.access(session, { signal }),
    preparing: async () => (await import('./apps.ts')).sshTools(parts),
    // Whoever lost its parent is given another one.
    isOrphan: () => process.ppid !== parent,
  };
}

async function stampOf(path: string): Promise<string | undefined> {
  const found = await lstat(path).catch(noneIfMissing);
  return found?.isFile() ? `${found.size}-${found.mtimeMs}` : undefined;
}
