/** How this very bai is started once more, by itself or by ssh. */

import { fileURLToPath } from 'node:url';

/** Whether the build has put everything into one executable; not there in tests, which run the sources. */
declare const BAI_SINGLE: boolean | undefined;

const isSingle = typeof BAI_SINGLE !== 'undefined' && BAI_SINGLE;

/** Its program, and what stands before bai's own words. */
export function ownProgram(): readonly [program: string, ...before: string[]] {
  if (isSingle) return [process.execPath];
  const launcher = fileURLToPath(new URL('../bin/bai.cjs', import.meta.url));
  // Deno asks for each permission unless it is told before.
  const words = process.versions['deno'] === undefined ? [] : ['run', '-A'];
  return [process.execPath, ...words, launcher];
}

/** The words of this command, as they were typed. */
export function ownWords(): readonly string[] {
  return process.argv.slice(2);
}
