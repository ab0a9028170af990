/** `bai key status` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';

export function define(command: Command, context: Context): void {
  command.action(async () => {
    const { describeKeyStatus, keyStatus } = await import('../../services/keys/key-status.ts');
    const status = await keyStatus(await context.tools('accountKey'));
    context.reporter.result(status, describeKeyStatus(status));
  });
}
