/** `bai app ssh SESSION [-- SSH ARGUMENTS]`, also `bai ssh`. */

import { type Command, Option } from 'commander';
import type { Context } from '../../context.ts';
import { connectionFailed, sshClients } from '../../core/ssh-client.ts';
import { UsageError } from '../../errors.ts';
import { oneOf, type PortFlags, portWish } from '../options.ts';
import { type AccountFlags, addAccountOptions, useAccount } from './account.ts';
import { createFirst } from './create-first.ts';
import { forwardAndShow } from './show-forwarded.ts';

interface Flags extends PortFlags, AccountFlags {
  /** False after --no-client. */
  readonly client: string | false;
  readonly create?: string;
  readonly node?: string;
  readonly stdio?: boolean;
  readonly sshHost?: string;
}

export function define(command: Command, context: Context): void {
  addAccountOptions(command)
    .argument('<session>', 'name or id')
    .argument('[ssh-arguments...]', 'after `--`: options for ssh, then a command')
    .option('--node <name>', 'a container of a cluster session, such as sub1 (default: main1)')
    .option('-p, --port <port>', 'local port of the forwarder; a random one when it is taken')
    .option('--strict-port', 'fail when the port is taken')
    .option('--create <image>', 'create the session from this image when there is none of that name')
    .option('--client <which>', `the ssh to use: ${sshClients.join(', ')}`, 'auto')
    .option('--no-client', 'start no ssh: keep the port open and show how to connect')
    .option('--stdio', "copy stdin and stdout to the session's sshd: for ssh's ProxyCommand")
    .addOption(new Option('--ssh-host <name>', 'what ssh was asked for, with --stdio').hideHelp())
    .addHelpText('after', sshExamples)
    .action(async (session: string, sshArguments: string[], flags: Flags) => {
      useAccount(context, flags);
      if (flags.stdio) return copyStdio({ session, sshArguments }, flags, context);
      const request = { session, node: flags.node, ...portWish(flags) };
      if (flags.client === false) {
        if (flags.create !== undefined)
          throw new UsageError('--create needs a client; leave --no-client away');
        if (sshArguments.length > 0)
          throw new UsageError('--no-client starts no ssh, so nothing can follow `--`');
        return forwardAndShow({ ...request, app: 'sshd' }, context);
      }
      const client = oneOf('--client', flags.client, sshClients);
      const { connectSsh } = await import('../../services/connect-ssh.ts');
      const create =
        flags.create === undefined ? undefined : await createFirst(flags.create, session, context);
      const wanted = { ...request, sshArguments, client, create };
      // Until the command over there has said how it ended.
      context.exitCode = connectionFailed;
      context.exitCode = await connectSsh(wanted, await context.apps());
    });
}

interface Words {
  readonly session: string;
  readonly sshArguments: readonly string[];
}

async function copyStdio({ session, sshArguments }: Words, flags: Flags, context: Context): Promise<void> {
  const { client, create, port, strictPort } = flags;
  const isPlain = client === 'auto' && create === undefined;
  if (!isPlain || port !== undefined || strictPort || sshArguments.length > 0) {
    throw new UsageError(
      '--stdio opens no port and starts no ssh: leave --port, --client, --no-client, --create and `--` away',
    );
  }
  const { sshStdio } = await import('../../services/ssh-stdio.ts');
  context.exitCode = await sshStdio(
    { session, node: flags.node, host: flags.sshHost },
    await context.sshStdio(),
  );
}

const sshExamples = `
Examples:
  bai ssh demo
  bai ssh demo -- nvidia-smi
  bai ssh demo --node sub1
  bai ssh demo --create python:3.11
  bai ssh demo -- -L 8080:localhost:80 -N
  bai ssh demo --no-client`;
