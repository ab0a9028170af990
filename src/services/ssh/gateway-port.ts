/** A port of a gateway, which other machines can use: what is wished of it, and what is told there. */

import type { Gateway } from '../../core/session/provider.ts';
import type { HostKey } from '../../core/ssh/client-commands.ts';
import { commandsElsewhere, type ReadyCommands, type SshTarget } from '../../core/ssh/ssh-command.ts';
import { ConflictError } from '../../errors.ts';
import type { ClientTools } from './client-help.ts';
import type { PreparedSsh } from './prepare-ssh.ts';
import type { SshTools } from './ssh-tools.ts';
import type { PortPreference } from './start-app-forwarder.ts';

export interface SshElsewhere {
  /** The key file stands in them by its name alone. */
  readonly commands: Omit<ReadyCommands, 'rsync'>;
  readonly hostKeys: readonly HostKey[];
  /** Lines for known_hosts; with them nobody is asked whether the host key is right. */
  readonly knownHosts: readonly string[];
}

/** Ways in of these tools end at this port, where the gateway can have it. */
export function withPort<T extends SshTools>(port: number | undefined, tools: T): T {
  return { ...tools, access: (session, options) => tools.access(session, { ...options, port }) };
}

/** A gateway has one port for a session, app and addresses, whatever is wished later. */
export function checkPort(
  { port, host }: Gateway,
  wish: PortPreference,
  { reporter }: Pick<SshTools, 'reporter'>,
): void {
  if (wish.port === undefined || wish.port === port) return;
  const what = `port ${wish.port} was not opened: port ${port} of ${host} leads there`;
  if (wish.strictPort)
    throw new ConflictError(what, { code: 'gateway-port-taken', hint: 'leave out --port' });
  reporter.warn(what);
}

export async function sshElsewhere(
  { access }: PreparedSsh,
  target: SshTarget,
  tools: ClientTools & { readonly home: string },
): Promise<SshElsewhere> {
  const blobs = await tools.knownHosts.pinned(access.hostKeyAlias);
  const name = target.port === 22 ? target.host : `[${target.host}]:${target.port}`;
  const hostKeys = blobs.map((blob) => tools.hostKey(blob));
  const knownHosts = blobs.map(
    (blob) => `${name} ${tools.hostKey(blob).type} ${Buffer.from(blob).toString('base64')}`,
  );
  return { commands: commandsElsewhere(target, tools.home, tools.shell), hostKeys, knownHosts };
}
