/** Names that a platform was asked for a moment ago, for Tab in a shell: a small file for each question. */

import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { parseJson } from '../core/text/json.ts';
import { removeFile } from '../files/held-files.ts';
import { readOwnFile, replaceOwnFile } from '../files/own-file.ts';
import { unlessRefused } from './unless-refused.ts';

const mostNames = 2_000;
const mostCharacters = 500;
const mostFiles = 200;
const keptMs = 24 * 60 * 60_000;

const fileSchema = z.object({
  version: z.literal(1),
  question: z.string(),
  at: z.number(),
  names: z.array(z.string().check(z.maxLength(mostCharacters))).check(z.maxLength(mostNames)),
});

interface KnownNames {
  readonly names: readonly string[];
  /** Milliseconds since they were asked for. */
  readonly ageMs: number;
}

export interface NameCache {
  /** Nothing when they are not known, or are of the future by this clock. */
  read(): Promise<KnownNames | undefined>;
  write(names: readonly string[]): Promise<void>;
}

/** `question` is what no other one is called: server, account, kind. */
export function openNameCache(folder: string, question: string, now: () => number): NameCache {
  const path = join(folder, `${createHash('sha256').update(question).digest('hex').slice(0, 32)}.json`);
  return {
    async read() {
      const text = await unlessRefused(readOwnFile(path));
      const parsed = fileSchema.safeParse(text === undefined ? undefined : parseJson(text));
      if (!parsed.success || parsed.data.question !== question) return undefined;
      const ageMs = now() - parsed.data.at;
      return ageMs < 0 || ageMs > keptMs ? undefined : { names: parsed.data.names, ageMs };
    },
    async write(names) {
      const short = names.filter((name) => name.length <= mostCharacters).slice(0, mostNames);
      await unlessRefused(
        replaceOwnFile(path, `${JSON.stringify({ version: 1, question, at: now(), names: short })}\n`),
      );
      await unlessRefused(removeOld(folder, now()));
    },
  };
}

/** Each folder of a session that somebody completed has a file. */
async function removeOld(folder: string, now: number): Promise<void> {
  const files = (await readdir(folder)).filter((name) => /^[\da-f]{32}\.json$/.test(name));
  const aged = await Promise.all(
    files.map(async (name) => ({ name, time: (await stat(join(folder, name))).mtimeMs })),
  );
  const kept = aged.toSorted((a, b) => b.time - a.time).slice(0, mostFiles);
  for (const { name, time } of aged)
    if (now - time > keptMs || !kept.some((each) => each.name === name)) await removeFile(join(folder, name));
}
