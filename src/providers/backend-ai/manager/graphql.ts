/** Questions in GraphQL, which managers answer with 200 whatever comes of them. */

import type * as z from 'zod/mini';
import { plainWords } from '../../../core/text/plain-words.ts';
import { BaiError, ProtocolError } from '../../../errors.ts';
import type { Call, ManagerClient } from './client.ts';
import { checkIsManager } from './manager-name.ts';
import { graphqlSchema } from './schema.ts';

export interface GraphqlCall {
  readonly what: string;
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
  /** See `Call`. */
  readonly isAside?: boolean;
}

/** What `field` of the answer holds, checked. */
export async function graphql<S extends z.ZodMiniType>(
  client: ManagerClient,
  { what, query, variables, signal, isAside = false }: GraphqlCall,
  field: string,
  expected: S,
): Promise<z.infer<S>> {
  const call: Call = {
    what,
    method: 'POST',
    path: 'admin/gql',
    body: { query, variables },
    readsOnly: true,
    isAside,
    signal,
  };
  const answer = await client.json(call, graphqlSchema);
  const parsed = expected.safeParse(answer.data?.[field]);
  if (parsed.success && !answer.errors?.length) return parsed.data;
  const said = answer.errors?.map((error) => plainWords(error.message)).join('; ') ?? '';
  if (answer.errors?.length) {
    throw new BaiError(`cannot ${what}: ${said}`, {
      code: 'query-refused',
      hint: 'the manager refused the question: it may be for administrators, or a word in it is unknown to this release',
      details: { errors: said },
    });
  }
  throw new ProtocolError(`cannot ${what}: the manager's answer does not have the expected form`, {
    hint: checkIsManager,
    cause: parsed.error,
  });
}
