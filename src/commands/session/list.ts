/** `bai session list` */

import { type Command, Option } from 'commander';
import type { Context } from '../../context.ts';
import type { Table } from '../../core/reporter.ts';
import type { SessionListFilter, SessionListing } from '../../core/session/provider.ts';
import type { SessionSummary } from '../../core/session/session.ts';
import { similarNames } from '../../core/text/similar.ts';
import { UsageError } from '../../errors.ts';

interface Flags {
  readonly all?: boolean;
  readonly status?: string;
  readonly allUsers?: boolean;
  readonly owner?: string;
  readonly accessKey?: string;
  readonly nameOnly?: boolean;
  readonly wide?: boolean;
}

export function define(command: Command, context: Context): void {
  command
    .option('-a, --all', 'ended sessions too')
    .option('-s, --status <words>', 'only sessions in these states, separated by commas')
    .option('-A, --all-users', "everybody's sessions (administrators)")
    .option('-o, --owner <access-key>', "somebody else's sessions (administrators)")
    .addOption(new Option('--access-key <key>').hideHelp())
    .option('--name-only', 'print names only')
    .option('--wide', 'never cut ids, image names and cells, however narrow the terminal')
    .action(async (flags: Flags) => {
      const { listSessions } = await import('../../services/session/manage-sessions.ts');
      const tools = await context.tools('sessions');
      const { listing } = tools.provider;
      const sessions = await listSessions(readFilter(flags, listing), tools);
      if (sessions.length === 0)
        context.reporter.info(`no sessions; \`bai session create ${listing.subject ?? 'WHAT'}\` makes one`);
      const human = flags.nameOnly
        ? sessions.map((session) => session.name)
        : table(sessions, flags, listing);
      context.reporter.result(sessions, human);
    });
}

function readFilter(flags: Flags, listing: SessionListing): SessionListFilter {
  const owner = flags.owner ?? flags.accessKey;
  const words = flags.status?.split(',').map((word) => statusWord(word.trim().toUpperCase(), listing));
  return {
    statuses: words ?? (flags.all ? 'all' : 'live'),
    owner: flags.allUsers ? 'everyone' : owner === undefined ? 'own' : { owner },
  };
}

/** Servers answer a word they do not know with the word alone. */
function statusWord(word: string, { statuses }: SessionListing): string {
  if (statuses.includes(word)) return word;
  const near = similarNames(word, statuses);
  throw new UsageError(`--status knows no state ${word === '' ? 'without a name' : word}`, {
    hint: near.length > 0 ? `did you mean ${near.join(' or ')}?` : `states: ${statuses.join(', ')}`,
  });
}

function table(
  sessions: readonly SessionSummary[],
  { allUsers, wide }: Flags,
  { columns, row, ownerOf }: SessionListing,
): Table {
  const now = Date.now();
  const withOwner = allUsers === true && ownerOf !== undefined;
  return {
    columns: [...columns, ...(withOwner ? [{ title: 'OWNER', whole: true }] : [])],
    wide: wide === true,
    rows: sessions.map((session) => [...row(session, now), ...(withOwner ? [ownerOf(session)] : [])]),
  };
}
