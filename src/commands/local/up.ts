/** `bai local up` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { parsePort } from '../../core/ssh/port-range.ts';
import { shellQuote } from '../../core/text/shell-quote.ts';
import type { LocalManagerState } from '../../services/local/local-manager.ts';
import { addProvider, type ProviderFlags, shownState, useProvider, usualProvider } from './provider.ts';

interface Flags extends ProviderFlags {
  readonly port?: string;
  readonly release?: string;
  readonly export?: boolean;
}

export function define(command: Command, context: Context): void {
  addProvider(command)
    .option('--port <port>', 'port of the manager; a free one when not given')
    .option('--release <version>', 'behave as this release of the manager, e.g. 23.09.10')
    .option(
      '--export',
      'print export lines for a shell, with the secret key: eval "$(bai local up --export)"',
    )
    .action(async (flags: Flags) => {
      useProvider(context, flags);
      const { localUp } = await import('../../services/local/local-manager.ts');
      const request = {
        port: flags.port === undefined ? undefined : parsePort(flags.port, '--port'),
        release: flags.release,
      };
      const { state, started } = await localUp(request, await context.tools('localManager'));
      const provider = (await context.settings()).provider.value ?? '';
      const condition =
        provider === usualProvider
          ? ''
          : ` and the setting provider is ${provider} (BAI_PROVIDER=${provider})`;
      context.reporter.info(
        `the local manager ${started ? 'is up' : 'was up already'}; bai uses it while no endpoint is set${condition}`,
      );
      const variables = variablesOf(state, provider);
      const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${shellQuote(value)}`);
      context.reporter.result(
        { ...shownState(state, provider), started, ...(flags.export && { variables }) },
        flags.export ? lines : state.endpoint,
      );
    });
}

/** For another shell; those of Backend.AI are the Python client's own. */
function variablesOf(state: LocalManagerState, provider: string): Readonly<Record<string, string>> {
  const { endpoint, accessKey, secretKey, token } = state;
  if (provider !== usualProvider) return { BAI_PROVIDER: provider, BAI_ENDPOINT: endpoint, BAI_TOKEN: token };
  return {
    BACKEND_ENDPOINT: endpoint,
    BACKEND_ENDPOINT_TYPE: 'api',
    BACKEND_ACCESS_KEY: accessKey,
    BACKEND_SECRET_KEY: secretKey,
  };
}
