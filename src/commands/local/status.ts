/** `bai local status` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';

export function define(command: Command, context: Context): void {
  command.action(async () => {
    const { localStatus } = await import('../../services/local/local-manager.ts');
    const { endpoint, release, pid, accessKey } = await localStatus(await context.tools('localManager'));
    context.reporter.result(
      { endpoint, release, pid, accessKey },
      `${endpoint} (release ${release}, process ${pid})`,
    );
  });
}
