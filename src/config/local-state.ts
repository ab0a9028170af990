/** The state file of the manager that `bai local up` started. */

import { readFileSync } from 'node:fs';
import * as z from 'zod/mini';
import { systemCode } from '../errors.ts';

const stateSchema = z.object({
  pid: z.number(),
  endpoint: z.string(),
  accessKey: z.string(),
  secretKey: z.string(),
  release: z.string(),
});

export type LocalState = z.infer<typeof stateSchema>;

/** Nothing when there is none, or when it is not what bai wrote. */
export function readLocalState(path: string): LocalState | undefined {
  try {
    const parsed = stateSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
