/** Forwards that a logout has ended know only of a signal. */

import type { ForwardsTools } from './forward-store.ts';
import { endedBySignal } from './serve-forward.ts';

export async function noteLogout(
  pids: readonly number[],
  { store }: Pick<ForwardsTools, 'store'>,
): Promise<void> {
  const { host } = await store.owner();
  await store.alone(async () => {
    for (const record of await store.records()) {
      const { owner, ended } = record;
      const isMeant = ended?.reason === endedBySignal && owner.host === host && pids.includes(owner.pid);
      if (isMeant) await store.write({ ...record, ended: { ...ended, reason: 'ended by `bai logout`' } });
    }
  });
}
