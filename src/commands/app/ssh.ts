/** `bai app ssh SESSION [SSH OPTIONS] [COMMAND]`, also `bai ssh`. */

import { type Command, Option } from 'commander';
import type { Context } from '../../context.ts';
import { clientPrograms } from '../../core/ssh/client-commands.ts';
import { usualProfile } from '../../core/ssh/config-sections.ts';
import { parseJumpHosts, takeJumpHosts } from '../../core/ssh/jump-hosts.ts';
import { connectionFailed, sshClients } from '../../core/ssh/ssh-client.ts';
import { sessionOfHost } from '../../core/ssh/ssh-config.ts';
import { checkPersistName, defaultPersistName } from '../../core/ssh/tmux-shell.ts';
import { typed } from '../../core/text/typed.ts';
import { UsageError } from '../../errors.ts';
import { oneOf, type PortFlags, portWish, whichOf } from '../shared/options.ts';
import { type AccountFlags, addAccountOptions, useAccount } from './account.ts';
import { createFirst } from './create-first.ts';
import { forwardAndShow } from './show-forwarded.ts';
import { addWayOptions, useWay, type WayFlags } from './way.ts';

interface Flags extends PortFlags, AccountFlags, WayFlags {
  /** False after --no-client. */
  readonly client: string | false;
  readonly for?: string;
  readonly create?: string;
  readonly node?: string;
  readonly stdio?: boolean;
  readonly sshHost?: string;
  readonly persist?: boolean;
  readonly persistName?: string;
}

export function define(command: Command, context: Context): void {
  addWayOptions(addAccountOptions(command))
    .argument('<session>', 'name or id; with USER@ in front for another account')
    .argument('[ssh-arguments...]', 'options of ssh, then a command')
    .option('--node <name>', 'a container of a cluster session, such as sub1 (default: main1)')
    .option('-p, --port <port>', 'local port of the forwarder; another one when it is taken')
    .option('--strict-port', 'fail when the port is taken')
    .option('--create <image>', 'create the session from this image when there is none of that name')
    .option('--persist', 'a shell in tmux that survives a lost connection; bai reconnects automatically')
    .option('--persist-name <name>', `another such shell beside it (default: ${defaultPersistName})`)
    .option('--client <name>', `the ssh to use, one of ${sshClients.join(', ')}`, 'auto')
    .option('--no-client', 'keep the port open and show how to connect, without starting ssh')
    .option('--for <program>', `with --no-client, what to type for one of ${clientPrograms.join(', ')}`)
    .option('--stdio', "copy stdin and stdout to the session's sshd: for ssh's ProxyCommand")
    .addOption(new Option('--ssh-host <name>', 'the host that ssh was asked for, with --stdio').hideHelp())
    .addHelpText('after', sshExamples)
    .action(async (session: string, words: string[], flags: Flags) => {
      useAccount(context, flags);
      useWay(context, flags);
      const sshArguments = useJumpHosts(context, words);
      const name = keptShell(flags);
      if (flags.stdio) return copyStdio({ session, sshArguments }, flags, context);
      const program = whichOf('--for', flags.for, clientPrograms);
      const request = { session, node: flags.node, ...portWish(flags) };
      if (flags.client === false) {
        refuseWithoutClient(flags, sshArguments);
        return forwardAndShow({ ...request, app: 'sshd', program }, context);
      }
      if (program !== undefined)
        throw new UsageError('--for can only be used with --no-client: bai starts no other client');
      const client = oneOf('--client', flags.client, sshClients);
      const create =
        flags.create === undefined ? undefined : await createFirst(flags.create, session, context);
      const wanted = { ...request, sshArguments, client, create };
      const tools = await context.tools('ssh');
      // Until the command over there has said how it ended.
      context.exitCode = connectionFailed;
      if (name !== undefined) {
        const { persistSsh } = await import('../../services/ssh/persist-ssh.ts');
        const wayBack = commandOf({ session, sshArguments: words }, name, flags);
        context.exitCode = await persistSsh({ ...wanted, name, wayBack }, tools);
        return;
      }
      const { runSshCommand } = await import('../../services/ssh/run-ssh-command.ts');
      context.exitCode = await runSshCommand(wanted, tools);
    });
}

/** The way to a session begins at its manager, so that is what a jump host stands before. */
function useJumpHosts(context: Context, all: readonly string[]): readonly string[] {
  const { jump, words } = takeJumpHosts(all);
  if (jump === undefined) return words;
  parseJumpHosts(jump, '-J of ssh');
  context.overrideSettings({ proxyJump: jump });
  return words;
}

/** The name of the shell that is to be kept, or nothing. */
function keptShell({ persist, persistName }: Flags): string | undefined {
  if (persistName !== undefined) return checkPersistName(persistName);
  return persist ? defaultPersistName : undefined;
}

function refuseWithoutClient(flags: Flags, sshArguments: readonly string[]): void {
  for (const [option, isGiven] of [
    ['--create', flags.create !== undefined],
    ['--persist', keptShell(flags) !== undefined],
  ] as const) {
    if (isGiven) throw new UsageError(`${option} cannot be used with --no-client: it needs a client`);
  }
  if (sshArguments.length > 0)
    throw new UsageError('--no-client starts no ssh, so neither options of ssh nor a command can follow');
}

/** What brings the user back to the shell of that name. */
function commandOf({ session, sshArguments }: Words, name: string, flags: Flags): string {
  const kept = name === defaultPersistName ? ['--persist'] : ['--persist-name', name];
  const { node, user, identity, via, allowFrom, client } = flags;
  const others = {
    ...{ node, user, identity, via, 'allow-from': allowFrom },
    client: client === 'auto' ? undefined : client,
  };
  const same = Object.entries(others).flatMap(([option, value]) => (value ? [`--${option}`, value] : []));
  const options = sshArguments.length > 0 ? ['--', ...sshArguments] : [];
  return typed(['bai', 'ssh', session, ...kept, ...same, ...options]);
}

interface Words {
  readonly session: string;
  readonly sshArguments: readonly string[];
}

async function copyStdio({ session, sshArguments }: Words, flags: Flags, context: Context): Promise<void> {
  const { client, create, port, strictPort } = flags;
  const isPlain = client === 'auto' && create === undefined && keptShell(flags) === undefined;
  if (!isPlain || port !== undefined || strictPort || sshArguments.length > 0) {
    throw new UsageError(
      '--stdio opens no port and starts no ssh: omit --port, --client, --no-client, --create, --persist, options of ssh and commands',
    );
  }
  if (flags.sshHost !== undefined) await useProfileOf(flags.sshHost, context);
  const { sshStdio } = await import('../../services/ssh/ssh-stdio.ts');
  context.exitCode = await sshStdio(
    { session, node: flags.node, host: flags.sshHost },
    await context.tools('sshStdio'),
  );
}

/** Releases before 0.2 named no profile in the hosts of the default one, which are meant whatever the surroundings say. */
async function useProfileOf(host: string, context: Context): Promise<void> {
  const isOfChosen = sessionOfHost(host, await context.profile()) !== undefined;
  if (!isOfChosen && sessionOfHost(host) !== undefined) context.assumeProfile(usualProfile);
}

const sshExamples = `
As with ssh, its options may come before or after the session, and the command
begins with the first word after it that is not an option. These letters are bai's:
-p the port on this machine, -i the key, -l the account, -q quiet (for ssh too),
-P the profile (before the session).
A \`--\` after the session is optional.

Examples:
  bai ssh demo
  bai ssh demo nvidia-smi
  bai ssh demo --node sub1
  bai ssh demo --create python:3.11
  bai ssh demo --persist
  bai ssh demo -N -L 8080:localhost:80
  bai ssh demo --no-client
  bai ssh demo --via proxy --allow-from me
  bai ssh demo --no-client --for putty`;
