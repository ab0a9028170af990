/** `bai session create [WHAT]`: what is the same on every platform, and the options of each. */

import type { Command, Option } from 'commander';
import type { Context } from '../../context.ts';
import type { CreateRequest } from '../../core/session/provider.ts';
import { shellLine } from '../../core/text/shell-quote.ts';
import { ownShell, typed } from '../../core/text/typed.ts';
import { UsageError } from '../../errors.ts';
import type { CreateSessionRequest, CreateSessionResult } from '../../services/session/create-session.ts';
import { seconds } from '../shared/options.ts';
import { backendAi } from './create-backend-ai.ts';
import { rescale } from './create-rescale.ts';
import { ucloud } from './create-ucloud.ts';
import { factLines } from './fact-lines.ts';
import { sameAgain } from './same-again.ts';
import { type CreateStart, needed, type SessionKind } from './session-kind.ts';

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
  readonly like?: string;
  readonly dryRun?: boolean;
}

export function define(command: Command, context: Context): void {
  command
    .argument(
      '[what]',
      'an image (python:3.11, its full name, an alias); of UCloud an application, of Rescale an analysis; on a terminal bai asks for an image when there is none',
    )
    .option('-t, --name <name>', 'name of the session (default: a random one, or none)')
    .option('--like <session>', 'as this one of yours, ended or not, was made; what is given beside it wins')
    .option('-n, --dry-run', 'create nothing: check, and show what would be created')
    .option('--wait', 'wait until the session runs (default)', true)
    .option('--no-wait', 'return when it is in the queue')
    .option('--max-wait, --timeout <seconds>', 'stop waiting after this time; the session keeps starting')
    .option('--authorize <pubkey>', 'let this public key in too: a file, a line, or - for stdin')
    .option('-y, --yes', 'do not ask before what costs money is created');
  const owned = Object.entries(kinds).map(([name, kind]) => defineKind(name, kind, command));
  command.action(async (what: string | undefined, flags: Flags) => {
    refuseMissing(what, flags, context);
    const { name, title } = await context.provider();
    const kind = kinds[name];
    if (kind !== undefined) refuseForeign(command, { name, title }, owned);
    const { start, flags: all } = await startOf({ what, flags, kind }, command, context);
    const session = (await kind?.read(start, all, context)) ?? {};
    if (flags.dryRun === true) return showPlan(session, flags, context);
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

/** Before anything is opened: nobody is there to be asked. */
function refuseMissing(what: string | undefined, { like }: Flags, { stdin, reporter }: Context): void {
  if (like === undefined && (stdin.isTTY !== true || !reporter.interactive)) needed(what);
}

interface Given {
  readonly what: string | undefined;
  readonly flags: Flags;
  readonly kind: SessionKind | undefined;
}

/** What the session is made from: as it was typed, as another session was made, or as somebody answers. */
async function startOf(
  { what, flags, kind }: Given,
  command: Command,
  context: Context,
): Promise<{ readonly start: CreateStart; readonly flags: Flags }> {
  if (flags.like !== undefined) {
    const { likeSession } = await import('../../services/session/like-session.ts');
    const like = await likeSession(flags.like, await context.tools('sessions'));
    return { start: { what, like }, flags };
  }
  const asking = what === undefined ? await context.tools('asking') : undefined;
  if (kind?.asking === undefined || asking === undefined)
    return { start: { what: needed(what), like: undefined }, flags };
  const { askSession } = await import('../../services/session/ask-session.ts');
  const asked = await askSession(await kind.asking.wish(flags, context), asking);
  const answers = kind.asking.flagsOf(asked);
  const again = sameAgain(command, asked.shortName, answers);
  context.reporter.info(`again: ${ownShell === 'sh' ? shellLine(again) : typed(again)}`);
  return { start: { what: asked.image, like: undefined }, flags: { ...flags, ...answers } };
}

async function showPlan(session: CreateRequest, { authorize }: Flags, context: Context): Promise<void> {
  const tools = await context.tools('sessions');
  const { planSession } = await import('../../services/session/plan-session.ts');
  if (authorize !== undefined) {
    const { findPublicKey } = await import('../../services/keys/find-public-key.ts');
    await findPublicKey(authorize, await context.tools('authorize'));
  }
  const { facts, ...plan } = await planSession(session, tools);
  context.reporter.result({ ...plan, provider: tools.provider.name, dryRun: true }, factLines(facts));
  context.reporter.info('nothing was created (--dry-run)');
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
