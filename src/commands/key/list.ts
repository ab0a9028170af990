/** `bai key list` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import type { Column } from '../../core/reporter.ts';
import type { KeyList, ListedKey } from '../../services/keys/list-keys.ts';

interface Flags {
  readonly account?: boolean;
  readonly md5?: boolean;
  readonly wide?: boolean;
}

export function define(command: Command, context: Context): void {
  command
    .option('--account', 'the public keys that the platform has of you, in place of those here')
    .option('--md5', 'print MD5 fingerprints in place of SHA256')
    .option('--wide', 'show whole cells and all columns, however narrow the terminal')
    .action(async (flags: Flags) => {
      if (flags.account) return listAccount(flags, context);
      const { listKeys } = await import('../../services/keys/list-keys.ts');
      const list = await listKeys(await context.tools('keys'));
      context.reporter.result(list, {
        columns: [...columns, { title: 'FINGERPRINT', least: 12, gives: 'last' }],
        wide: flags.wide === true,
        rows: list.keys.map((key) => [
          ...row(key, shortPath(key, context)),
          fingerprint(key, flags.md5 === true),
        ]),
      });
      if (!context.reporter.json) explain(list, context);
    });
}

async function listAccount({ wide }: Flags, context: Context): Promise<void> {
  const { listAccountKeys } = await import('../../services/keys/account-public-keys.ts');
  const keys = await listAccountKeys(await context.tools('sessions'));
  context.reporter.result(keys, {
    columns: [
      { title: 'ID', whole: true },
      { title: 'TITLE', least: 12 },
      { title: 'TYPE', gives: 'first' },
      { title: 'ADDED', gives: 'last' },
      { title: 'FINGERPRINT', least: 12 },
      { title: 'COMMENT', gives: 'first' },
    ],
    wide: wide === true,
    rows: keys.map(({ id, title, type, createdAt, fingerprint: print, comment }) => [
      ...[id, title, type === '' ? undefined : type, createdAt.slice(0, 10)],
      ...[print, comment],
    ]),
  });
  if (keys.length === 0) context.reporter.info('the account has no key: `bai key upload FILE.pub` adds one');
}

const columns: readonly (string | Column)[] = [
  { title: 'KEY', cut: 'start', least: 24 },
  { title: 'KIND', gives: 'first' },
  { title: 'TYPE', whole: true },
  { title: 'PASSPHRASE', gives: 'first' },
  { title: 'MODE', gives: 'last' },
  'ACCEPTED',
  { title: 'PROBLEMS', least: 16 },
  { title: 'COMMENT', gives: 'first' },
];

function row(key: ListedKey, path: string): (string | undefined)[] {
  return [
    path,
    key.kind,
    key.algorithm && `${key.algorithm} ${key.bits ?? ''}`.trim(),
    key.passphrase === undefined ? undefined : key.passphrase ? 'yes' : 'no',
    key.mode,
    key.accepted === undefined ? undefined : key.accepted ? 'yes' : 'no',
    key.problems.map(({ name }) => name).join(','),
    key.comment,
  ];
}

function fingerprint({ md5, sha256 }: ListedKey, wantsMd5: boolean): string | undefined {
  return wantsMd5 ? md5 : sha256;
}

/** On a terminal as people write it; scripts get a path that they can open. */
function shortPath({ path }: ListedKey, { stdout, environment }: Context): string {
  const home = environment['HOME'];
  if (path === undefined) return '(agent)';
  return stdout.isTTY && home && path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}

function explain({ keys, folder, account }: KeyList, { reporter }: Context): void {
  for (const { message, hint } of keys.flatMap(({ problems }) => problems)) reporter.warn(message, hint);
  if (keys.length === 0) reporter.info(`there is no key in ${folder}: \`bai key generate\` makes one`);
  if (account === 'no-manager')
    reporter.info('which key new sessions accept is not known: no server is configured');
  if (account === 'asked' && !keys.some(({ accepted }) => accepted)) {
    reporter.info('new sessions accept none of these: `bai key fetch SESSION` saves the one they do');
  }
}
