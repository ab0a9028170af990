/** Whether a web console or a manager's API stands at an address. */

import * as z from 'zod/mini';
import type { RecognisedPlace, SignInWay } from '../../../core/session/sign-in.ts';
import { parseJson } from '../../../core/text/json.ts';
import { type Peeked, type PeekParts, peek } from '../../../net/peek.ts';
import { webConsole } from './console-calls.ts';

const helloSchema = z.object({ version: z.string(), manager: z.optional(z.string()) });

/** Of a console the manager's own hello is below `/func`; at the top it has a page for browsers. */
export async function recogniseBackendAi(
  address: URL,
  parts: PeekParts,
): Promise<RecognisedPlace | undefined> {
  const [throughConsole, direct] = await Promise.all([
    peek(address, 'func/', parts),
    peek(address, '', parts),
  ]);
  return (
    placeOf('password', webConsole.kind, throughConsole) ??
    placeOf('keypair', "a Backend.AI manager's API", direct)
  );
}

function placeOf(way: SignInWay, kind: string, { status, body }: Peeked): RecognisedPlace | undefined {
  const release = releaseIn(body);
  if (status !== 200 || release === undefined) return undefined;
  return { way, description: release === '' ? kind : `${kind} (${release})` };
}

function releaseIn(body: string): string | undefined {
  const hello = helloSchema.safeParse(parseJson(body));
  // It is shown, and is a release or nothing.
  return hello.success ? (/^[\w.+-]{1,32}$/.exec(hello.data.manager ?? '')?.[0] ?? '') : undefined;
}
