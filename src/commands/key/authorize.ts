/** `bai key authorize SESSION [PUBKEY]` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';

interface Flags {
  readonly fixPermissions?: boolean;
}

export function define(command: Command, context: Context): void {
  command
    .argument('<session>', 'name or id')
    .argument(
      '[pubkey]',
      'a file, a public line, or - for stdin (default: your own ~/.ssh/id_ed25519.pub, …)',
    )
    .option('--fix-permissions', 'fix permissions that make the SSH server ignore every key')
    .action(async (session: string, source: string | undefined, flags: Flags) => {
      const { authorizeKey } = await import('../../services/keys/authorize-key.ts');
      const { findPublicKey } = await import('../../services/keys/find-public-key.ts');
      const tools = await context.tools('authorize');
      const key = await findPublicKey(source, tools);
      const request = { session, key, fixPermissions: flags.fixPermissions === true };
      const done = await authorizeKey(request, tools);
      context.reporter.result(done, `${done.change}: ${done.type} ${done.fingerprint}`);
    });
}
