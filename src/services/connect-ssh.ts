/** `bai app ssh`: a forwarder in this process, and the system's ssh through it. */

import { sshArguments } from '../core/ssh-command.ts';
import type { AppDeps } from './app-deps.ts';
import { openRunningSession } from './open-session.ts';
import { prepareSsh } from './prepare-ssh.ts';
import { type PortWish, startAppForwarder } from './start-app-forwarder.ts';

export interface ConnectSshRequest extends PortWish {
  readonly session: string;
  /** For ssh itself: its options, then a command. */
  readonly sshArguments: readonly string[];
}

export interface ConnectSshDeps extends AppDeps {
  runSsh(args: readonly string[]): Promise<number>;
  /** While ssh has the terminal, Ctrl-C is for what runs inside it. */
  readonly leaveInterruptsToChild: () => Disposable;
}

/** ssh's exit status: that of the remote command, 255 when the connection failed. */
export async function connectSsh(request: ConnectSshRequest, deps: ConnectSshDeps): Promise<number> {
  const failures: unknown[] = [];
  const busy = deps.reporter.busy(`connecting to ${request.session}`);
  try {
    const session = await openRunningSession(request.session, deps);
    const ready = await prepareSsh(session, deps);
    await using forwarder = await startAppForwarder(
      { ...request, tunnel: ready.tunnel, onConnectionFailed: (error) => void failures.push(error) },
      deps,
    );
    const target = {
      ...forwarderAddress(forwarder),
      user: deps.settings.user,
      identityFile: ready.identityFile,
      knownHosts: deps.knownHosts.path,
      hostKeyAlias: ready.hostKeyAlias,
      nullDevice: deps.nullDevice,
    };
    busy.stop();
    using _interrupts = deps.leaveInterruptsToChild();
    return await deps.runSsh(sshArguments(target, request.sshArguments));
  } finally {
    busy.stop();
    // Not while ssh has the terminal: the lines would land in the middle of the user's screen.
    for (const failure of failures) deps.reporter.warn(describe(failure));
  }
}

function forwarderAddress({ host, port }: { host: string; port: number }): { host: string; port: number } {
  return { host, port };
}

function describe(failure: unknown): string {
  return `the tunnel failed: ${failure instanceof Error ? failure.message : String(failure)}`;
}
