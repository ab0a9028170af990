/** Opens what a port leads to in the user's browser. */

import type { ForwardFacts, ForwardListener } from '../../core/forward/status.ts';
import type { Reporter } from '../../core/reporter.ts';
import { NotFoundError } from '../../errors.ts';
import type { BrowserTools } from './forward-tools.ts';

/** The first of those that a browser may show, or the one of this name or port. */
export function webListener(
  { listeners, name }: Pick<ForwardFacts, 'listeners' | 'name'>,
  wanted?: string,
): ForwardListener {
  const named = listeners.filter(({ app, port, remotePort }) =>
    wanted === undefined ? true : [app, String(port), String(remotePort)].includes(wanted),
  );
  const found = named.find(({ url }) => url !== undefined) ?? named.find(({ kind }) => kind === 'port');
  if (found !== undefined) return found;
  throw new NotFoundError(
    wanted === undefined
      ? `forward ${name} has nothing for a browser`
      : `forward ${name} has no web app ${wanted}`,
    { code: 'no-web-app', hint: '`bai forward list` shows what is forwarded' },
  );
}

export function urlOf({ url, host, port }: ForwardListener): string {
  return url ?? `http://${host}:${port}/`;
}

/** The name of what was started; that there is nothing is no failure, the URL is good all the same. */
export async function openInBrowser(
  listener: ForwardListener,
  { id }: Pick<ForwardFacts, 'id'>,
  { browser, reporter }: { readonly browser: BrowserTools; readonly reporter: Pick<Reporter, 'warn'> },
): Promise<string | undefined> {
  const url = urlOf(listener);
  const shown = listener.url === undefined ? url : await browser.pageTo(url, id);
  const commands = browser.hasDesktop ? browser.commands(shown) : [];
  for (const command of commands) if (await browser.launch(command)) return command.program;
  const names = commands.map(({ program }) => program).join(', ');
  reporter.warn(
    commands.length > 0
      ? `no program here could open the page (tried ${names})`
      : 'there is no desktop here to open the page on',
    'open the address that was printed in a browser of this machine',
  );
  return undefined;
}
