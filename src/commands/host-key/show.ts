/** `bai host-key show SESSION` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';

export function define(command: Command, context: Context): void {
  command.argument('<session>', 'name or id').action(async (session: string) => {
    const { showHostKeys } = await import('../../services/host-keys.ts');
    const keys = await showHostKeys(session, await context.hostKeys());
    context.reporter.result(
      keys,
      keys.map(
        (key) => `${key.type} ${key.sha256} ${key.md5}${key.node === undefined ? '' : ` ${key.node}`}`,
      ),
    );
  });
}
