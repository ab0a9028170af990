/** `bai session list` */

import { type Command, Option } from 'commander';
import type { Context } from '../../context.ts';
import type { Column, Table } from '../../core/reporter.ts';
import { describeResources } from '../../core/session/resources.ts';
import { type SessionSummary, shortId, statusWords } from '../../core/session/session.ts';
import type { SessionListFilter } from '../../core/session/session-api.ts';
import { similarNames } from '../../core/text/similar.ts';
import { formatAge } from '../../core/text/units.ts';
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
    .option('--wide', 'whole ids, image names and cells, however narrow the terminal is')
    .action(async (flags: Flags) => {
      const { listSessions } = await import('../../services/session/manage-sessions.ts');
      const sessions = await listSessions(readFilter(flags), await context.sessions());
      if (sessions.length === 0) context.reporter.info('no sessions; `bai session create IMAGE` makes one');
      const human = flags.nameOnly ? sessions.map((session) => session.name) : table(sessions, flags);
      context.reporter.result(sessions, human);
    });
}

function readFilter(flags: Flags): SessionListFilter {
  const owner = flags.owner ?? flags.accessKey;
  const statuses = flags.status?.split(',').map((word) => statusWord(word.trim().toUpperCase()));
  return {
    statuses: statuses ?? (flags.all ? 'all' : 'live'),
    owner: flags.allUsers ? 'everyone' : owner === undefined ? 'own' : { accessKey: owner },
  };
}

/** Managers answer a word they do not know with the word alone. */
function statusWord(word: string): string {
  if (statusWords.some((known) => known === word)) return word;
  const near = similarNames(word, statusWords);
  throw new UsageError(`--status knows no state ${word === '' ? 'without a name' : word}`, {
    hint: near.length > 0 ? `did you mean ${near.join(' or ')}?` : `states: ${statusWords.join(', ')}`,
  });
}

/** On a terminal; each is whole in a pipe and with --wide. */
const columns: readonly Column[] = [
  { title: 'NAME', least: 16 },
  { title: 'STATUS' },
  { title: 'IMAGE', least: 16, gives: 'last', short: (image) => image.slice(image.lastIndexOf('/') + 1) },
  { title: 'AGE', gives: 'last' },
  { title: 'RESOURCES', least: 16, gives: 'last' },
  { title: 'NODES', gives: 'first' },
  { title: 'TYPE', gives: 'first' },
  { title: 'ID', short: shortId },
];

function table(sessions: readonly SessionSummary[], { allUsers, wide }: Flags): Table {
  const now = Date.now();
  const owner: readonly Column[] = allUsers ? [{ title: 'OWNER', whole: true }] : [];
  return {
    columns: [...columns, ...owner],
    wide: wide === true,
    rows: sessions.map((session) => [
      session.name,
      session.status,
      session.image,
      ageOf(session, now),
      describeResources(session.resources),
      String(session.nodes),
      session.type,
      session.id,
      ...(allUsers ? [session.accessKey] : []),
    ]),
  };
}

function ageOf({ createdAt }: SessionSummary, now: number): string | undefined {
  const created = Date.parse(createdAt);
  return Number.isNaN(created) ? undefined : formatAge(now - created);
}
