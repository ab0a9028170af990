/** `bai local up` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { parsePort } from '../../core/ssh/port-range.ts';
import { shellQuote } from '../../core/text/shell-quote.ts';

interface Flags {
  readonly port?: string;
  readonly release?: string;
  readonly export?: boolean;
}

export function define(command: Command, context: Context): void {
  command
    .option('--port <port>', 'port of the manager; a free one when not given')
    .option('--release <version>', 'behave as this release of the manager, e.g. 23.09.10')
    .option(
      '--export',
      'print export lines for a shell, with the secret key: eval "$(bai local up --export)"',
    )
    .action(async (flags: Flags) => {
      const { localUp } = await import('../../services/local/local-manager.ts');
      const request = {
        port: flags.port === undefined ? undefined : parsePort(flags.port, '--port'),
        release: flags.release,
      };
      const { state, started } = await localUp(request, await context.tools('localManager'));
      context.reporter.info(
        `${started ? 'the local manager is up' : 'the local manager was up already'}; bai uses it while no endpoint is set`,
      );
      const { endpoint, accessKey, secretKey, release, pid } = state;
      const variables = {
        BACKEND_ENDPOINT: endpoint,
        BACKEND_ENDPOINT_TYPE: 'api',
        BACKEND_ACCESS_KEY: accessKey,
        BACKEND_SECRET_KEY: secretKey,
      };
      const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${shellQuote(value)}`);
      context.reporter.result(
        { endpoint, accessKey, release, pid, started, ...(flags.export && { variables }) },
        flags.export ? lines : endpoint,
      );
    });
}
