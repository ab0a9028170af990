/** Keeps a forwarder open and shows what the desktop dialog shows. */

import type { Context } from '../../context.ts';
import { typed } from '../../core/text/typed.ts';
import type { ClientHelp } from '../../services/ssh/client-help.ts';
import type { ForwardAppRequest, ForwardedApp } from '../../services/ssh/forward-app.ts';

export async function forwardAndShow(request: ForwardAppRequest, context: Context): Promise<void> {
  const { forwardApp } = await import('../../services/ssh/forward-app.ts');
  await forwardApp(request, await context.tools('clients'), (forwarded) => {
    const client = forwarded.ssh?.client;
    if (client !== undefined) tellAbout(client, forwarded, context);
    const isHere = forwarded.via === undefined;
    // A login protects sshd; of a web app whoever reaches the port is in.
    if (forwarded.ssh === undefined && isHere) {
      const { app } = forwarded;
      context.reporter.info(
        `every user of this machine can use ${app} through this port; \`bai forward\` asks for a secret first`,
      );
    }
    context.reporter.result(forwarded, client === undefined ? lines(forwarded) : clientLines(client));
    if (isHere) context.reporter.info('Ctrl-C closes the port and its connections');
  });
}

function tellAbout(
  { program, hostKeys }: ClientHelp,
  { session, port, via }: ForwardedApp,
  context: Context,
): void {
  const { reporter } = context;
  const keys = hostKeys.map(({ sha256, md5 }) => `${sha256} (${md5})`).join(', ');
  if (program !== 'openssh') reporter.info(`the host key to expect: ${keys}`);
  if (puttyPrograms.has(program))
    reporter.info('-hostkey SHA256:… needs PuTTY 0.75 or later; earlier ones take the MD5 form');
  if (via !== undefined) {
    reporter.info('on another machine put the key file there first, and write its path in place of this one');
    return;
  }
  const { name, node } = session;
  const same = node === undefined ? ['app', 'forward', name] : ['ssh', name, '--node', node, '--no-client'];
  const again = typed(['bai', ...same, '-p', String(port), '--strict-port']);
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

function lines({ session, app, via, allowedFrom, host, port, url, ssh }: ForwardedApp): string[] {
  const facts: (readonly [string, string | undefined])[] = [
    ['Session', `${session.name} (${session.id})`],
    ['Node', session.node],
    ['App', app],
    ['Via', via],
    ['Host', host],
    ['Port', String(port)],
    ['Open to', allowedFrom && `${[allowedFrom].flat().join(', ')}, until the session ends`],
    ['URL', url],
    ['User', ssh?.user],
    ['Key', ssh === undefined ? undefined : keyOf(ssh)],
    ['SSH URL', ssh?.sshUrl],
    ['SFTP URL', ssh?.sftpUrl],
    ...(ssh?.elsewhere?.hostKeys ?? []).map(
      ({ type, sha256, md5 }) => ['Host key', `${sha256} (${type}, ${md5})`] as const,
    ),
  ];
  const shown = facts.flatMap(([name, value]) => (value === undefined ? [] : [`${name.padEnd(9)} ${value}`]));
  if (ssh === undefined) return shown;
  const { commands, elsewhere } = ssh;
  const paste = ['', 'Ready to paste:', ...Object.values(commands).map((line) => `  ${line}`)];
  return [...shown, ...paste, ...(elsewhere === undefined ? [] : elsewhereLines(elsewhere))];
}

function elsewhereLines({ commands, knownHosts }: Elsewhere): string[] {
  return [
    ...['', 'On another machine, with a copy of the key in the current folder (mode 0600):'],
    ...Object.values(commands).map((line) => `  ${line}`),
    ...['', 'What its ~/.ssh/known_hosts needs, so that no other server is taken for the session:'],
    ...knownHosts.map((line) => `  ${line}`),
  ];
}

type Elsewhere = NonNullable<NonNullable<ForwardedApp['ssh']>['elsewhere']>;

function keyOf({ identityFile, ownKeys }: NonNullable<ForwardedApp['ssh']>): string {
  return identityFile ?? (ownKeys?.length ? `one of ${ownKeys.join(', ')}` : 'those of the SSH agent');
}
