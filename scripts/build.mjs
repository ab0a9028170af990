/**
 * `npm run build`: bundles src/ into dist/, one small entry, each command and library in a chunk of its own.
 *
 *     --force   also when nothing has changed since the last build
 *     --clean   nothing but this build in dist/ afterwards, as a package needs it
 *
 * A bai that runs meanwhile is not disturbed. Everything is made in a folder beside and then renamed into place: chunks
 * first, which are named by their content, the entry last. Chunks of earlier builds stay for a day, since a running bai
 * loads some of them only when it needs them.
 */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bundleOptions } from './bundle.mjs';
import { mergeLayers } from './layers.mjs';
import { licensesOf } from './licenses.mjs';
import { withLock } from './lock.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
/** What the last build was made from, and what it consists of. */
const recordPath = join(dist, '.build.json');
const licensesPath = join(root, 'THIRD-PARTY-LICENSES.txt');
const keptMs = 24 * 60 * 60_000;

const { values: options } = parseArgs({
  options: { force: { type: 'boolean', default: false }, clean: { type: 'boolean', default: false } },
});
await withLock(join(dist, '.lock'), buildUnlessCurrent);

async function buildUnlessCurrent() {
  const digest = digestOfInputs();
  const before = readRecord();
  if (!options.force && !options.clean && isCurrent(before, digest)) return;
  const scratch = join(dist, `.new-${process.pid}`);
  try {
    const licenses = await bundle(scratch);
    renderHelp(scratch);
    const files = readdirSync(scratch);
    place(scratch, files);
    replace(licensesPath, licenses);
    retire(before?.files ?? [], files);
    replace(recordPath, JSON.stringify({ digest, files }));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Of everything that decides what comes out, by content: a checkout or a merge gives files new times. */
function digestOfInputs() {
  const sources = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const others = [
    ...[
      'scripts/build.mjs',
      'scripts/bundle.mjs',
      'scripts/global-process.mjs',
      'scripts/layers.mjs',
      'scripts/licenses.mjs',
      'package.json',
      'package-lock.json',
      'tsconfig.json',
    ],
    'node_modules/.package-lock.json',
  ];
  const hash = createHash('sha256');
  for (const path of [...sources.sort(), ...others.map((name) => join(root, name))]) {
    const content = existsSync(path) ? readFileSync(path) : '';
    hash.update(`${path.slice(root.length)}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

function readRecord() {
  try {
    return JSON.parse(readFileSync(recordPath, 'utf8'));
  } catch {
    return undefined;
  }
}

function isCurrent(record, digest) {
  const isWhole = record?.files?.every((name) => existsSync(join(dist, name)));
  return isWhole === true && record.digest === digest && existsSync(licensesPath);
}

/** Into `folder`; the licences of what went in are returned. */
async function bundle(folder) {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const { build } = await import('esbuild');
  const sources = { cli: 'src/cli.ts', emulator: 'src/emulator/emulator.ts' };
  const split = join(folder, 'split');
  const { metafile } = await build({
    ...bundleOptions(version),
    entryPoints: sources,
    outdir: split,
    metafile: true,
  });
  const chunks = await mergeLayers(metafile.outputs, {
    from: split,
    to: folder,
    entries: Object.values(sources),
  });
  const [cli, emulator] = Object.keys(sources).map((name) =>
    chunks.find(({ fileName, isEntry }) => isEntry && fileName.startsWith(`${name}-`)),
  );
  renameSync(join(folder, cli.fileName), join(folder, 'cli.js'));
  // Chunks load it, too, and a running bai must get the one it was built with.
  writeFileSync(join(folder, 'emulator.js'), `export * from './${emulator.fileName}';\n`);
  writeFileSync(join(folder, 'order.json'), JSON.stringify(loadingOrder(chunks, cli, emulator)));
  return licensesOf(root, metafile);
}

/** All chunks of the command line, each behind those that it imports: loaded in this order they open one file at a time. */
function loadingOrder(chunks, cli, emulator) {
  const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const order = new Set();
  const seen = new Set([emulator.fileName]);
  const visit = (name) => {
    const chunk = byName.get(name);
    if (seen.has(name) || chunk === undefined) return;
    seen.add(name);
    chunk.imports.forEach(visit);
    order.add(name);
    chunk.dynamicImports.forEach(visit);
  };
  visit(cli.fileName);
  order.delete(cli.fileName);
  return [...order];
}

function renderHelp(folder) {
  const env = { ...process.env, COLUMNS: '80' };
  writeFileSync(
    join(folder, 'help.txt'),
    execFileSync(process.execPath, [join(folder, 'cli.js'), '--help'], { env }),
  );
}

/** At every moment each entry finds its chunks. */
function place(scratch, files) {
  const entries = ['emulator.js', 'help.txt', 'order.json', 'cli.js'];
  const chunks = files.filter((name) => !entries.includes(name));
  for (const name of [...chunks, ...entries]) renameSync(join(scratch, name), join(dist, name));
}

/** What was of the last build and is not of this one counts its day from now; what has had it goes. */
function retire(before, files) {
  const now = new Date();
  for (const name of before)
    if (!files.includes(name) && existsSync(join(dist, name))) utimesSync(join(dist, name), now, now);
  for (const name of readdirSync(dist)) {
    if (files.includes(name) || name.startsWith('.')) continue;
    const isOld = now.getTime() - statSync(join(dist, name)).mtimeMs > keptMs;
    if (options.clean || isOld) rmSync(join(dist, name), { recursive: true });
  }
}

function replace(path, text) {
  const scratch = join(dist, `.${process.pid}`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(scratch, text);
  renameSync(scratch, path);
}
