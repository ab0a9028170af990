/** `bai open PROGRAM SESSION [PATH]` */

import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { type EditorName, editors, openTargets } from '../core/desktop/open-target.ts';
import { UsageError } from '../errors.ts';
import type { OpenedFiles, OpenRequest } from '../services/ssh/open-program.ts';
import { type AccountFlags, addAccountOptions, useAccount } from './app/account.ts';
import { oneOf, type PortFlags, portWish } from './shared/options.ts';

interface Flags extends PortFlags, AccountFlags {
  readonly print?: boolean;
}

export function define(command: Command, context: Context): void {
  addAccountOptions(command)
    .argument('<program>', `one of ${openTargets.join(', ')}`)
    .argument('<session>', 'name or id')
    .argument('[path]', 'a folder in the session, counted from its home')
    .option('--print', 'print the URL without starting anything')
    .option('-p, --port <port>', 'for sftp: the local port; another one when it is taken')
    .option('--strict-port', 'for sftp: fail when the port is taken')
    .addHelpText('after', examples)
    .action(async (first: string, second: string, path: string | undefined, flags: Flags) => {
      const [program, session] = isTarget(first) || !isTarget(second) ? [first, second] : [second, first];
      const target = oneOf('the program', program, openTargets);
      const request = { session, path: path ?? '', printOnly: flags.print === true };
      if (target !== 'sftp') {
        refuseForwarding(flags);
        return showEditor(target, request, context);
      }
      useAccount(context, flags);
      const { openFiles } = await import('../services/ssh/open-program.ts');
      const wish = portWish(flags);
      await openFiles({ ...request, ...wish }, await context.tools('open'), (opened) =>
        showFiles(opened, context),
      );
    });
}

function isTarget(word: string): boolean {
  return openTargets.some((target) => target === word);
}

/** Editors start ssh themselves, and it has these from its configuration. */
function refuseForwarding({ port, strictPort, user, identity }: Flags): void {
  if (port !== undefined || strictPort) {
    throw new UsageError('editors need no port: --port and --strict-port are for `bai open sftp`');
  }
  if (user === undefined && identity === undefined) return;
  throw new UsageError("editors take account and key from ssh's configuration", {
    hint: 'give --user and --identity to `bai ssh-config install`',
  });
}

async function showEditor(program: EditorName, request: OpenRequest, context: Context): Promise<void> {
  const { openEditor } = await import('../services/ssh/open-program.ts');
  const opened = await openEditor(program, request, await context.tools('open'));
  const { url, host, path, openedWith } = opened;
  const { label, advice } = editors[program];
  if (openedWith !== undefined)
    context.reporter.info(`opening ${path} of ${host} in ${label} (${openedWith})`);
  if (advice !== undefined) context.reporter.info(advice);
  context.reporter.result(opened, openedWith === undefined ? url : '');
}

function showFiles(opened: OpenedFiles, { reporter }: Context): void {
  const { url, user, identityFile, session } = opened;
  reporter.result(opened, url);
  const key = identityFile === undefined ? 'a key of the SSH agent' : `the key file ${identityFile}`;
  reporter.info(`the program needs ${key} for the account ${user}`);
  reporter.info(`what it shows of the host key should be in \`bai host-key show ${session.id}\``);
  reporter.info('Ctrl-C closes the port and its connections');
}

const examples = `
Editors go by the hosts of \`bai ssh-config install\`. For sftp a port stays open until Ctrl-C.

Examples:
  bai open vscode demo src
  bai open zed demo /home/work/src
  bai open sftp demo`;
