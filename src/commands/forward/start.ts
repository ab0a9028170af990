/** `bai forward SESSION [SPEC…]` */

import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { type ForwardFacts, listenerLine } from '../../core/forward/status.ts';
import { readWishes } from '../../core/forward/wishes.ts';
import { interruptedBy } from '../../errors.ts';
import type { ForwardRequest } from '../../services/forward/forward-here.ts';
import { type AccountFlags, addAccountOptions, useAccount } from '../app/account.ts';
import { collect, duration } from '../shared/options.ts';

interface Flags extends AccountFlags {
  readonly remote?: string[];
  readonly idle?: string;
  readonly open?: boolean;
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
      await stayInForeground(request, context);
    });
}

async function stayInForeground(request: ForwardRequest, context: Context): Promise<void> {
  const { reporter, signal } = context;
  const { forwardHere } = await import('../../services/forward/forward-here.ts');
  const reason = await forwardHere(request, await context.tools('forward'), (facts, others) => {
    reporter.result(shownFacts(facts), linesOf(facts));
    for (const { ssh } of facts.listeners) if (ssh !== undefined) reporter.info(ssh.command);
    if (others.length > 0 && request.wishes.length === 1)
      reporter.info(`other apps of ${facts.session.name}: ${others.join(', ')}`);
    reporter.info('Ctrl-C closes the ports and their connections');
  });
  if (reason !== undefined) reporter.info(`the ports are closed: ${reason}`);
  else context.exitCode = interruptedBy(signal).exitCode;
}

function linesOf({ listeners, session }: ForwardFacts): string[] {
  return listeners.map((each) => listenerLine(each, session.name));
}

function shownFacts({ name, session, listeners }: ForwardFacts): object {
  return { name, session, listeners, background: false };
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
  bai forward demo -R 9000:3000`;
