/** `bai` alone. */

import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { shownTime } from '../core/text/shown-time.ts';
import type { Welcome } from '../services/sign-in/welcome.ts';

export function define(command: Command, context: Context): void {
  command.action(async () => {
    const { welcome } = await import('../services/sign-in/welcome.ts');
    const found = await welcome(await context.tools('signIn'));
    context.reporter.result(answerOf(found), found.signedIn ? signedIn(found) : signedOut);
  });
}

const signedOut: readonly string[] = [
  'bai takes you into compute sessions of Backend.AI, UCloud and Rescale. You are not signed in.',
  '  bai login      sign in             bai local up   try it on this machine first',
  '  bai --help     all commands',
];

function signedIn({ account, sessions }: Extract<Welcome, { readonly signedIn: true }>): readonly string[] {
  const until = account.endsAt === undefined ? '' : `, until ${shownTime(account.endsAt)}`;
  const first = sessions.find(({ status }) => status === 'RUNNING') ?? sessions[0];
  const next = first === undefined ? 'bai session create' : `bai ssh ${first.name}`;
  return [
    `${account.text} at ${account.endpoint ?? account.provider}${until}`,
    sessions.length === 0 ? 'no live sessions' : `live: ${shown(sessions)}`,
    `  ${next}      bai session list      bai --help`,
  ];
}

const mostShown = 5;

function shown(sessions: readonly { readonly name: string; readonly status: string }[]): string {
  const named = sessions.slice(0, mostShown).map(({ name, status }) => `${name} (${status})`);
  const more = sessions.length - named.length;
  return more > 0 ? `${named.join(', ')} and ${more} more` : named.join(', ');
}

function answerOf(found: Welcome): unknown {
  if (!found.signedIn) return found;
  const { text: _text, ...account } = found.account;
  return { signedIn: true, ...account, sessions: found.sessions };
}
