/** `bai app forward`: a forwarder that stays, and everything a client of the user's own needs to know. */

import type { ServicePort, SessionRef } from '../core/session.ts';
import type { Forwarder } from '../core/ssh-access.ts';
import { type ReadyCommands, readyCommands, type SshTarget } from '../core/ssh-command.ts';
import { BaiError } from '../errors.ts';
import { checkApp } from './check-app.ts';
import { type ClusterDeps, enterNode } from './enter-node.ts';
import { openRunningSession } from './open-session.ts';
import { prepareSsh, sshApp, sshTarget } from './prepare-ssh.ts';
import { type PortWish, startAppForwarder } from './start-app-forwarder.ts';

export interface ForwardAppRequest extends PortWish {
  readonly session: string;
  readonly app: string;
  /** A container of a cluster session, for its sshd; main1 when left out. */
  readonly node?: string | undefined;
}

/** What the desktop dialog shows, and what it leaves out. */
export interface ForwardedApp {
  readonly session: SessionRef;
  readonly app: string;
  readonly host: string;
  readonly port: number;
  /** Of apps that speak HTTP. */
  readonly url?: string;
  /** Of sshd. */
  readonly ssh?: ForwardedSsh;
}

export interface ForwardedSsh {
  readonly user: string;
  readonly identityFile: string;
  readonly sshUrl: string;
  readonly sftpUrl: string;
  readonly commands: ReadyCommands;
}

const home = '/home/work';

/** Calls `onReady` when the port listens; ends when the signal does. */
export async function forwardApp(
  request: ForwardAppRequest,
  deps: ClusterDeps,
  onReady: (forwarded: ForwardedApp) => void,
): Promise<void> {
  const session = await openRunningSession(request.session, deps);
  const onConnectionFailed = (error: unknown): void =>
    deps.reporter.warn(
      `a connection failed: ${error instanceof Error ? error.message : String(error)}`,
      error instanceof BaiError ? error.hint : undefined,
    );
  if (request.app === sshApp) {
    await using place = await enterNode(session, request.node, deps);
    const ready = await prepareSsh(place.session, place.deps);
    await using forwarder = await startAppForwarder(
      { ...request, tunnel: ready.tunnel, onConnectionFailed },
      deps,
    );
    const ssh = describeSsh(sshTarget(ready, forwarder, deps), ready.identityFile);
    onReady({ session: place.session, app: request.app, host: forwarder.host, port: forwarder.port, ssh });
    return await untilEnd(forwarder, deps.signal);
  }
  const app = await checkApp(session, request.app, deps);
  const tunnel = deps.tunnelTo(session, request.app);
  await using forwarder = await startAppForwarder({ ...request, tunnel, onConnectionFailed }, deps);
  const { host, port } = forwarder;
  onReady({ session, app: app.name, host, port, ...urlOf(app, host, port) });
  await untilEnd(forwarder, deps.signal);
}

function describeSsh(target: SshTarget, identityFile: string): ForwardedSsh {
  const { user, host, port } = target;
  const address = `${user}@${host}:${port}`;
  return {
    user,
    identityFile,
    sshUrl: `ssh://${address}`,
    sftpUrl: `sftp://${address}${home}`,
    commands: readyCommands(target, home),
  };
}

function urlOf(app: ServicePort, host: string, port: number): { url?: string } {
  return app.protocol === 'http' || app.protocol === 'preopen' ? { url: `http://${host}:${port}/` } : {};
}

/** Ctrl-C is how a forwarder ends: no failure. */
async function untilEnd(forwarder: Forwarder, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
    signal.addEventListener('abort', end, { once: true });
  });
  await Promise.race([forwarder.closed, ended]);
  signal.removeEventListener('abort', end);
}
