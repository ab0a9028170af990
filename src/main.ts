/** Builds the command tree, runs one command, and turns whatever it throws into words and an exit status. */

import { Command, CommanderError } from 'commander';
import { examples as examplesOf } from './commands/examples.ts';
import { helpLayout, helpWidth, inSections } from './commands/help-layout.ts';
import { commands, groups } from './commands/index.ts';
import type { CommandEntry } from './commands/shared/command.ts';
import { addGlobalOptions } from './commands/shared/global-options.ts';
import { explainUsage, refuseGroupAlone, refuseJsonValue, usageLine, withHelp } from './commands/usage.ts';
import { knownWords, withoutDoubt, withUsualCommand, withWelcome, wordsOf } from './commands/words.ts';
import type { Context, GlobalFlags } from './context.ts';
import { milestone } from './core/milestones.ts';
import type { AnswerShape } from './core/text/template.ts';
import { ExitCode, interruptedBy, isAbort, UsageError } from './errors.ts';

/** The only error boundary. Never rejects. */
export async function run(context: Context, argv: readonly string[]): Promise<number> {
  let words = argv;
  let program: Command | undefined;
  try {
    words = withUsualCommand(withWelcome(withHelp(argv)));
    refuseGroupAlone(words, fallbackFlags(words).json);
    refuseJsonValue(words);
    program = await createProgram(context, words);
    words = withoutDoubt(words, program);
    await program.parseAsync(words, { from: 'user' });
    return context.exitCode;
  } catch (error) {
    if (error instanceof CommanderError && hasShownHelp(error))
      return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
    await prepareReporter(context, fallbackFlags(words));
    milestone('bai', () => `failed: ${error instanceof Error ? error.message : String(error)}`);
    return context.reporter.failure(
      await context.inProfile(explained(error, context.signal, { argv, program })),
    );
  } finally {
    await context.close();
  }
}

/** Groups and names of all commands, and the options of the one that `argv` names. */
export async function createProgram(context: Context, argv: readonly string[]): Promise<Command> {
  const program = new Command('bai');
  program
    .description('From a terminal or a CI job into cloud compute sessions.')
    .version(context.version, '-V, --version')
    .helpOption('-h, --help', 'show help')
    .helpCommand(false)
    .showSuggestionAfterError()
    .configureHelp({
      subcommandTerm: (command) => [command.name(), ...command.aliases()].join('|'),
      commandUsage: usageLine,
      ...helpLayout,
    })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      writeErr: (text) => void context.stderr.write(text),
      getOutHelpWidth: () => helpWidth(context.stdout),
      // It is thrown as well, and told as every other failure is.
      outputError: () => {},
    });
  addGlobalOptions(program);
  program.hook('preAction', async (_, action) => {
    const flags = readFlags(action);
    context.useFlags(flags);
    await prepareReporter(context, flags, await shapeOf(flags));
    await context.startLog();
    milestone(
      'bai',
      () =>
        `bai ${context.version}, Node ${process.versions.node}, ${process.platform}: ${knownWords(argv).join(' ')}`,
    );
  });
  const wanted = wordsOf(argv);
  const parents = new Map<string, Command>();
  for (const [name, summary] of Object.entries(groups)) {
    parents.set(name, program.command(name).description(summary).helpCommand(false));
  }
  for (const entry of commands) await addCommand(entry, { program, parents, wanted, context });
  inSections(program);
  program.addHelpText('after', examples);
  return program;
}

const examples = `
Examples:
  bai session create python:3.11 --name demo
  bai ssh demo
  bai sftp put data.tar demo:
  bai session terminate demo

Topics: bai help exit-codes | error-codes | settings | environment | json`;

interface Tree {
  readonly program: Command;
  readonly parents: ReadonlyMap<string, Command>;
  readonly wanted: readonly string[];
  readonly context: Context;
}

async function addCommand(entry: CommandEntry, tree: Tree): Promise<void> {
  const { program, parents, wanted, context } = tree;
  const words = entry.path.split(' ');
  const name = words.at(-1) ?? '';
  const parent = words.length === 1 ? program : parents.get(words[0] ?? '');
  if (parent === undefined) throw new Error(`the command "${entry.path}" has no group`);
  const command = parent.command(name, { hidden: entry.hidden === true }).description(entry.summary);
  command.aliases([...(entry.aliases ?? [])]);
  if (entry.aliases !== undefined) command.addHelpText('after', `\nAliases: ${entry.aliases.join(', ')}`);
  const asked = wanted[words.length - 1] ?? '';
  const isWanted =
    (words.length === 1 || wanted[0] === words[0]) && (asked === name || entry.aliases?.includes(asked));
  if (!isWanted) return;
  if (entry.tellsProfile) command.hook('preAction', () => context.tellProfile());
  (await entry.load()).define(command, context);
  if (entry.ids !== undefined)
    command.option(
      '-q, --ids',
      'print only what other commands take, one a line (`--quiet` is the table alone)',
    );
  const own = examplesOf[entry.path]?.map((line) => `  ${line}`);
  if (own !== undefined) command.addHelpText('after', ['', 'Examples:', ...own].join('\n'));
}

function readFlags(command: Command): GlobalFlags {
  const flags: Record<string, unknown> = command.optsWithGlobals();
  const text = (name: string): string | undefined =>
    typeof flags[name] === 'string' ? flags[name] : undefined;
  const endpoint = text('endpoint');
  return {
    json: flags['json'] === true || flags['jsonEvents'] === true,
    events: flags['jsonEvents'] === true,
    quiet: flags['quiet'] === true,
    verbose: flags['verbose'] === true,
    color: typeof flags['color'] === 'boolean' ? flags['color'] : undefined,
    command: [command.parent, command].flatMap((each) => (each?.parent ? [each.name()] : [])).join(' '),
    template: text('template'),
    ids: flags['ids'] === true,
    profile: text('profile'),
    environmentFile: text('envFile'),
    settings: endpoint === undefined ? {} : { endpoint },
  };
}

/** For failures before the flags were read. */
function fallbackFlags(argv: readonly string[]): Pick<GlobalFlags, 'json' | 'events' | 'quiet' | 'color'> {
  const end = argv.indexOf('--');
  const words = end < 0 ? argv : argv.slice(0, end);
  // Also in the form that `withoutDoubt` gives it.
  const events = words.includes('--json=events') || words.includes('--json-events');
  return {
    json: events || words.includes('--json'),
    events,
    quiet: false,
    color: words.includes('--no-color') ? false : words.includes('--color') ? true : undefined,
  };
}

/** Nothing where the answer is told as it is. */
async function shapeOf(flags: GlobalFlags): Promise<AnswerShape | undefined> {
  if (flags.template === undefined && flags.ids !== true) return undefined;
  const { readShape } = await import('./commands/answer-shape.ts');
  return await readShape(flags);
}

async function prepareReporter(
  context: Context,
  flags: Pick<GlobalFlags, 'json' | 'events' | 'quiet' | 'color'>,
  shape?: AnswerShape,
): Promise<void> {
  if (context.hasReporter) return;
  const { createReporter, isAnimated } = await import('./output/reporter.ts');
  const { stdout, stderr } = context;
  if (stderr.isTTY === true || stdout.isTTY === true) await context.heedAccessible();
  const { environment } = context;
  // The spinner's library costs more to load than all else that a short command needs.
  const spinner = isAnimated(stderr, environment) ? await import('./output/spinner.ts') : undefined;
  const { json, events, quiet, color } = flags;
  const reporter = createReporter({
    ...{ stdout, stderr, environment },
    ...{ json, events, quiet, color },
    spin: spinner?.createSpinner,
  });
  if (shape === undefined) return context.useReporter(reporter);
  const { shapedReporter } = await import('./output/shaped-reporter.ts');
  context.useReporter(shapedReporter(reporter, shape, stdout));
}

function hasShownHelp({ code, exitCode }: CommanderError): boolean {
  return exitCode === 0 || code === 'commander.help';
}

/** Waits of Node's own end with an AbortError when Ctrl-C comes: no bug. */
function explained(
  error: unknown,
  signal: AbortSignal,
  { argv, program }: { readonly argv: readonly string[]; readonly program: Command | undefined },
): unknown {
  if (error instanceof CommanderError) return withUsageHint(explainUsage(error, argv, program), argv);
  if (signal.aborted && isAbort(error)) return interruptedBy(signal, error);
  return withUsageHint(error, argv);
}

/** Every wrong command line ends with where to read what is right. */
function withUsageHint(error: unknown, argv: readonly string[]): unknown {
  if (!(error instanceof UsageError) || error.hint !== undefined) return error;
  return new UsageError(error.message, { code: error.code, hint: usageHint(argv), details: error.details });
}

function usageHint(argv: readonly string[]): string {
  return `${['bai', ...knownWords(argv), '--help'].join(' ')} shows what there is`;
}
