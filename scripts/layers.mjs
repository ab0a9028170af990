/**
 * Puts chunks that are always loaded together into one file each. esbuild makes a chunk of each set of modules that some commands
 * share and others do not, a hundred of them for `bai ssh`, and Node takes half a millisecond of processor time to find each.
 */

import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';

/** By the sources that `import()` loads. A layer has what they import, too, but for what is in a layer above it. */
const layers = {
  start: [
    'src/cli.ts',
    'src/output/reporter.ts',
    'src/wiring/lock-wait.ts',
    'src/wiring/profiles/profile-name.ts',
    'src/wiring/profiles/profile-tools.ts',
  ],
  platform: [
    'src/core/settings/profiles.ts',
    'src/wiring/settings.ts',
    'src/wiring/asking.ts',
    'src/wiring/backend-ai.ts',
    'src/config/env-file.ts',
    'src/config/yes-or-no.ts',
    'src/services/keys/list-keys.ts',
    'src/services/session/manage-sessions.ts',
    'src/services/sftp/sftp-list.ts',
  ],
  session: ['src/wiring/apps.ts'],
};

/**
 * Writes the chunks in `from`, described by esbuild's `outputs`, into `to`; those that came out, with their imports. `entries` are
 * sources, which keep files of their own: they await what they load, and what they load must not wait for them.
 */
export async function mergeLayers(outputs, { from, to, entries }) {
  const { rolldown } = await import('rolldown');
  const bundle = await rolldown({
    input: entries.map((source) => join(from, chunkOf(outputs, source))),
    platform: 'node',
    external: [/^node:/, /\.node$/, 'cpu-features', 'utf-8-validate'],
    treeshake: false,
  });
  const { output } = await bundle.write({
    dir: to,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
    codeSplitting: {
      groups: Object.entries(layers).map(([name, sources], index, { length }) => {
        const roots = new Set(sources.flatMap((source) => rootsOf(outputs, source, entries)));
        return { name, priority: length - index, test: (id) => roots.has(basename(id)) };
      }),
    },
  });
  rmSync(from, { recursive: true });
  return output.filter(({ type }) => type === 'chunk');
}

/** Of an entry, what it imports: it keeps a file of its own. */
function rootsOf(outputs, source, entries) {
  const chunk = chunkOf(outputs, source);
  if (!entries.includes(source)) return [chunk];
  const [, { imports }] = Object.entries(outputs).find(([path]) => basename(path) === chunk);
  return imports.filter(({ kind }) => kind === 'import-statement').map(({ path }) => basename(path));
}

function chunkOf(outputs, source) {
  const found = Object.keys(outputs).find((path) => outputs[path].entryPoint === source);
  if (found === undefined) throw new Error(`no import() loads ${source}, which scripts/layers.mjs names`);
  return basename(found);
}
