/** Keeps a forwarder open and shows what the desktop dialog shows. */

import type { Context } from '../../context.ts';
import type { ForwardAppRequest, ForwardedApp } from '../../services/forward-app.ts';

export async function forwardAndShow(request: ForwardAppRequest, context: Context): Promise<void> {
  const { forwardApp } = await import('../../services/forward-app.ts');
  await forwardApp(request, await context.apps(), (forwarded) => {
    context.reporter.result(forwarded, lines(forwarded));
    context.reporter.info('Ctrl-C closes the port and its connections');
  });
}

function lines({ session, app, host, port, url, ssh }: ForwardedApp): string[] {
  const facts: (readonly [string, string | undefined])[] = [
    ['Session', `${session.name} (${session.id})`],
    ['Node', session.node],
    ['App', app],
    ['Host', host],
    ['Port', String(port)],
    ['URL', url],
    ['User', ssh?.user],
    ['Key', ssh === undefined ? undefined : (ssh.identityFile ?? 'those of the SSH agent')],
    ['SSH URL', ssh?.sshUrl],
    ['SFTP URL', ssh?.sftpUrl],
  ];
  const shown = facts.flatMap(([name, value]) => (value === undefined ? [] : [`${name.padEnd(9)} ${value}`]));
  return ssh === undefined
    ? shown
    : [...shown, '', 'Ready to paste:', ...Object.values(ssh.commands).map((line) => `  ${line}`)];
}
