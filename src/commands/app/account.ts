/** Options of commands that log in: the account, and a key of the user's own. */

import { type Command, Option } from 'commander';
import type { Context } from '../../context.ts';
import { keyStores } from '../../core/settings/setting-parsers.ts';

export interface AccountFlags {
  readonly user?: string;
  readonly identity?: string;
  readonly keyStore?: string;
  readonly keyLifetime?: string;
  readonly acceptHostKey?: string;
}

export function addAccountOptions(command: Command): Command {
  const [user] = loginOptions();
  return addKeyOptions(command.addOption(user));
}

/** The same where -l means something else, as in `sftp ls`; they count before the action begins. */
export function addTransferAccount(command: Command, context: Context): Command {
  addKeyOptions(command.option('--user <name>', 'the account inside the session (default: work)'));
  return command.hook('preAction', (_, action) => useAccount(context, action.opts<AccountFlags>()));
}

function addKeyOptions(command: Command): Command {
  const [, identity, acceptHostKey] = loginOptions();
  return command
    .addOption(identity)
    .option(
      '--key-store <where>',
      `where the session's key is kept, one of ${keyStores.join(', ')} (default: file)`,
    )
    .option('--key-lifetime <time>', 'how long the agent keeps it, such as 90m (default: 1h)')
    .addOption(acceptHostKey);
}

/** Those that say who logs in, and to which server, whatever becomes of keys. */
export function loginOptions(): readonly [user: Option, identity: Option, acceptHostKey: Option] {
  return [
    new Option('-l, --user <name>', 'the account inside the session (default: work)'),
    new Option(
      '-i, --identity <file>',
      "a private key of your own, or `agent` for the SSH agent's, in place of the session's id_container",
    ),
    new Option(
      '--accept-host-key <fingerprint>',
      'SHA256:… of the first host key, where the platform does not vouch for it',
    ),
  ];
}

export function useAccount(context: Context, flags: AccountFlags): void {
  context.overrideSettings({
    ...(flags.user !== undefined && { user: flags.user }),
    ...(flags.identity !== undefined && { identity: flags.identity }),
    ...(flags.keyStore !== undefined && { keyStore: flags.keyStore }),
    ...(flags.keyLifetime !== undefined && { keyLifetime: flags.keyLifetime }),
    ...(flags.acceptHostKey !== undefined && { acceptHostKey: flags.acceptHostKey }),
  });
}
