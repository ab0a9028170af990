/** `bai project list` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { projectTable } from '../../core/session/offer-tables.ts';

export function define(command: Command, context: Context): void {
  command
    .option('--wide', 'show whole cells and all columns, however narrow the terminal')
    .action(async (flags: { readonly wide?: boolean }) => {
      const { listProjects } = await import('../../services/session/list-offers.ts');
      const projects = await listProjects(await context.tools('sessions'));
      const { reporter } = context;
      reporter.result(projects, projectTable(projects, flags.wide === true));
      if (projects.length === 0)
        return reporter.info('your account is in no project: ask an administrator for one');
      const { value = '', origin } = (await context.settings()).project;
      const choose = '`bai config set project NAME` makes another one current';
      if (projects.some(({ isChosen }) => isChosen))
        return reporter.info(`new sessions belong to the current project, ${value} (${origin}); ${choose}`);
      reporter.warn(
        `new sessions would belong to the project ${value} (${origin}), and you are not in it`,
        choose,
      );
    });
}
