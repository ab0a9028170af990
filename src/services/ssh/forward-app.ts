/** `bai app forward`: a forwarder that stays, and everything a client of the user's own needs to know. */

import { sftpUrl } from '../../core/desktop/open-target.ts';
import { requireFeature } from '../../core/session/features.ts';
import type { Gateway } from '../../core/session/provider.ts';
import type { ServicePort, SessionRef } from '../../core/session/session.ts';
import type { ClientProgram } from '../../core/ssh/client-commands.ts';
import { sshApp } from '../../core/ssh/forwarder.ts';
import { bracketed, type ReadyCommands, readyCommands, type SshTarget } from '../../core/ssh/ssh-command.ts';
import type { Shell } from '../../core/text/shells.ts';
import { UsageError } from '../../errors.ts';
import { checkApp } from '../session/check-app.ts';
import { lookForEnd } from '../session/look-for-end.ts';
import { openRunningSession } from '../session/open-session.ts';
import { type ClientHelp, type ClientTools, prepareClient } from './client-help.ts';
import { enterNode } from './enter-node.ts';
import { checkPort, type SshElsewhere, sshElsewhere, withPort } from './gateway-port.ts';
import { prepareSsh, sshTarget } from './prepare-ssh.ts';
import { homeOf } from './session-home.ts';
import { holdForwarder, type PortPreference } from './start-app-forwarder.ts';

export interface ForwardAppRequest extends PortPreference {
  readonly session: string;
  readonly app: string;
  /** A container of a cluster session, for its sshd; main1 when left out. */
  readonly node?: string | undefined;
  /** What to explain the port to, for its sshd. */
  readonly program?: ClientProgram | undefined;
}

/** What the desktop dialog shows, and what it leaves out. */
export interface ForwardedApp {
  readonly session: SessionRef;
  readonly app: string;
  readonly host: string;
  readonly port: number;
  /** Where the port is not one of this machine, and stays open until the session ends. */
  readonly via?: Gateway['via'];
  readonly allowedFrom?: Gateway['allowedFrom'];
  /** Of apps that speak HTTP. */
  readonly url?: string;
  /** Of sshd. */
  readonly ssh?: ForwardedSsh;
}

interface ForwardedSsh {
  readonly user: string;
  /** Nothing when the keys of the SSH agent, or ssh's usual ones, are used. */
  readonly identityFile?: string;
  /** Those that ssh offers one after the other, where no single one is known to fit. */
  readonly ownKeys?: readonly string[];
  readonly sshUrl: string;
  readonly sftpUrl: string;
  readonly commands: ReadyCommands;
  /** For other machines, where the port is not one of this machine. */
  readonly elsewhere?: SshElsewhere;
  /** When one was named. */
  readonly client?: ClientHelp;
}

/** Calls `onReady` when the port listens. Ends when the signal does; at once where the port is not one of this machine. */
export async function forwardApp(
  request: ForwardAppRequest,
  tools: ClientTools,
  onReady: (forwarded: ForwardedApp) => void,
): Promise<void> {
  const { program } = request;
  if (program !== undefined && request.app !== sshApp) {
    throw new UsageError(`--for is for sshd: ${program} does not speak to ${request.app}`);
  }
  const session = await openRunningSession(request.session, tools);
  using ends = lookForEnd(session, tools);
  void ends.known.then(
    () => ends.tell(),
    () => {},
  );
  if (request.app === sshApp) {
    await using place = await enterNode(session, request.node, withPort(request.port, tools));
    const ready = await prepareSsh(place.session, place.tools);
    const home = await homeOf(ready.access, place.tools);
    const client = program && (await prepareClient(program, { ...ready, home }, place.tools));
    const { gateway } = ready.access;
    if (gateway !== undefined) {
      checkPort(gateway, request, tools);
      const target = sshTarget(ready, gateway, tools);
      const elsewhere = await sshElsewhere(ready, target, { ...place.tools, home });
      const help = client && { client: client.help(gateway) };
      const ssh = { ...describeSsh(target, home, tools.shell), elsewhere, ...help };
      return onReady({ session, app: request.app, ...gateway, ssh });
    }
    return await holdForwarder({ ...request, session, tunnel: ready.access }, tools, (forwarder) => {
      const target = sshTarget(ready, forwarder, tools);
      const help = client && { client: client.help(forwarder) };
      const ssh = { ...describeSsh(target, home, tools.shell), ...help };
      onReady({ session: place.session, app: request.app, host: forwarder.host, port: forwarder.port, ssh });
    });
  }
  const app = await checkApp(session, request.app, tools);
  const apps = requireFeature(tools.provider, 'apps');
  if (apps.gateway !== undefined) {
    const gateway = await apps.gateway(session, app, { signal: tools.signal, port: request.port });
    checkPort(gateway, request, tools);
    return onReady({ session, app: app.name, ...gateway });
  }
  const tunnel = apps.tunnel(session, request.app);
  await holdForwarder({ ...request, session, tunnel }, tools, ({ host, port }) =>
    onReady({ session, app: app.name, host, port, ...urlOf(app, host, port) }),
  );
}

function describeSsh(target: SshTarget, home: string, shell: Shell): ForwardedSsh {
  const { user, host, port, identityFile, ownKeys = [] } = target;
  return {
    user,
    ...(identityFile !== undefined && { identityFile }),
    ...(ownKeys.length > 0 && { ownKeys }),
    sshUrl: `ssh://${user}@${bracketed(host)}:${port}`,
    sftpUrl: sftpUrl({ host: bracketed(host), user, path: home }, port),
    commands: readyCommands(target, home, shell),
  };
}

function urlOf(app: ServicePort, host: string, port: number): { url?: string } {
  return app.protocol === 'http' || app.protocol === 'preopen' ? { url: `http://${host}:${port}/` } : {};
}
