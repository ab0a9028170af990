/** What `bai doctor` looks at on the way to a manager, or to the web console before it. */

import type { WayIn } from '../../core/allow-from.ts';
import { type Checkup, type Stage, signInStage } from '../../core/doctor/stages.ts';
import { urlBelow } from '../../net/answer.ts';
import type { Network } from '../../net/network.ts';
import { serverStages } from '../../net/server-stages.ts';
import { signedInAs } from './manager/account.ts';
import type { ManagerClient } from './manager/client.ts';
import { manager } from './manager/manager-name.ts';

interface CheckupParts {
  readonly client: ManagerClient;
  readonly network: Network;
  readonly endpoints: readonly URL[];
  readonly userAgent: string;
  readonly now: () => Date;
  readonly via: WayIn;
}

/** How long a signature is valid. A login at a console carries no time. */
const signedForMs = 15 * 60_000;

export function checkupOf({ client, via, ...parts }: CheckupParts): Checkup {
  const { isConsole } = client;
  const hello = (endpoint: URL): URL => urlBelow(endpoint, isConsole ? 'func/' : '');
  const windowMs = isConsole ? undefined : signedForMs;
  const release: Stage = {
    ...{ name: 'release', needs: ['tls'] },
    async run(signal) {
      const { text, api } = await client.release(signal);
      const through = isConsole ? ', through its web console' : '';
      return { seen: `Backend.AI ${text} (API ${api})${through}`, facts: { release: text, api } };
    },
  };
  const signIn = signInStage((signal) => signedInAs(client, signal), {
    needs: ['release', 'clock'],
    mayAsk: true,
  });
  return {
    stages: [...serverStages({ ...parts, server: manager, hello, windowMs }), release, signIn],
    way: via === 'manager' ? 'upgrade' : 'dial',
  };
}
