/** `bai forward SESSION [SPEC…]` */

import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { type ForwardFacts, listenerLine } from '../../core/forward/status.ts';
import { readWishes } from '../../core/forward/wishes.ts';
import { typed } from '../../core/text/typed.ts';
import { interruptedBy } from '../../errors.ts';
import type { ForwardRequest } from '../../services/forward/forward-here.ts';
import type { ForwardTools } from '../../services/forward/forward-tools.ts';
import { type AccountFlags, addAccountOptions, useAccount } from '../app/account.ts';
import { collect, duration } from '../shared/options.ts';

interface Flags extends AccountFlags {
  readonly remote?: string[];
  readonly idle?: string;
  readonly open?: boolean;
  readonly background?: boolean;
  /** False after --no-secret. */
  readonly secret: boolean;
}

export function define(command: Command, context: Context): void {
  addAccountOptions(command)
    .argument('<session>', 'name or id')
    .argument('[specs...]', 'what to forward: see below (default: sshd)')
    .option(
      '-R, --remote <spec>',
      'PORT:LOCAL, a port of the session that leads to one here (repeatable)',
      collect,
    )
    .option('-f, --background', 'return when the ports listen, and go on in the background')
    .option('--idle <time>', 'end after so long without a connection, such as 30m or 8h')
    .option('--open', 'open the web app in your browser')
    .option('--no-secret', 'let every user of this machine use web apps (setting webSecret)')
    .addHelpText('after', examples)
    .action(async (session: string, specs: string[], flags: Flags) => {
      useAccount(context, flags);
      if (!flags.secret) context.overrideSettings({ webSecret: 'none' });
      const request: ForwardRequest = {
        session,
        wishes: readWishes(specs, flags.remote ?? []),
        idleMs: duration('--idle', flags.idle),
        opens: flags.open === true,
        id: randomBytes(4).toString('hex'),
      };
      if (flags.background) await goToBackground(request, context);
      else await stayInForeground(request, context);
    });
}

async function stayInForeground(request: ForwardRequest, context: Context): Promise<void> {
  const { reporter, signal } = context;
  const { forwardHere } = await import('../../services/forward/forward-here.ts');
  const reason = await forwardHere(request, await context.tools('forward'), (facts, others) => {
    show({ facts, others, background: false }, request, context);
    reporter.info('Ctrl-C closes the ports and their connections');
  });
  if (reason !== undefined) reporter.info(`the ports are closed: ${reason}`);
  else context.exitCode = interruptedBy(signal).exitCode;
}

async function goToBackground(request: ForwardRequest, context: Context): Promise<void> {
  const [tools, { store }] = [await context.tools('forward'), await context.tools('forwards')];
  const { background } = tools.system;
  if (background?.id !== undefined) {
    const { serveForward } = await import('../../services/forward/serve-forward.ts');
    const tell = (answer: object): void => background.ready(JSON.stringify(answer));
    return await serveForward({ ...request, id: background.id }, tools, { store, tell });
  }
  const { startForward } = await import('../../services/forward/start-background.ts');
  const { facts, others, isNew } = await startForward(request, tools, store);
  if (!isNew) context.reporter.info(`forward ${facts.name} has these ports open already`);
  show({ facts, others, background: true, isNew }, request, context);
  context.reporter.info(
    `it goes on in the background until \`${typed(['bai', 'forward', 'stop', facts.name])}\` or the session ends`,
  );
  if (request.opens) await browse(facts, tools);
}

async function browse(facts: ForwardFacts, tools: ForwardTools): Promise<void> {
  const { openInBrowser, webListener } = await import('../../services/forward/browse.ts');
  await openInBrowser(webListener(facts), facts, tools);
}

interface Shown {
  readonly facts: ForwardFacts;
  readonly others: readonly string[];
  readonly background: boolean;
  readonly isNew?: boolean;
}

function show(
  { facts, others, background, isNew }: Shown,
  { wishes }: ForwardRequest,
  { reporter }: Context,
): void {
  const { id, name, session, listeners } = facts;
  const more = background ? { background, id, started: isNew === true } : { background };
  reporter.result(
    { name, session, listeners, ...more },
    listeners.map((each) => listenerLine(each, session.name)),
  );
  for (const { ssh, app, url } of listeners) {
    if (ssh !== undefined) reporter.info(ssh.command);
    if (url !== undefined && !url.includes('?'))
      reporter.info(`every user of this machine can use ${app} through this port`);
  }
  if (others.length > 0 && wishes.length === 1)
    reporter.info(`other apps of ${session.name}: ${others.join(', ')}`);
}

const examples = `
What to forward:
  8080:80        port 80 of the session, at 8080 here
  :80            port 80, at a port here that stays the same for this session
  8080           port 8080 of the session, at 8080 here
  5000-5010      each port of a range; 6000-6010:5000-5010 and :5000-5010 as well
  8080:db:5432   a port of another host, as the session names it
  jupyter        an app (bai app list), at a port here that stays the same
  sshd@12000     an app, at this port

Examples:
  bai forward demo 8080:80 jupyter
  bai forward demo jupyter --open
  bai forward demo 8080 sshd@12000 --background
  bai forward demo -R 9000:3000`;
