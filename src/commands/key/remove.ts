/** `bai key remove ID|FINGERPRINT` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';

export function define(command: Command, context: Context): void {
  command
    .argument('<key>', 'its id, or its fingerprint (SHA256:…), as `bai key list --account` shows them')
    .action(async (key: string) => {
      const { removeAccountKey } = await import('../../services/keys/account-public-keys.ts');
      const removed = await removeAccountKey(key, await context.tools('sessions'));
      context.reporter.result(
        removed,
        removed.map(({ id, title }) => `${id} ${title}`.trim()),
      );
    });
}
