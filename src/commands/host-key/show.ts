/** `bai host-key show SESSION` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import type { Table } from '../../core/reporter.ts';

export function define(command: Command, context: Context): void {
  command.argument('<session>', 'name or id').action(async (session: string) => {
    const { showHostKeys } = await import('../../services/ssh/host-keys.ts');
    const keys = await showHostKeys(session, await context.tools('hostKeys'));
    context.reporter.result(keys, context.stdout.isTTY ? table(keys) : lines(keys));
  });
}

type Keys = Awaited<ReturnType<typeof import('../../services/ssh/host-keys.ts').showHostKeys>>;

function lines(keys: Keys): string[] {
  return keys.map(
    (key) => `${key.type} ${key.sha256} ${key.md5}${key.node === undefined ? '' : ` ${key.node}`}`,
  );
}

/** A fingerprint that is cut cannot be compared, so the two forms stand below each other. */
function table(keys: Keys): Table {
  const hasNodes = keys.some(({ node }) => node !== undefined);
  return {
    columns: ['TYPE', { title: 'FINGERPRINT', whole: true }, ...(hasNodes ? ['NODE'] : [])],
    rows: keys.flatMap(({ type, sha256, md5, node = 'main1' }) =>
      [sha256, md5].map((fingerprint) => [type, fingerprint, ...(hasNodes ? [node] : [])]),
    ),
  };
}
