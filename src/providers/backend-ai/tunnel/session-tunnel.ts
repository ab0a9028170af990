/** A tunnel to one app of a session, out of the manager's client and network. */

import type { Reporter } from '../../../core/reporter.ts';
import type { Tunnel } from '../../../core/session/provider.ts';
import type { SessionRef } from '../../../core/session/session.ts';
import type { Network } from '../../../net/network.ts';
import type { ManagerClient } from '../manager/client.ts';
import { isProblem } from '../manager/problem.ts';
import { isSameRelease, streamReference, tunnelsEndWithoutCloseFrame } from '../manager/release.ts';
import { explainBadGateway, hiddenEndOf } from './behind-console.ts';
import type { ManagerTunnelOptions } from './manager-tunnel.ts';

export interface TunnelParts {
  readonly client: ManagerClient;
  readonly network: Network;
  /** How long a tunnel may take, and what is at its end. */
  readonly answerMs: number;
  /** Where it is told on a terminal that the app lets itself be waited for. */
  readonly reporter: Pick<Reporter, 'interactive' | 'info' | 'wait'>;
}

interface TunnelEnds {
  readonly session: SessionRef;
  readonly app: string;
  /** When nothing was heard for so long, the line is dead. */
  readonly silenceMs?: number | undefined;
}

export function tunnelTo(parts: TunnelParts, { session, app, silenceMs }: TunnelEnds): Tunnel {
  const { client, network, answerMs, reporter } = parts;
  const label = `${app} of session ${session.name}`;
  const options: ManagerTunnelOptions = {
    label,
    session: session.name,
    greets: app === 'sshd',
    upgradeLimitMs: answerMs,
    patienceMs: answerMs / 2,
    silenceMs,
    onWait: reporter.interactive ? (message) => reporter.info(message) : undefined,
    onGivenUp: (closed) => network.closeAfter(closed),
    agentFor: (url, takesOver) => network.upgradeAgentFor(url, takesOver),
    async sign(signal) {
      const release = await client.likelyRelease(signal);
      const reference = encodeURIComponent(streamReference(release, session));
      const signed = await client.signUpgrade(`stream/session/${reference}/tcpproxy`, { app }, signal);
      const isRight = client.release(signal).then((told) => isSameRelease(told, release));
      isRight.catch(() => {});
      return { ...signed, isRight, endsWithoutCloseFrame: tunnelsEndWithoutCloseFrame(release) };
    },
    hiddenEnd: client.isConsole ? hiddenEndOf(client, session) : undefined,
    async explain(failure, signal) {
      const what = `reach ${app} of session ${session.name}`;
      const reason = await client.explainUpgrade({ ...failure, what, signal });
      const isVague = client.isConsole && isProblem(reason) && reason.cause.status === 502;
      return isVague ? explainBadGateway(reason, { client, session, app, signal }) : reason;
    },
  };
  // What only lists or describes sessions does not pay for WebSockets; it is there before a dial needs it.
  const loaded = import('./manager-tunnel.ts').then((it) => it.createManagerTunnel(options));
  return {
    async dial(signal) {
      using _shown = reporter.wait(`waiting for the ${label}`, answerMs);
      return await (await loaded).dial(signal);
    },
  };
}
