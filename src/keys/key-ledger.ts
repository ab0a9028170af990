/** Remembers which key files bai wrote, by path and fingerprint: only those may be replaced unasked. */

import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as z from 'zod/mini';
import { parseJson } from '../core/json.ts';
import { systemCode } from '../errors.ts';

export interface KeyLedger {
  /** Whether bai wrote this key to this path. */
  wrote(path: string, fingerprint: string): Promise<boolean>;
  record(path: string, fingerprint: string, sessionId: string): Promise<void>;
}

const entrySchema = z.object({ path: z.string(), fingerprint: z.string(), sessionId: z.string() });

/** One line of JSON a key, the last one of a path counts: commands that append at the same time lose nothing. */
export function openKeyLedger(ledgerPath: string): KeyLedger {
  return {
    async wrote(path, fingerprint) {
      const entries = (await readEntries(ledgerPath)).filter((entry) => entry.path === path);
      return entries.at(-1)?.fingerprint === fingerprint;
    },
    async record(path, fingerprint, sessionId) {
      await mkdir(dirname(ledgerPath), { recursive: true, mode: 0o700 });
      // The line break in front ends a line that a crash may have left half written.
      const line = `\n${JSON.stringify({ path, fingerprint, sessionId })}\n`;
      await appendFile(ledgerPath, line, { mode: 0o600 });
    },
  };
}

/** A ledger that is lost or broken only means that bai asks before it replaces a file. */
async function readEntries(ledgerPath: string): Promise<z.infer<typeof entrySchema>[]> {
  let text: string;
  try {
    text = await readFile(ledgerPath, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
  return text.split('\n').flatMap((line) => {
    const parsed = entrySchema.safeParse(parseJson(line));
    return parsed.success ? [parsed.data] : [];
  });
}
