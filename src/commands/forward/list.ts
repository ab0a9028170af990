/** `bai forward list` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { shortListener } from '../../core/forward/status.ts';
import type { Column, Table } from '../../core/reporter.ts';
import { formatAge } from '../../core/text/units.ts';
import type { ListedForward } from '../../services/forward/manage-forwards.ts';

interface Flags {
  readonly wide?: boolean;
}

export function define(command: Command, context: Context): void {
  command
    .option('--wide', 'show whole cells and all columns, however narrow the terminal')
    .action(async (flags: Flags) => {
      const { listForwards } = await import('../../services/forward/manage-forwards.ts');
      const forwards = await listForwards(await context.tools('forwards'));
      if (forwards.length === 0)
        context.reporter.info(
          'nothing is forwarded in the background; `bai forward SESSION PORT --background` does it',
        );
      context.reporter.result(forwards, table(forwards, flags.wide === true));
    });
}

const columns: readonly Column[] = [
  { title: 'NAME', whole: true },
  { title: 'SESSION', hidesEmpty: true, gives: 'first' },
  { title: 'PORTS', least: 14 },
  { title: 'AGE', gives: 'first' },
  { title: 'OPEN', gives: 'first' },
  { title: 'STATE', whole: true },
  { title: 'WHY', hidesEmpty: true, gives: 'last', least: 10 },
];

function table(forwards: readonly ListedForward[], wide: boolean): Table {
  const now = Date.now();
  const rows = forwards.map(({ name, session, listeners, startedAt, connections, state, reason }) => [
    ...[name, session.name, listeners.map(shortListener).join(' ')],
    formatAge(now - Date.parse(startedAt)),
    connections === undefined ? undefined : String(connections),
    ...[state, reason],
  ]);
  return { columns, rows, wide };
}
