/** `bai vfolder list` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { folderTable } from '../../core/session/offer-tables.ts';
import type { FolderOffer } from '../../core/session/offers.ts';

export function define(command: Command, context: Context): void {
  command
    .option('--wide', 'show whole cells and all columns, however narrow the terminal')
    .action(async (flags: { readonly wide?: boolean }) => {
      const { listFolders } = await import('../../services/session/list-offers.ts');
      const folders = await listFolders(await context.tools('sessions'));
      context.reporter.result(folders, folderTable(folders, flags.wide === true));
      context.reporter.info(nextStep(folders));
    });
}

function nextStep(folders: readonly FolderOffer[]): string {
  if (folders.length === 0)
    return 'you have no virtual folders; one that you make in the web console is listed here, and is what keeps files when a session ends';
  const mounting =
    '`bai session create IMAGE --mount NAME` mounts one at /home/work/NAME, where its files outlive the session';
  return folders.some(({ isAutomatic }) => isAutomatic)
    ? `${mounting}; those that begin with a dot are in every session`
    : mounting;
}
