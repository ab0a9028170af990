/** `bai app ssh SESSION [-- SSH ARGUMENTS]`, also `bai ssh`. */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { sshClients } from '../../core/ssh-client.ts';
import { UsageError } from '../../errors.ts';
import { oneOf, type PortFlags, portWish } from '../options.ts';
import { type AccountFlags, addAccountOptions, useAccount } from './account.ts';
import { forwardAndShow } from './show-forwarded.ts';

interface Flags extends PortFlags, AccountFlags {
  /** False after --no-client. */
  readonly client: string | false;
}

export function define(command: Command, context: Context): void {
  addAccountOptions(command)
    .argument('<session>', 'name or id')
    .argument('[ssh-arguments...]', 'after `--`: options for ssh, then a command')
    .option('-p, --port <port>', 'local port of the forwarder; a random one when it is taken')
    .option('--strict-port', 'fail when the port is taken')
    .option('--client <which>', `the ssh to use: ${sshClients.join(', ')}`, 'auto')
    .option('--no-client', 'start no ssh: keep the port open and show how to connect')
    .addHelpText('after', sshExamples)
    .action(async (session: string, sshArguments: string[], flags: Flags) => {
      useAccount(context, flags);
      const request = { session, ...portWish(flags) };
      if (flags.client === false) {
        if (sshArguments.length > 0)
          throw new UsageError('--no-client starts no ssh, so nothing can follow `--`');
        return forwardAndShow({ ...request, app: 'sshd' }, context);
      }
      const client = oneOf('--client', flags.client, sshClients);
      const { connectSsh } = await import('../../services/connect-ssh.ts');
      context.exitCode = await connectSsh({ ...request, sshArguments, client }, await context.apps());
    });
}

const sshExamples = `
Examples:
  bai app ssh demo
  bai app ssh demo -- nvidia-smi
  bai app ssh demo --port 12000 -- -L 8080:localhost:80 -N
  bai app ssh demo --no-client`;
