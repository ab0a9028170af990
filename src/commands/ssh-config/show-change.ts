/** What `bai ssh-config` did, or would do. */

import type { Reporter } from '../../core/reporter.ts';
import type { ListedHost } from '../../core/ssh/ssh-config.ts';
import type { FileChange, SshConfigChange } from '../../services/ssh/ssh-config.ts';

export interface DryRunFlags {
  readonly dryRun?: boolean;
}

/** The answer is the list of hosts, or of a dry run the lines that differ. */
export function showChange({ hosts, dryRun, files }: SshConfigChange, reporter: Reporter): void {
  if (!dryRun) for (const { path, change } of files) reporter.info(`${change}: ${path}`);
  if (dryRun && files.every(({ change }) => change === 'unchanged')) reporter.info('nothing would change');
  for (const note of hosts.flatMap(noteOn)) reporter.info(note);
  const value = {
    hosts: hosts.map(({ host, session, named }) => ({ host, id: session.id, name: session.name, named })),
    dryRun,
    files: files.map(({ path, change, diff }) => ({ path, change, ...(dryRun && { diff }) })),
  };
  reporter.result(value, dryRun ? files.flatMap(diffLines) : hosts.map(({ host }) => host));
}

function noteOn({ host, session, named }: ListedHost): string[] {
  if (named === 'by-name') return [];
  const why = named === 'by-id-unsafe' ? 'is not a valid host name' : 'is the name of several sessions';
  return [`"${session.name}" ${why}: it is ${host}`];
}

function diffLines({ path, change, diff }: FileChange): string[] {
  if (change === 'unchanged') return [];
  return [
    `--- ${change === 'created' ? 'nothing' : path}`,
    `+++ ${change === 'removed' ? 'nothing' : path}`,
    ...diff,
  ];
}
