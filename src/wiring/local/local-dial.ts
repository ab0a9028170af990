/** The way to the local manager: no connection is used before it has proved who listens there. */

import net from 'node:net';
import { readLocalState } from '../../config/local-state.ts';
import { findOwnPathsIfAny, localStatePath } from '../../config/paths.ts';
import type { Environment } from '../../context.ts';
import { type Settings, settingValue } from '../../core/settings/settings.ts';
import { LateStream } from '../../net/late-stream.ts';
import type { Dial } from '../../net/network.ts';
import { connectProven } from '../../providers/backend-ai/manager/local-proof.ts';

/**
 * For the endpoint and keys of the manager that was started here, wherever they are set: each connection begins with its proof.
 * Nothing for any other.
 */
export async function localDial(settings: Settings, environment: Environment): Promise<Dial | undefined> {
  const { endpoint, secretKey, token } = settings;
  const places = findOwnPathsIfAny(environment);
  const provider = settingValue(settings, 'provider');
  const state = places && (await readLocalState(localStatePath(places, provider)));
  if (state === undefined || state.endpoint !== endpoint.value) return undefined;
  const secret = state.secretKey || state.token;
  if (secret !== (state.secretKey === '' ? token.value : secretKey.value)) return undefined;
  const { hostname, port } = new URL(state.endpoint);
  return (target) => {
    // The SSH server of a session shows its host key instead.
    const isElsewhere = `${target.host}:${target.port}` !== `${hostname}:${port}`;
    if (isElsewhere) return net.connect({ ...target, noDelay: true });
    return new LateStream(async (signal) => {
      const { socket } = await connectProven({ ...target, secretKey: secret }, signal);
      return socket;
    });
  };
}
