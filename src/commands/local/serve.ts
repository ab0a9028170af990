/** `bai local serve`: the process behind `bai local up`. */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { parsePort } from '../../core/ssh/port-range.ts';
import { addProvider, type ProviderFlags, useProvider } from './provider.ts';

interface Flags extends ProviderFlags {
  readonly port?: string;
  readonly release?: string;
  readonly console?: boolean;
}

export function define(command: Command, context: Context): void {
  addProvider(command)
    .option('--port <port>', 'port of the manager')
    .option('--release <version>', 'the release to behave as')
    .option('--console', 'put a web console before it')
    .action(async (flags: Flags) => {
      useProvider(context, flags);
      const { serveLocal } = await import('../../services/local/serve-local.ts');
      const request = {
        port: flags.port === undefined ? undefined : parsePort(flags.port, '--port'),
        release: flags.release,
        console: flags.console === true,
      };
      await serveLocal(request, { ...(await context.tools('serveLocal')), signal: context.signal });
    });
}
