/** `bai key list` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import type { KeyList, ListedKey } from '../../services/list-keys.ts';

interface Flags {
  readonly md5?: boolean;
}

export function define(command: Command, context: Context): void {
  command.option('--md5', 'print MD5 fingerprints in place of SHA256').action(async (flags: Flags) => {
    const { listKeys } = await import('../../services/list-keys.ts');
    const list = await listKeys(await context.keys());
    context.reporter.result(list, {
      columns: [
        'KEY',
        'KIND',
        'TYPE',
        'PASSPHRASE',
        'MODE',
        'SESSIONS',
        flags.md5 ? 'MD5' : 'SHA256',
        'COMMENT',
        'PROBLEMS',
      ],
      rows: list.keys.map((key) => row(key, flags.md5 === true)),
    });
    if (!context.reporter.json) explain(list, context);
  });
}

function row(key: ListedKey, md5: boolean): (string | undefined)[] {
  return [
    key.path ?? '(agent)',
    key.kind,
    key.algorithm && `${key.algorithm} ${key.bits ?? ''}`.trim(),
    key.passphrase === undefined ? undefined : key.passphrase ? 'yes' : 'no',
    key.mode,
    key.accepted === undefined ? undefined : key.accepted ? 'accept it' : 'no',
    (md5 ? key.md5 : key.sha256)?.replace(/^(MD5|SHA256):/, ''),
    key.comment,
    key.problems.map(({ name }) => name).join(','),
  ];
}

function explain({ keys, folder, account }: KeyList, { reporter }: Context): void {
  for (const { message, hint } of keys.flatMap(({ problems }) => problems)) reporter.warn(message, hint);
  if (keys.length === 0) reporter.info(`there is no key in ${folder}: \`bai key generate\` makes one`);
  if (account === 'no-manager')
    reporter.info('which key new sessions accept is not known: no manager is chosen');
  if (account === 'asked' && !keys.some(({ accepted }) => accepted)) {
    reporter.info('new sessions accept none of these: `bai key fetch SESSION` saves the one they do');
  }
}
