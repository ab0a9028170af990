/** A program of the tests as one file that node runs. */

import { basename, join } from 'node:path';
import { build } from 'esbuild';

/** The bundle goes into `folder`; its path is returned. */
export async function bundle(source: string, folder: string): Promise<string> {
  const outfile = join(folder, basename(source).replace(/\.ts$/, '.mjs'));
  await build({
    entryPoints: [source],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    external: ['*.node', 'cpu-features', 'bufferutil', 'utf-8-validate'],
    logLevel: 'error',
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url); const __dirname = import.meta.dirname; const __filename = import.meta.filename;",
    },
  });
  return outfile;
}
