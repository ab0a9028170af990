/**
 * `npm run build:single`: bai with a Node in it, one file for a machine that has none, into dist-single/. Systems may be named
 * (`npm run build:single -- linux-x64`); by default all of them. It is Node's own single executable application: the program of
 * a release of Node, from npm's packages, and in it all of bai as one script.
 */

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleOptions } from './bundle.mjs';
import { foreignCache, installNode } from './node-releases.mjs';
import { root, setUp } from './setup.mjs';

/** The first release line that puts an executable together by itself. Exact: what is put in must fit the program it is put into. */
const release = '26.10.0';
const systems = {
  'linux-x64': { platform: 'linux', arch: 'x64', file: 'bai-linux-x64' },
  'linux-arm64': { platform: 'linux', arch: 'arm64', file: 'bai-linux-arm64' },
  'win-x64': { platform: 'win32', arch: 'x64', file: 'bai-win-x64.exe' },
};
const output = join(root, 'dist-single');

/** As bin/bai.cjs loads it, without a wait at the top, which a script cannot have. */
const entry = `import { runProcess } from './src/process.ts';
import { openProvider } from './src/wiring/providers.ts';
runProcess(openProvider);
`;

async function bundle(file) {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const { build } = await import('esbuild');
  const { entryNames: _, splitting: __, banner: ___, ...common } = bundleOptions(version);
  await build({
    ...common,
    format: 'cjs',
    target: 'node26',
    stdin: { contents: entry, resolveDir: root, loader: 'ts' },
    outfile: file,
    define: { ...common.define, BAI_SINGLE: 'true' },
    // It stands where BAI_SINGLE is false.
    logOverride: { 'empty-import-meta': 'silent' },
    // A function: only what stands in one is compiled when it is called.
    banner: { js: '(function (require, module, exports, __filename, __dirname) {' },
    // Node prints the line of a failure that nobody caught.
    minifyWhitespace: false,
    footer: { js: '})' },
  });
  return version;
}

/** What V8 has made of the script, for the release that it is for. It is checked and passed over by any other. */
function compile(node, script, cache) {
  const code = `const { readFileSync, writeFileSync } = require('node:fs');
const script = new (require('node:vm').Script)(readFileSync(process.argv[1], 'utf8'), { filename: 'bai.js' });
writeFileSync(process.argv[2], script.createCachedData());`;
  execFileSync(node, ['-e', code, script, cache], { stdio: ['ignore', 'ignore', 2] });
}

function assemble({ builder, program, target, assets, folder }) {
  const config = join(folder, 'single.json');
  const settings = {
    main: join(root, 'scripts/single-main.cjs'),
    output: target,
    executable: program,
    disableExperimentalSEAWarning: true,
    useSnapshot: false,
    useCodeCache: false,
    assets,
  };
  writeFileSync(config, JSON.stringify(settings));
  execFileSync(builder, ['--build-sea', config], { stdio: ['ignore', 2, 2] });
  chmodSync(target, 0o755);
}

/** The paths of what was made, for all systems when none is named. */
export async function buildSingle(wanted = Object.keys(systems)) {
  for (const name of wanted)
    if (!(name in systems)) throw new Error(`there is no ${name}: ${Object.keys(systems).join(', ')}`);
  await setUp();
  const folder = mkdtempSync(join(tmpdir(), 'bai-single-'));
  try {
    mkdirSync(output, { recursive: true });
    const [script, cache, versionFile] = ['bai.js', 'bai.cache', 'version'].map((name) => join(folder, name));
    writeFileSync(versionFile, await bundle(script));
    const builder = installNode(release, undefined, foreignCache);
    compile(builder, script, cache);
    const all = { version: versionFile, 'bai.js': script, 'help.txt': join(root, 'dist/help.txt') };
    return wanted.map((system) => {
      const { platform, arch, file } = systems[system];
      const isHere = platform === process.platform && arch === process.arch;
      const assets = isHere ? { ...all, 'bai.cache': cache } : all;
      const target = join(output, file);
      const program = installNode(release, systems[system], foreignCache);
      assemble({ builder, program, target, assets, folder });
      return target;
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const words = process.argv.slice(2);
  for (const path of await buildSingle(words.length > 0 ? words : undefined)) console.log(path);
}
