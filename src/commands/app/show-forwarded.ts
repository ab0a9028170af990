/** Keeps a forwarder open and shows what the desktop dialog shows. */

import type { Context } from '../../context.ts';
import { shellCommand } from '../../core/text/shell-quote.ts';
import type { ClientHelp } from '../../services/ssh/client-help.ts';
import type { ForwardAppRequest, ForwardedApp } from '../../services/ssh/forward-app.ts';

export async function forwardAndShow(request: ForwardAppRequest, context: Context): Promise<void> {
  const { forwardApp } = await import('../../services/ssh/forward-app.ts');
  await forwardApp(request, await context.tools('clients'), (forwarded) => {
    const client = forwarded.ssh?.client;
    if (client !== undefined) tellAbout(client, forwarded, context);
    // A login protects sshd; of a web app whoever reaches the port is in.
    if (forwarded.ssh === undefined)
      context.reporter.info(`every user of this machine can use ${forwarded.app} through this port`);
    context.reporter.result(forwarded, client === undefined ? lines(forwarded) : clientLines(client));
    context.reporter.info('Ctrl-C closes the port and its connections');
  });
}

function tellAbout(
  { program, hostKeys }: ClientHelp,
  { session, port }: ForwardedApp,
  context: Context,
): void {
  const { reporter } = context;
  const keys = hostKeys.map(({ sha256, md5 }) => `${sha256} (${md5})`).join(', ');
  if (program !== 'openssh') reporter.info(`the host key to expect: ${keys}`);
  if (puttyPrograms.has(program))
    reporter.info('-hostkey SHA256:… needs PuTTY 0.75 or later; earlier ones take the MD5 form');
  const { name, node } = session;
  const same = node === undefined ? ['app', 'forward', name] : ['ssh', name, '--node', node, '--no-client'];
  const again = shellCommand(['bai', ...same, '-p', String(port), '--strict-port']);
  reporter.info(`what you save needs this port again: ${again}`);
}

const puttyPrograms: ReadonlySet<string> = new Set(['putty', 'plink', 'psftp', 'pscp']);

/** Nothing but what is to be typed. */
function clientLines({ lines: ready, fields = {} }: ClientHelp): string[] {
  const width = Math.max(0, ...Object.keys(fields).map((name) => name.length));
  return [
    ...Object.entries(fields).map(([name, value]) => `${name.padEnd(width)}  ${value}`),
    ...ready.map(({ line, shell }) => (shell === undefined ? line : `${shell}: ${line}`)),
  ];
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
    ['Key', ssh === undefined ? undefined : keyOf(ssh)],
    ['SSH URL', ssh?.sshUrl],
    ['SFTP URL', ssh?.sftpUrl],
  ];
  const shown = facts.flatMap(([name, value]) => (value === undefined ? [] : [`${name.padEnd(9)} ${value}`]));
  return ssh === undefined
    ? shown
    : [...shown, '', 'Ready to paste:', ...Object.values(ssh.commands).map((line) => `  ${line}`)];
}

function keyOf({ identityFile, ownKeys }: NonNullable<ForwardedApp['ssh']>): string {
  return identityFile ?? (ownKeys?.length ? `one of ${ownKeys.join(', ')}` : 'those of the SSH agent');
}
