/** What `bai doctor` looks at on the way to UCloud. */

import { type Checkup, signInStage } from '../../core/doctor/stages.ts';
import type { SignedIn } from '../../core/session/sign-in.ts';
import { urlBelow } from '../../net/answer.ts';
import type { Network } from '../../net/network.ts';
import { serverStages } from '../../net/server-stages.ts';
import { ucloud } from './server-name.ts';

interface CheckupParts {
  readonly endpoint: URL;
  readonly network: Network;
  readonly userAgent: string;
  readonly now: () => Date;
  readonly signedInAs: (signal: AbortSignal) => Promise<SignedIn>;
}

export function checkupOf({ endpoint, signedInAs, ...parts }: CheckupParts): Checkup {
  const hello = (at: URL): URL => urlBelow(at, 'auth/users/userInfo');
  const signIn = signInStage(signedInAs, { needs: ['clock'] });
  const server = { ...parts, endpoints: [endpoint], server: ucloud, hello };
  return { stages: [...serverStages(server), signIn], way: 'dial' };
}
