/** The first host key of a session: pinned at once where the platform vouches for the way in, else only when somebody says so. */

import type { SshAccess } from '../../core/session/provider.ts';
import type { SessionRef } from '../../core/session/session.ts';
import { typed } from '../../core/text/typed.ts';
import { BaiError, ConflictError } from '../../errors.ts';
import type { SshTools } from './ssh-tools.ts';
import { verifyHostKey } from './verify-host-key.ts';

interface LearntFrom {
  readonly access: SshAccess;
  readonly session: SessionRef;
  readonly signal: AbortSignal;
}

/**
 * Pins the key that the server shows, through a connection of its own: a question must not count against the time for a login.
 * Does nothing for a session that has a pin.
 */
export async function learnHostKey({ access, session, signal }: LearntFrom, tools: SshTools): Promise<void> {
  const { knownHosts, client } = tools;
  if ((await knownHosts.pinned(access.hostKeyAlias)).length > 0) return;
  const stream = await (access.hostKeyFrom ?? access).dial(signal);
  const hostKey = await client.fetchHostKey(stream, session.name, signal);
  if (access.hostKeyTrust === 'first-use') await confirm(hostKey, session, tools);
  await verifyHostKey({ access, session, hostKey }, tools);
}

async function confirm(hostKey: Uint8Array, { name }: SessionRef, tools: SshTools): Promise<void> {
  const { settings, knownHosts, reporter, ask, provider } = tools;
  const { fingerprint, type } = knownHosts.describe(hostKey);
  const shown = `${type} ${fingerprint}`;
  if (settings.acceptedHostKey !== undefined) {
    if (settings.acceptedHostKey === fingerprint) return;
    throw new ConflictError(
      `session ${name} shows another host key than the one that was accepted: ${shown}`,
      {
        code: 'host-key-not-confirmed',
        hint: 'nothing was sent. Somebody may be intercepting the connection; or the fingerprint is that of another session',
        details: { offered: fingerprint, accepted: settings.acceptedHostKey },
      },
    );
  }
  if (settings.hostKeyChecking === 'accept-new') {
    reporter.info(`the host key of session ${name} is accepted unchecked: ${shown}`);
    return;
  }
  if (ask === undefined) throw notConfirmed(name, shown, tools);
  using _terminal = reporter.yieldTerminal();
  reporter.info(
    `session ${name} is seen for the first time, and ${provider.title} does not vouch for its host key:`,
  );
  reporter.info(`  ${shown}`);
  if (await ask('Connect, and accept no other key from now on?')) return;
  throw new BaiError(`the host key of session ${name} was not accepted; nothing was sent`, {
    code: 'declined',
  });
}

function notConfirmed(name: string, shown: string, { provider }: SshTools): ConflictError {
  return new ConflictError(
    `${provider.title} does not vouch for the host key of session ${name}, and there is no terminal to ask on: ${shown}`,
    {
      code: 'host-key-not-confirmed',
      hint: `log in once on a terminal with \`${typed(['bai', 'ssh', name])}\`, or give its fingerprint: BAI_ACCEPT_HOST_KEY=SHA256:…, or --accept-host-key of \`bai ssh\`; the setting hostKeyChecking=accept-new takes the first key of each session unchecked`,
    },
  );
}
