/** `bai key fetch SESSION` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';

interface Flags {
  readonly output?: string;
  readonly force?: boolean;
}

export function define(command: Command, context: Context): void {
  command
    .argument('<session>', 'name or id')
    .option('-o, --output <file>', 'where to save it (default: ~/.ssh/id_container)')
    .option('-f, --force', 'replace a different file that bai did not write')
    .action(async (session: string, flags: Flags) => {
      const tools = await context.tools('ssh');
      const path =
        flags.output === undefined ? tools.settings.keyPath : await context.wholePath(flags.output);
      const { fetchKey } = await import('../../services/keys/fetch-key.ts');
      const saved = await fetchKey({ session, path, force: flags.force === true }, tools);
      context.reporter.info(`${saved.change}: ${saved.type} ${saved.fingerprint}`);
      context.reporter.result(saved, saved.path);
    });
}
