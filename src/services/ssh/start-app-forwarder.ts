/** A forwarder to one app of a session, on the preferred port or another one that is free. */

import type { Tunnel } from '../../core/session/provider.ts';
import type { SessionRef } from '../../core/session/session.ts';
import { type Forwarder, forwardPlace, sshApp } from '../../core/ssh/forwarder.ts';
import { BaiError } from '../../errors.ts';
import { type EndWatch, watchForEnd } from '../session/session-end.ts';
import type { SshTools } from './ssh-tools.ts';

export interface PortPreference {
  /** Beats the `sshPort` setting. */
  readonly port?: number | undefined;
  /** Fail when the port is not free, in place of another one. */
  readonly strictPort: boolean;
}

/** Always on loopback: whoever reaches the port is as good as logged in to the app. */
const loopback = '127.0.0.1';

export interface StartRequest extends PortPreference {
  readonly app: string;
  /** See `ForwarderOptions`. */
  readonly place?: string;
  readonly tunnel: Tunnel;
  readonly onConnectionFailed: (error: unknown) => void;
  readonly onConnectionEnded?: () => void;
}

export async function startAppForwarder(request: StartRequest, tools: SshTools): Promise<Forwarder> {
  const preferred = request.port ?? tools.settings.preferredPort;
  const forwarder = await tools.startForwarder({
    tunnel: request.tunnel,
    isSsh: request.app === sshApp,
    host: loopback,
    preferredPort: preferred,
    strict: request.strictPort,
    place: request.place,
    onConnectionFailed: request.onConnectionFailed,
    onConnectionEnded: request.onConnectionEnded,
  });
  if (preferred !== undefined && forwarder.port !== preferred) {
    tools.reporter.warn(`port ${preferred} is not free; using ${forwarder.port}`);
  }
  return forwarder;
}

interface HoldRequest extends PortPreference {
  readonly session: SessionRef;
  readonly app: string;
  readonly tunnel: Tunnel;
}

/**
 * Calls `onListening` when the port is open, and keeps it open until the signal: Ctrl-C is how this ends, and no failure.
 * Throws a SessionEndedError when the session ends.
 */
export async function holdForwarder(
  request: HoldRequest,
  tools: SshTools,
  onListening: (forwarder: Forwarder) => void | Promise<void>,
): Promise<void> {
  let watch: EndWatch | undefined;
  const onConnectionFailed = (error: unknown): void => void tellFailure(error, watch, tools);
  const onConnectionEnded = (): void => watch?.suspect();
  await using forwarder = await startAppForwarder(
    { ...request, place: forwardPlace(request.session, request.app), onConnectionFailed, onConnectionEnded },
    tools,
  );
  const app = request.app === sshApp ? '' : `${request.app} of `;
  tools.holdLogin?.(`forward of ${app}${request.session.name} on port ${forwarder.port}`);
  await onListening(forwarder);
  using watching = watchForEnd(request.session, tools);
  watch = watching;
  await Promise.race([untilEnd(forwarder, tools.signal), watching.ended]);
}

/** That the session has ended is told once, and not with each connection that it takes along. */
async function tellFailure(
  error: unknown,
  watch: EndWatch | undefined,
  { reporter }: SshTools,
): Promise<void> {
  if (await watch?.check()) return;
  const hint = error instanceof BaiError ? error.hint : undefined;
  reporter.warn(`a connection failed: ${error instanceof Error ? error.message : String(error)}`, hint);
}

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
