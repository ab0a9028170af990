/** `bai key rotate` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';

interface Flags {
  readonly force?: boolean;
}

export function define(command: Command, context: Context): void {
  command
    .option('-f, --force', 'also replace a key that bai did not write; a copy is kept')
    .action(async (flags: Flags) => {
      const { rotateKey } = await import('../../services/keys/rotate-key.ts');
      const { reporter } = context;
      const rotated = await rotateKey({ force: flags.force === true }, await context.tools('accountKey'));
      reporter.info(`${rotated.change}: ${rotated.type} ${rotated.fingerprint}`);
      if (rotated.previous !== undefined) {
        reporter.info(`the old key is ${rotated.previous.path} (${rotated.previous.fingerprint})`);
      }
      reporter.result(rotated, rotated.path);
    });
}
