/** Remembers which key files bai wrote, by path and fingerprint: only those may be replaced unasked. */

import { readFile } from 'node:fs/promises';
import * as z from 'zod/mini';
import { systemCode } from '../errors.ts';
import { writeKeyFile } from './key-file.ts';

export interface KeyLedger {
  /** Whether bai wrote this key to this path. */
  wrote(path: string, fingerprint: string): Promise<boolean>;
  record(path: string, fingerprint: string, sessionId: string): Promise<void>;
}

const ledgerSchema = z.record(z.string(), z.object({ fingerprint: z.string(), sessionId: z.string() }));

export function openKeyLedger(path: string): KeyLedger {
  return {
    wrote: async (keyPath, fingerprint) => (await read(path))[keyPath]?.fingerprint === fingerprint,
    async record(keyPath, fingerprint, sessionId) {
      const entries = { ...(await read(path)), [keyPath]: { fingerprint, sessionId } };
      await writeKeyFile(path, `${JSON.stringify(entries, null, 2)}\n`);
    },
  };
}

/** A ledger that is lost or broken only means that bai asks before it replaces a file. */
async function read(path: string): Promise<z.infer<typeof ledgerSchema>> {
  try {
    const parsed = ledgerSchema.safeParse(JSON.parse(await readFile(path, 'utf8')));
    return parsed.success ? parsed.data : {};
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || error instanceof SyntaxError) return {};
    throw error;
  }
}
