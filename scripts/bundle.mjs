/** How bai is bundled: for a build, and for tests that bundle it with another entry. */

import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const globalProcess = './scripts/global-process.mjs';

// CommonJS libraries inside ES modules: ssh2 looks for these three when it is loaded.
const banner = [
  "import { createRequire as __createRequire } from 'node:module';",
  "import { fileURLToPath as __fileURLToPath } from 'node:url';",
  "import { dirname as __pathDirname } from 'node:path';",
  'const require = __createRequire(import.meta.url);',
  'const __filename = __fileURLToPath(import.meta.url);',
  'const __dirname = __pathDirname(__filename);',
].join('\n');

/** For esbuild, but for the entries and the folder. */
export function bundleOptions(version) {
  return {
    absWorkingDir: root,
    entryNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: true,
    logLevel: 'warning',
    define: { BAI_VERSION: JSON.stringify(version) },
    // Native parts that the libraries do without when they are not there.
    external: ['*.node', 'cpu-features', 'utf-8-validate'],
    alias: {
      // Under this name ws asks for a masking faster than its own.
      bufferutil: './src/providers/backend-ai/tunnel/xor-mask.ts',
      // Which opens the streams that bai shares with others.
      'node:process': globalProcess,
      process: globalProcess,
    },
    banner: { js: banner },
  };
}
