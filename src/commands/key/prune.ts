/** `bai key prune` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import type { KeepReason, KeptKey, PruneResult } from '../../services/keys/prune-keys.ts';

interface Flags {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

export function define(command: Command, context: Context): void {
  command
    .option('-n, --dry-run', 'remove nothing, and show what would be removed')
    .option('-y, --yes', 'remove without a question')
    .action(async (flags: Flags) => {
      const { pruneKeys } = await import('../../services/keys/prune-keys.ts');
      const request = { dryRun: flags.dryRun === true, yes: flags.yes === true };
      const pruned = await pruneKeys(request, await context.tools('pruneKeys'));
      context.reporter.result(pruned, lines(pruned));
      if (pruned.removed.length + pruned.kept.length === 0)
        context.reporter.info('there is no key file that bai wrote');
    });
}

function lines({ removed, kept, dryRun }: PruneResult): string[] {
  const verb = dryRun ? 'would remove' : 'removed';
  return [
    ...removed.map(({ path, fingerprint }) => `${verb} ${path} (${fingerprint})`),
    ...kept.map((key) => `kept ${key.path}: ${reasonOf(key)}`),
  ];
}

const reasons: Readonly<Record<KeepReason, string>> = {
  'in-use': 'in use',
  account: 'new sessions accept it (`bai key rotate` saved it)',
  'other-account': 'it is of another manager or account',
  changed: 'it is not the key that bai wrote',
  'not-a-file': 'it is a link or a folder now, which bai did not write',
};

function reasonOf({ reason, session }: KeptKey): string {
  return session === undefined ? reasons[reason] : `session ${session} uses this key`;
}
