/** `bai session list` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import type { Table } from '../../core/reporter.ts';
import { describeResources } from '../../core/resources.ts';
import { type SessionSummary, statusWords } from '../../core/session.ts';
import type { SessionListFilter } from '../../core/session-api.ts';
import { similarNames } from '../../core/similar.ts';
import { formatAge } from '../../core/units.ts';
import { UsageError } from '../../errors.ts';

interface Flags {
  readonly all?: boolean;
  readonly status?: string;
  readonly allUsers?: boolean;
  readonly accessKey?: string;
  readonly nameOnly?: boolean;
}

export function define(command: Command, context: Context): void {
  command
    .option('-a, --all', 'ended sessions too')
    .option('-s, --status <words>', 'only sessions in these states, separated by commas')
    .option('-A, --all-users', "everybody's sessions (administrators)")
    .option('--access-key <key>', "one keypair's sessions (administrators)")
    .option('--name-only', 'print names only')
    .action(async (flags: Flags) => {
      const { listSessions } = await import('../../services/manage-sessions.ts');
      const sessions = await listSessions(readFilter(flags), await context.sessions());
      if (sessions.length === 0) context.reporter.info('no sessions; `bai session create IMAGE` makes one');
      const human = flags.nameOnly ? sessions.map((session) => session.name) : table(sessions, Date.now());
      context.reporter.result(sessions, human);
    });
}

function readFilter(flags: Flags): SessionListFilter {
  const statuses = flags.status?.split(',').map((word) => statusWord(word.trim().toUpperCase()));
  return {
    statuses: statuses ?? (flags.all ? 'all' : 'live'),
    owner: flags.allUsers
      ? 'everyone'
      : flags.accessKey === undefined
        ? 'own'
        : { accessKey: flags.accessKey },
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

function table(sessions: readonly SessionSummary[], now: number): Table {
  return {
    columns: ['NAME', 'STATUS', 'IMAGE', 'AGE', 'RESOURCES', 'NODES', 'TYPE', 'ID'],
    rows: sessions.map((session) => [
      session.name,
      session.status,
      session.image,
      ageOf(session, now),
      describeResources(session.resources),
      String(session.nodes),
      session.type,
      session.id,
    ]),
  };
}

function ageOf({ createdAt }: SessionSummary, now: number): string | undefined {
  const created = Date.parse(createdAt);
  return Number.isNaN(created) ? undefined : formatAge(now - created);
}
