/** `bai key deauthorize SESSION KEY` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';

interface Flags {
  readonly force?: boolean;
}

export function define(command: Command, context: Context): void {
  command
    .argument('<session>', 'name or id')
    .argument('<key>', 'a file, a public line, - for stdin, or a fingerprint SHA256:…')
    .option('-f, --force', 'even the key that bai itself logs in with')
    .action(async (session: string, key: string, flags: Flags) => {
      const { deauthorizeKey } = await import('../../services/keys/authorize-key.ts');
      const request = { session, key, force: flags.force === true };
      const done = await deauthorizeKey(request, await context.tools('authorize'));
      context.reporter.result(done, `removed: ${done.fingerprint}`);
    });
}
