/** Whether a web console or a manager's API stands at an address. */

import * as z from 'zod/mini';
import type { SignInPlace } from '../../../core/session/sign-in.ts';
import { parseJson } from '../../../core/text/json.ts';
import { type PeekParts, peek } from '../../../net/peek.ts';
import { webConsole } from './console-calls.ts';

const helloSchema = z.object({ version: z.string(), manager: z.optional(z.string()) });

/** Of a console the manager's own hello is below `/func`; at the top it has a page for browsers. */
export async function recogniseBackendAi(address: URL, parts: PeekParts): Promise<SignInPlace | undefined> {
  const [throughConsole, direct] = await Promise.all([
    peek(address, 'func/', parts),
    peek(address, '', parts),
  ]);
  const endpoint = address.href.replace(/\/+$/, '');
  const place = (way: SignInPlace['way'], kind: string, release: string): SignInPlace => ({
    ...{ endpoint, provider: 'backend.ai', way },
    description: release === '' ? kind : `${kind} (${release})`,
  });
  const release = releaseIn(throughConsole.body);
  if (throughConsole.status === 200 && release !== undefined)
    return place('password', webConsole.kind, release);
  const own = releaseIn(direct.body);
  if (direct.status === 200 && own !== undefined) return place('keypair', "a Backend.AI manager's API", own);
  return undefined;
}

function releaseIn(body: string): string | undefined {
  const hello = helloSchema.safeParse(parseJson(body));
  // It is shown, and is a release or nothing.
  return hello.success ? (/^[\w.+-]{1,32}$/.exec(hello.data.manager ?? '')?.[0] ?? '') : undefined;
}
