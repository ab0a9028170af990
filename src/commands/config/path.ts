/** `bai config path` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';

export function define(command: Command, context: Context): void {
  command.action(async () => {
    const { path } = await context.tools('configuration');
    context.reporter.result({ path }, path);
  });
}
