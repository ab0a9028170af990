/** The way to the local manager: no connection is used before it has proved who listens there. */

import { readLocalState } from '../config/local-state.ts';
import { findOwnPathsIfAny } from '../config/paths.ts';
import type { Environment } from '../context.ts';
import type { Settings } from '../core/settings/settings.ts';
import { LateStream } from '../net/late-stream.ts';
import type { Dial } from '../net/network.ts';
import { connectProven } from '../providers/backend-ai/manager/local-proof.ts';

/**
 * For the endpoint and keys of the manager that was started here, wherever they are set: each connection begins with its proof.
 * Nothing for any other.
 */
export async function localDial(settings: Settings, environment: Environment): Promise<Dial | undefined> {
  const { endpoint, secretKey } = settings;
  const places = findOwnPathsIfAny(environment);
  const state = places === undefined ? undefined : await readLocalState(places.localManager);
  const isLocal = state?.endpoint === endpoint.value && state?.secretKey === secretKey.value;
  if (state === undefined || !isLocal) return undefined;
  return (target) =>
    new LateStream(async (signal) => {
      const { socket } = await connectProven({ ...target, secretKey: state.secretKey }, signal);
      return socket;
    });
}
