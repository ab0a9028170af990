/** The way to sessions that the settings name: the manager's tunnel, or a port that leads past it. */

import type { AllowFrom, WayIn } from '../../../core/allow-from.ts';
import type { Reporter } from '../../../core/reporter.ts';
import type {
  AccessOptions,
  Gateway,
  GatewayOptions,
  Provider,
  SshAccess,
} from '../../../core/session/provider.ts';
import type { ServicePort, SessionRef } from '../../../core/session/session.ts';
import { sshApp } from '../../../core/ssh/forwarder.ts';
import { UsageError } from '../../../errors.ts';
import { hiddenEndOf } from '../tunnel/behind-console.ts';
import { type TunnelParts, tunnelTo } from '../tunnel/session-tunnel.ts';
import { directGateway } from './direct-access.ts';
import { gatewayAccess } from './gateway-access.ts';
import { openGateway } from './open-gateway.ts';

export interface WayInParts extends TunnelParts {
  readonly via: WayIn;
  /** Whom ports are opened to; asks where nobody has said. */
  readonly allowFrom: () => Promise<AllowFrom>;
  readonly userAgent: string;
  readonly now: () => Date;
  readonly reporter: Pick<Reporter, 'interactive' | 'info' | 'wait'>;
}

interface SessionWay {
  /** See `Provider`. */
  readonly hidesEnds: boolean;
  access(
    session: SessionRef,
    options: AccessOptions,
  ): Promise<Pick<SshAccess, 'dial' | 'gateway' | 'hostKeyFrom'>>;
  readonly gateway?: NonNullable<NonNullable<Provider['apps']>['gateway']>;
}

export function wayIn(parts: WayInParts): SessionWay {
  const { via, client, network, answerMs } = parts;
  const channelTo = (session: SessionRef, { silenceMs }: AccessOptions) =>
    tunnelTo(parts, { session, app: sshApp, silenceMs });
  if (via === 'manager')
    return { hidesEnds: client.isConsole, access: async (session, options) => channelTo(session, options) };
  const open = gateways(parts);
  return {
    hidesEnds: via === 'proxy',
    async access(session, options) {
      const gateway = await open(session, sshApp, options);
      const channel = channelTo(session, options);
      const hiddenEnd = hiddenEndOf(client, session);
      return gatewayAccess({
        ...{ session, gateway, channel, network, answerMs, hiddenEnd },
        silenceMs: options.silenceMs,
      });
    },
    async gateway(session, app, options) {
      checkLeads(app, via);
      return await open(session, app.name, options);
    },
  };
}

function checkLeads({ name, protocol }: ServicePort, via: Exclude<WayIn, 'manager'>): void {
  const leads = via === 'proxy' ? protocol === 'tcp' : name === sshApp;
  if (leads) return;
  const which = via === 'proxy' ? 'apps that speak TCP by themselves, such as sshd' : 'sshd alone';
  throw new UsageError(`\`--via ${via}\` leads to ${which}, and not to ${name} (${protocol})`, {
    code: 'unsupported',
    hint: 'with `--via manager` `bai app forward` listens on this machine',
  });
}

type OpenPort = (session: SessionRef, app: string, options: GatewayOptions) => Promise<Gateway>;

/** Each is opened once in a run, and who may use it is said then. */
function gateways(parts: WayInParts): OpenPort {
  const opened = new Map<string, Promise<Gateway>>();
  return (session, app, options) => {
    const key = [session.id, app, options.port].join(' ');
    const opening = opened.get(key) ?? openAndTell(session, app, { ...parts, options });
    opened.set(key, opening);
    opening.catch(() => opened.delete(key));
    return opening;
  };
}

async function openAndTell(
  session: SessionRef,
  app: string,
  { options, ...parts }: WayInParts & { readonly options: GatewayOptions },
): Promise<Gateway> {
  const { signal, port } = options;
  if (parts.via === 'direct') return await directGateway(session, parts.client, signal);
  const wish = { session, app, port, signal, allowFrom: await parts.allowFrom() };
  const gateway = await openGateway(wish, parts);
  const { allowedFrom: from } = gateway;
  const whom = typeof from === 'string' ? 'everybody who can reach it' : (from?.join(', ') ?? '');
  parts.reporter.info(
    `port ${gateway.port} of ${gateway.host} leads to ${app} of session ${session.name}, and is open to ${whom} until the session ends`,
  );
  return gateway;
}
