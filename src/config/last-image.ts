/** What the newest session was made from: one small file for each server, by its address. */

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import * as z from 'zod/mini';
import type { LastImage } from '../core/session/last-image.ts';
import { parseJson } from '../core/text/json.ts';
import { readOwnFile, replaceOwnFile } from '../files/own-file.ts';
import { unlessRefused } from './unless-refused.ts';

/** Longer than any name of an image. */
const mostCharacters = 1_000;

const fileSchema = z.object({
  version: z.literal(1),
  server: z.string(),
  image: z.string().check(z.minLength(1), z.maxLength(mostCharacters)),
});

/** `server` is what no other one is called. */
export function openLastImage(folder: string, server: string): LastImage {
  const path = join(folder, `${createHash('sha256').update(server).digest('hex').slice(0, 32)}.json`);
  return {
    async read() {
      const text = await unlessRefused(readOwnFile(path));
      const parsed = fileSchema.safeParse(text === undefined ? undefined : parseJson(text));
      return parsed.success && parsed.data.server === server ? parsed.data.image : undefined;
    },
    async write(image) {
      if (image === '' || image.length > mostCharacters) return;
      await unlessRefused(replaceOwnFile(path, `${JSON.stringify({ version: 1, server, image })}\n`));
    },
  };
}
