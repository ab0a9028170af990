/** Bundles src/ into dist/: one small entry, each command and library in a chunk of its own. */

import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { writeLicenses } from './licenses.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { version } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));

// CommonJS libraries inside ES modules: ssh2 looks for these three when it is loaded.
const banner = [
  "import { createRequire as __createRequire } from 'node:module';",
  "import { fileURLToPath as __fileURLToPath } from 'node:url';",
  "import { dirname as __pathDirname } from 'node:path';",
  'const require = __createRequire(import.meta.url);',
  'const __filename = __fileURLToPath(import.meta.url);',
  'const __dirname = __pathDirname(__filename);',
].join('\n');

rmSync(`${root}/dist`, { recursive: true, force: true });
const result = await build({
  absWorkingDir: root,
  entryPoints: { cli: 'src/cli.ts', emulator: 'src/emulator/emulator.ts' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  minifySyntax: true,
  minifyWhitespace: true,
  keepNames: true,
  metafile: true,
  logLevel: 'warning',
  define: { BAI_VERSION: JSON.stringify(version) },
  // Native parts that the libraries do without when they are not there.
  external: ['*.node', 'cpu-features', 'utf-8-validate'],
  // Under this name ws asks for a masking faster than its own.
  alias: { bufferutil: './src/proxy/xor-mask.ts' },
  banner: { js: banner },
});
writeLicenses(root, result.metafile);

const help = execFileSync(process.execPath, [`${root}/dist/cli.js`, '--help'], {
  env: { ...process.env, COLUMNS: '80' },
});
writeFileSync(`${root}/dist/help.txt`, help);
