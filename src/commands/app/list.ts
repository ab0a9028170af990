/** `bai app list SESSION` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';

export function define(command: Command, context: Context): void {
  command
    .argument('<session>', 'name or id')
    .option('--wide', 'show whole cells and all columns, however narrow the terminal')
    .action(async (session: string, flags: { readonly wide?: boolean }) => {
      const { listApps } = await import('../../services/session/list-apps.ts');
      const apps = await listApps(session, await context.tools('sessions'));
      context.reporter.result(apps, {
        columns: ['NAME', 'PROTOCOL', 'PORTS'],
        wide: flags.wide === true,
        rows: apps.map((app) => [app.name, app.protocol, app.ports.join(',')]),
      });
    });
}
