/** A tunnel to one app of a session, out of the manager's client and network. */

import type { Reporter } from '../core/reporter.ts';
import type { SessionRef } from '../core/session/session.ts';
import type { Tunnel } from '../core/ssh/ssh-access.ts';
import { createManagerTunnel } from '../providers/backend-ai/manager-tunnel.ts';
import { streamReference, tunnelsEndWithoutCloseFrame } from '../providers/backend-ai/release.ts';
import type { ManagerAccess } from './manager.ts';

export interface TunnelEnds {
  readonly session: SessionRef;
  readonly app: string;
  /** When nothing was heard for so long, the line is dead. */
  readonly silenceMs?: number | undefined;
  /** Where it is told on a terminal that the app lets itself be waited for. */
  readonly reporter: Reporter;
}

export function tunnelTo(manager: ManagerAccess, { session, app, silenceMs, reporter }: TunnelEnds): Tunnel {
  const { client, network, answerMs } = manager;
  const label = `${app} of session ${session.name}`;
  const tunnel = createManagerTunnel({
    label,
    session: session.name,
    greets: app === 'sshd',
    upgradeLimitMs: answerMs,
    patienceMs: answerMs / 2,
    silenceMs,
    onWait: reporter.interactive ? (message) => reporter.info(message) : undefined,
    onGivenUp: (closed) => network.closeAfter(closed),
    agentFor: (url, takesOver) => network.upgradeAgentFor(url, takesOver),
    endsWithoutCloseFrame: async (signal) => tunnelsEndWithoutCloseFrame(await client.release(signal)),
    async sign(signal) {
      const reference = encodeURIComponent(streamReference(await client.release(signal), session));
      return client.signUpgrade(`stream/session/${reference}/tcpproxy`, { app }, signal);
    },
    explain: (error, response, signal) =>
      client.explainUpgrade({ what: `reach ${app} of session ${session.name}`, error, response, signal }),
  });
  return {
    async dial(signal) {
      using _shown = reporter.wait(`waiting for the ${label}`, answerMs);
      return await tunnel.dial(signal);
    },
  };
}
