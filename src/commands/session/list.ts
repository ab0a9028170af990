/** `bai session list` */

import { type Command, Option } from 'commander';
import type { Context } from '../../context.ts';
import { parseFilters, statusesFor, statusWord } from '../../core/session/list-filter.ts';
import { parseSort } from '../../core/session/list-sort.ts';
import { parseColumns, sessionTable, type TableWish } from '../../core/session/list-table.ts';
import type { SessionListing } from '../../core/session/listing.ts';
import type { Provider, SessionListFilter } from '../../core/session/provider.ts';
import { UsageError } from '../../errors.ts';
import type { ListRequest } from '../../services/session/list-sessions.ts';
import { untilInterrupted } from '../shared/follow.ts';
import { collect } from '../shared/options.ts';

interface Flags {
  readonly all?: boolean;
  readonly status?: string;
  readonly allUsers?: boolean;
  readonly owner?: string;
  readonly accessKey?: string;
  readonly nameOnly?: boolean;
  readonly ids?: boolean;
  readonly wide?: boolean;
  readonly columns?: string;
  readonly sort?: string;
  readonly filter?: readonly string[];
  readonly watch?: boolean;
}

export function define(command: Command, context: Context): void {
  command
    .option('-a, --all', 'ended sessions too')
    .option('-s, --status <words>', 'only sessions in these states, separated by commas')
    .option('-f, --filter <field=pattern>', 'only sessions that fit; * and ? stand for any text', collect)
    .option('-A, --all-users', "everybody's sessions (administrators)")
    .option('-o, --owner <access-key>', "somebody else's sessions (administrators)")
    .addOption(new Option('--access-key <key>').hideHelp())
    .option('--sort <fields>', 'order by these fields, separated by commas; -FIELD from the highest down')
    .option('--columns <fields>', 'show these, in this order, separated by commas')
    .option('--name-only', 'print names only')
    .option('--wide', 'show whole cells and all columns, however narrow the terminal')
    .option('-w, --watch', 'keep looking, until Ctrl-C; without a terminal one line for each change')
    .addHelpText('after', examples)
    .action(async (flags: Flags) => {
      refuseTogether(flags);
      const tools = await context.tools('sessions');
      const { listing } = tools.provider;
      const request = readRequest(flags, tools.provider);
      const wish = readTable(flags, listing);
      if (flags.watch) {
        const { watchSessions } = await import('../../services/session/watch-sessions.ts');
        return await untilInterrupted(context, watchSessions({ ...request, table: wish }, tools));
      }
      const { listSessions } = await import('../../services/session/list-sessions.ts');
      const sessions = await listSessions(request, tools);
      if (sessions.length === 0) context.reporter.info(noneOf(request, listing));
      const human = flags.nameOnly
        ? sessions.map((session) => session.name)
        : sessionTable(sessions, wish, { listing, now: Date.now() });
      context.reporter.result(sessions, human);
    });
}

const examples = `
Fields go by the header of the table or by their names in --json, and resources.cpu is
one inside of another. Several --filter for one field are alternatives.
--json has all fields always; with --watch it prints an object a line for each change.

Examples:
  bai session list --sort -age
  bai session list --filter "name=train-*" --filter type=batch
  bai session list --all --columns name,status,createdAt,resources.mem
  bai session list --watch`;

function refuseTogether({ nameOnly, ids, columns, watch }: Flags): void {
  const other = columns !== undefined ? '--columns' : watch ? '--watch' : undefined;
  if (ids && (other ?? nameOnly))
    throw new UsageError(`--ids cannot be used with ${other ?? '--name-only'}`, {
      hint: '--ids prints ids and nothing else',
    });
  if (nameOnly && other !== undefined)
    throw new UsageError(`--name-only cannot be used with ${other}`, { hint: '--columns name prints names' });
}

function noneOf({ fields }: ListRequest, { subject = 'WHAT' }: SessionListing): string {
  return fields.length > 0
    ? 'no session fits the filter'
    : `no sessions; \`bai session create ${subject}\` makes one`;
}

function readRequest(flags: Flags, provider: Provider): ListRequest {
  const { listing } = provider;
  const fields = parseFilters(flags.filter ?? [], listing);
  const owner = flags.owner ?? flags.accessKey;
  const filter: SessionListFilter = {
    statuses: readStatuses(flags, listing) ?? statusesFor(fields, provider),
    owner: flags.allUsers ? 'everyone' : owner === undefined ? 'own' : { owner },
  };
  return { filter, fields, sort: flags.sort === undefined ? [] : parseSort(flags.sort, listing) };
}

function readStatuses(
  { status, all }: Flags,
  listing: SessionListing,
): SessionListFilter['statuses'] | undefined {
  const words = status?.split(',').map((word) => statusWord(word.trim(), '--status', listing));
  return words ?? (all ? 'all' : undefined);
}

function readTable({ columns, allUsers, wide }: Flags, listing: SessionListing): TableWish {
  return {
    columns: columns === undefined ? undefined : parseColumns(columns, listing),
    allUsers: allUsers === true,
    wide: wide === true,
  };
}
