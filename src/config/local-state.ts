/** The state file of the manager, or another platform's server, that `bai local up` started. */

import { dirname } from 'node:path';
import * as z from 'zod/mini';
import { parseJson } from '../core/text/json.ts';
import { removeFile } from '../files/held-files.ts';
import { type LockWait, withFileLock } from '../files/lock.ts';
import { makeOwnFolder, readOwnFile, replaceOwnFile } from '../files/own-file.ts';

const stateSchema = z.object({
  pid: z.number(),
  endpoint: z.string(),
  // What is below is empty where a platform has no such thing.
  accessKey: z._default(z.string(), ''),
  secretKey: z._default(z.string(), ''),
  token: z._default(z.string(), ''),
  release: z._default(z.string(), ''),
  consoleEndpoint: z._default(z.string(), ''),
  email: z._default(z.string(), ''),
  password: z._default(z.string(), ''),
});

type LocalState = z.infer<typeof stateSchema>;

/** Nothing when there is none, or when it is not what bai wrote. */
export async function readLocalState(path: string): Promise<LocalState | undefined> {
  const parsed = stateSchema.safeParse(parseJson((await readOwnFile(path)) ?? ''));
  return parsed.success ? parsed.data : undefined;
}

interface Claiming {
  readonly isRunning: (other: LocalState) => Promise<boolean>;
  readonly wait?: LockWait;
}

/** Whether the state is this one now: not where `isRunning` says that what is there belongs to a manager that lives. */
export async function claimLocalState(
  path: string,
  state: LocalState,
  { isRunning, wait }: Claiming,
): Promise<boolean> {
  await makeOwnFolder(dirname(path));
  return withFileLock(
    path,
    async () => {
      const other = await readLocalState(path);
      if (other !== undefined && (await isRunning(other))) return false;
      await replaceOwnFile(path, `${JSON.stringify(state, null, 2)}\n`);
      return true;
    },
    wait,
  );
}

/** That of another manager stays: two may start, or one end while another starts. */
export async function removeLocalState(path: string, pid: number): Promise<void> {
  if ((await readLocalState(path))?.pid !== pid) return;
  await withFileLock(path, async () => {
    if ((await readLocalState(path))?.pid === pid) await removeFile(path);
  });
}
