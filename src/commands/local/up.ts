/** `bai local up` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { localManager, type Setting } from '../../core/settings/settings.ts';
import { parsePort } from '../../core/ssh/port-range.ts';
import { type Shell, shells, variableLines } from '../../core/text/shells.ts';
import { ownShell, typedUnset } from '../../core/text/typed.ts';
import { UsageError } from '../../errors.ts';
import type { LocalManagerState, LocalUpRequest } from '../../services/local/local-manager.ts';
import { oneOf } from '../shared/options.ts';
import { addProvider, type ProviderFlags, shownState, useProvider, usualProvider } from './provider.ts';

interface Flags extends ProviderFlags {
  readonly port?: string;
  readonly release?: string;
  readonly console?: boolean;
  readonly export?: boolean;
  readonly shell?: string;
}

export function define(command: Command, context: Context): void {
  addProvider(command)
    .option('--port <port>', 'port of the manager (default: a free one)')
    .option('--release <version>', 'behave as this release of the manager, such as 23.09.10')
    .option('--console', 'put a web console before it, to sign in to with e-mail and password: bai login')
    .option(
      '--export',
      'print lines that set variables in a shell, with the secret key: eval "$(bai local up --export)"',
    )
    .option(
      '--shell <shell>',
      `the shell that --export is for, one of ${shells.join(', ')} (default: the one bai was started from)`,
    )
    .action(async (flags: Flags) => {
      useProvider(context, flags);
      const shell = readShell(flags);
      const { localUp } = await import('../../services/local/local-manager.ts');
      const { provider: setting, endpoint } = await context.settings();
      const provider = setting.value ?? '';
      const request = readRequest(flags, provider);
      const { state, started } = await localUp(request, await context.tools('localManager'));
      const { hint, text, json, variables } = request.console ? ofConsole(state) : ofKeys(state, provider);
      context.reporter.info(`the local manager ${started ? 'is up' : 'was up already'}; ${hint}`);
      if (!request.console && flags.export !== true) warnOfOther(endpoint, state, context);
      context.reporter.result(
        { ...shownState(state, provider), ...json, started, ...(flags.export && { variables }) },
        flags.export ? variableLines(shell, variables) : text,
      );
    });
}

function readShell({ export: isWanted, shell }: Flags): Shell {
  if (shell === undefined) return ownShell;
  if (isWanted !== true) throw new UsageError('--shell is for --export, and it was not given');
  return oneOf('--shell', shell, shells);
}

/** Runs what `--export` prints. */
const exportHere: Readonly<Record<Shell, string>> = {
  sh: 'eval "$(bai local up --export)"',
  cmd: 'for /f "delims=" %i in (\'bai local up --export --shell cmd\') do @%i',
  powershell: 'bai local up --export --shell powershell | Invoke-Expression',
};

/** What comes next would go elsewhere, and whoever has just started it would not notice. */
function warnOfOther({ value, origin }: Setting, state: LocalManagerState, { reporter }: Context): void {
  if (value === undefined || origin === localManager || value === state.endpoint) return;
  reporter.warn(
    `bai goes on using ${value}, and not the local manager: the endpoint comes from ${origin}`,
    /^[A-Z_]+$/.test(origin)
      ? typedUnset(origin)
      : `${exportHere[ownShell]} uses the local manager in this shell`,
  );
}

function readRequest(flags: Flags, provider: string): LocalUpRequest {
  const console = flags.console === true;
  if (console && provider !== usualProvider) {
    throw new UsageError(`only Backend.AI has a web console, and the provider is ${provider}`);
  }
  const port = flags.port === undefined ? undefined : parsePort(flags.port, '--port');
  return { port, release: flags.release, console };
}

interface Shown {
  /** What it is good for. */
  readonly hint: string;
  readonly text: string | string[];
  /** What JSON has beside the usual fields. */
  readonly json: object;
  /** For another shell; those of Backend.AI are the Python client's own. */
  readonly variables: Readonly<Record<string, string>>;
}

/** With the password, which is asked for with `--console`: it is a new one, and of this manager alone. */
function ofConsole({ consoleEndpoint, email, password }: LocalManagerState): Shown {
  return {
    hint: `\`bai login ${consoleEndpoint}\` signs in to its console`,
    text: [`console   ${consoleEndpoint}`, `e-mail    ${email}`, `password  ${password}`],
    json: { console: { endpoint: consoleEndpoint, email, password } },
    variables: {
      BACKEND_ENDPOINT: consoleEndpoint,
      BACKEND_ENDPOINT_TYPE: 'session',
      BACKEND_USER: email,
      BACKEND_PASSWORD: password,
    },
  };
}

function ofKeys({ endpoint, accessKey, secretKey, token }: LocalManagerState, provider: string): Shown {
  if (provider !== usualProvider) {
    return {
      hint: `bai uses it while no endpoint is set and the setting provider is ${provider} (BAI_PROVIDER=${provider})`,
      text: endpoint,
      json: {},
      variables: { BAI_PROVIDER: provider, BAI_ENDPOINT: endpoint, BAI_TOKEN: token },
    };
  }
  return {
    hint: 'bai uses it while no endpoint is set',
    text: endpoint,
    json: {},
    variables: {
      BACKEND_ENDPOINT: endpoint,
      BACKEND_ENDPOINT_TYPE: 'api',
      BACKEND_ACCESS_KEY: accessKey,
      BACKEND_SECRET_KEY: secretKey,
    },
  };
}
