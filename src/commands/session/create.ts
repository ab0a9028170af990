/** `bai session create WHAT`: what is the same on every platform, and the options of each. */

import type { Command, Option } from 'commander';
import type { Context } from '../../context.ts';
import { UsageError } from '../../errors.ts';
import type { CreateSessionRequest, CreateSessionResult } from '../../services/session/create-session.ts';
import { seconds } from '../shared/options.ts';
import { backendAi } from './create-backend-ai.ts';
import { rescale } from './create-rescale.ts';
import { ucloud } from './create-ucloud.ts';
import type { SessionKind } from './session-kind.ts';

/** By the provider's name, with the heading of its options. */
const kinds: Readonly<Record<string, SessionKind & { readonly title: string }>> = {
  'backend.ai': { ...backendAi, title: 'Backend.AI' },
  ucloud: { ...ucloud, title: 'UCloud' },
  rescale: { ...rescale, title: 'Rescale (experimental)' },
};

interface Flags {
  readonly wait: boolean;
  readonly enqueueOnly?: boolean;
  readonly timeout?: string;
  readonly authorize?: string;
  readonly yes?: boolean;
}

export function define(command: Command, context: Context): void {
  command
    .argument(
      '<what>',
      'an image (python:3.11, its full name, an alias); of UCloud an application, of Rescale an analysis',
    )
    .option('-t, --name <name>', 'name of the session; a random one, or none, when not given')
    .option('--wait', 'wait until the session runs (the default)', true)
    .option('--no-wait', 'return when it is in the queue')
    .option('--max-wait, --timeout <seconds>', 'stop waiting after this time; the session keeps starting')
    .option('--authorize <pubkey>', 'let this public key in too: a file, a line, or - for stdin')
    .option('-y, --yes', 'do not ask before what costs money is created');
  const owned = Object.entries(kinds).map(([name, kind]) => defineKind(name, kind, command));
  command.action(async (what: string, flags: Flags) => {
    const { name, title } = await context.provider();
    const kind = kinds[name];
    if (kind !== undefined) refuseForeign(command, { name, title }, owned);
    const session = (await kind?.read(what, flags, context)) ?? {};
    const wait = flags.wait && !flags.enqueueOnly;
    const request = {
      session,
      wait,
      timeoutMs: seconds('--timeout', flags.timeout),
      yes: flags.yes === true,
    };
    const made = await create(request, flags.authorize, context);
    context.reporter.result({ ...made, provider: name }, `${made.name} ${made.id}`);
  });
}

interface OwnedOptions {
  readonly name: string;
  readonly title: string;
  /** As the command line has them. */
  readonly options: readonly Option[];
}

function defineKind(name: string, kind: (typeof kinds)[string], command: Command): OwnedOptions {
  const before = new Set(command.options);
  command.optionsGroup(`Options for ${kind.title}:`);
  kind.define(command);
  return { name, title: kind.title, options: command.options.filter((option) => !before.has(option)) };
}

/** An option of another platform would be passed over, and whoever wrote it would not hear of it. */
function refuseForeign(
  command: Command,
  { name, title }: { readonly name: string; readonly title: string },
  owned: readonly OwnedOptions[],
): void {
  const known = owned.find((kind) => kind.name === name)?.options ?? [];
  const names = new Set(known.map((option) => option.attributeName()));
  for (const kind of owned.filter((each) => each.name !== name)) {
    const wrong = kind.options.find(
      (option) =>
        !names.has(option.attributeName()) && command.getOptionValueSource(option.attributeName()) === 'cli',
    );
    if (wrong === undefined) continue;
    throw new UsageError(`${wrong.long ?? wrong.short} is for ${kind.title}, and the provider is ${title}`, {
      hint: '`bai session create --help` shows which options are for which platform; `bai config get provider` which one is chosen',
    });
  }
}

async function create(
  request: CreateSessionRequest,
  authorize: string | undefined,
  context: Context,
): Promise<CreateSessionResult> {
  const sessions = await context.tools('sessions');
  if (authorize === undefined) {
    const { createSession } = await import('../../services/session/create-session.ts');
    return createSession(request, sessions);
  }
  const { createAuthorized } = await import('../../services/keys/create-authorized.ts');
  return createAuthorized(
    { ...request, source: authorize },
    { sessions, authorize: await context.tools('authorize') },
  );
}
