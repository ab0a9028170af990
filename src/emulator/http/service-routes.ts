/** What leads to apps past the manager: the app proxy of the resource group, and the address of upload sessions. */

import type { AppProxy } from '../app-proxy/app-proxy.ts';
import { internalError, notFound, Problem } from '../model/problems.ts';
import { type Answer, ok } from '../server/answer.ts';
import type { Exchange, Machine, Route } from '../session/exchange.ts';
import { readParameters } from '../session/parameters.ts';
import { invalidPort, unknownApp } from './tunnel.ts';

/** `appProxy`: nothing where the resource group has none. */
export function serviceRoutes(machine: Machine, appProxy: AppProxy | undefined): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/scaling-groups/{}/wsproxy-version',
      handle: ({ captured }) => {
        if (captured[0] !== 'default')
          throw notFound('No such resource group.', captured[0] ?? '', 'resource-group_read_not-found');
        return ok({ wsproxy_version: appProxy === undefined ? 'v1' : 'v2' });
      },
    },
    {
      method: 'POST',
      path: '/session/{}/start-service',
      handle: (exchange) => startService(machine, appProxy, exchange),
    },
    {
      method: 'GET',
      path: '/session/{}/direct-access-info',
      handle: (exchange) => showDirectAccess(machine, exchange),
    },
  ];
}

function startService(
  { behaviour, sessions }: Machine,
  appProxy: AppProxy | undefined,
  exchange: Exchange,
): Answer {
  const parameters = readParameters(exchange, behaviour, 'body');
  const name = parameters.requiredText('app');
  const session = sessions.resolve(exchange.captured[0] ?? '', exchange.account, { ownOnly: true });
  if (appProxy === undefined) throw noCoordinator();
  const app = session.apps.find((each) => each.name === name);
  if (app === undefined) throw unknownApp(behaviour, session, name);
  const port = parameters.integer(app.containerPort, 'port');
  if (port !== app.containerPort) throw invalidPort(name, String(port));
  if (appProxy.options.refusesManager === true) throw internalError();
  return ok(appProxy.startService(session, app));
}

function noCoordinator(): Problem {
  return new Problem(503, {
    slug: 'service-unavailable',
    title: 'Serivce unavailable.',
    code: 'backendai_generic_unavailable',
    msg: 'No coordinator configured for this resource group',
  });
}

/** Only system sessions have an address of their own. */
function showDirectAccess({ sessions, behaviour }: Machine, exchange: Exchange): Answer {
  const session = sessions.resolve(exchange.captured[0] ?? '', exchange.account);
  if (session.spec.type !== 'system' || session.sshPort === undefined) return ok({});
  return ok({
    kernel_role: 'SYSTEM',
    ...(behaviour.atLeast('24.09') && { session_type: 'system' }),
    public_host: '127.0.0.1',
    sshd_ports: [session.sshPort],
  });
}
