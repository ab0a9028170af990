/** The package as users get it: packed, installed elsewhere, in the recipes of docs/ci.md, in the Dockerfile, and what it contacts. */

import { execFile, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EmulatorBed, openEmulator } from '../contract/app-bed.ts';
import { cleanEnvironment } from '../support/bai.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';
import { tracedCalls } from '../support/trace.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');
const isPosix = process.platform !== 'win32';
const isThere = (program: string, ...words: readonly string[]): boolean =>
  spawnSync(program, words, { stdio: 'ignore' }).status === 0;

let scratch: TempFolder;
let bed: EmulatorBed;
/** Where the tarball is. */
let packed: string;
/** Where npm has put it, as it does with --global. */
let prefix: string;

beforeAll(async () => {
  scratch = tempFolder();
  packed = join(scratch.path, 'checkout');
  prefix = join(scratch.path, 'installed');
  mkdirSync(packed);
  // A checkout of its own, since packing makes a clean build, and the other tests use the one here.
  for (const name of readdirSync(root))
    if (!['.git', 'node_modules', 'dist', 'man', 'test', 'bench'].includes(name) && !name.endsWith('.tgz'))
      cpSync(join(root, name), join(packed, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(packed, 'node_modules'));
  await run('npm', ['pack', '--offline'], { cwd: packed, env: environment() });
  await run('sh', ['-c', installLine().replace('/context', packed)], { env: environment() });
  bed = await openEmulator({ release: '26.9.6' });
}, 120_000);
afterAll(async () => {
  await bed?.[Symbol.asyncDispose]();
  scratch?.[Symbol.dispose]();
});

function environment(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const env = { npm_config_prefix: prefix, npm_config_cache: join(scratch.path, 'cache'), ...more };
  const clean = cleanEnvironment({ home: scratch.path, env });
  return { ...clean, PATH: [join(prefix, 'bin'), clean['PATH']].join(delimiter) };
}

/** What the Dockerfile runs to install the tarball. */
function installLine(): string {
  return /^ +(npm install --global .*\/context\/\S+)$/m.exec(dockerfile)?.[1] ?? 'false';
}

test.runIf(isPosix)(
  'the Dockerfile installs the tarball without a network, and bai is all of it',
  async () => {
    const { stdout } = await run('bai', ['version', '--json'], { env: environment() });
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(JSON.parse(stdout)).toMatchObject({ version, node: process.versions.node, schemaVersion: 1 });
    const lib = join(prefix, 'lib/node_modules');
    expect(readdirSync(lib)).toEqual(['bai-cli']);
    expect(readdirSync(join(lib, 'bai-cli'))).toEqual(expect.arrayContaining(['docs', 'man', 'LICENSE']));
    expect(readdirSync(join(lib, 'bai-cli'))).not.toContain('node_modules');
  },
);

test('the Dockerfile ends as another user than root, with bai as what runs', () => {
  expect(dockerfile.trimEnd().split('\n').slice(-3)).toEqual([
    'USER 1000:1000',
    'WORKDIR /work',
    'ENTRYPOINT ["bai"]',
  ]);
});

test.skipIf(!isThere('docker', 'info'))(
  'docker builds the image from the tarball, and it runs bai as another user than root',
  async () => {
    await run('docker', ['build', '--tag', 'bai-test', packed]);
    const { stdout } = await run('docker', ['run', '--rm', 'bai-test', 'version', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ schemaVersion: 1 });
    const id = await run('docker', ['run', '--rm', '--entrypoint', 'id', 'bai-test', '-u']);
    expect(id.stdout).toBe('1000\n');
  },
  600_000,
);

interface Step {
  readonly line: string;
  /** Also when an earlier one has failed. */
  readonly always: boolean;
}

/** The lines of a recipe in docs/ci.md, as the CI system would run them one after another. */
function stepsOf(recipe: string): readonly Step[] {
  const page = readFileSync(join(root, 'docs/ci.md'), 'utf8');
  const [, block = ''] = new RegExp(`^## ${recipe}\\n[^]*?\`\`\`yaml\\n([^]*?)\`\`\``, 'm').exec(page) ?? [];
  if (recipe === 'GitHub Actions')
    return block.split(/^ {6}- /m).flatMap((step) => {
      const line = /^ *run: (.*)$/m.exec(step)?.[1];
      return line === undefined ? [] : [{ line, always: step.startsWith('if: always()') }];
    });
  return block.split(/^ {2}(?=\w+:)/m).flatMap((part) => {
    const [, name = ''] = /^((?:before_|after_)?script):/.exec(part) ?? [];
    const lines = name === '' ? [] : [...part.matchAll(/^ {4}- (.*)$/gm)].map((match) => match[1] ?? '');
    return lines.map((line) => ({ line, always: name === 'after_script' }));
  });
}

describe.runIf(isPosix).each(['GitHub Actions', 'GitLab'])('the recipe for %s', (recipe) => {
  const session = recipe.replace(' ', '-').toLowerCase();

  async function runRecipe(
    tests: string,
    steps: readonly Step[],
  ): Promise<{ failed: string[]; report: string }> {
    using work = tempFolder();
    mkdirSync(join(work.path, 'src'));
    writeFileSync(join(work.path, 'src/run-tests'), tests);
    const env = environment({ ...bed.env, CI: 'true', SESSION: session });
    const failed: string[] = [];
    for (const { line, always } of steps) {
      if (failed.length > 0 && !always) continue;
      const typed = line.replace(/(?<=^npm install --global )bai-cli$/, join(packed, '*.tgz'));
      await run('bash', ['-e', '-c', typed], { cwd: work.path, env }).catch(() => failed.push(line));
    }
    return { failed, report: readFileSync(join(work.path, 'report.txt'), 'utf8') };
  }

  test('runs from the installation to the end of the session', async () => {
    const steps = stepsOf(recipe);
    expect(steps.map(({ line }) => line.split(' ').slice(0, 3).join(' '))).toEqual([
      'npm install --global',
      'bai session create',
      'bai sftp put',
      expect.stringMatching(/^bai ssh /),
      'bai sftp get',
      'bai session terminate',
    ]);
    expect(await runRecipe('echo all passed', steps)).toEqual({ failed: [], report: 'all passed\n' });
    expect((await bed.bai(['session', 'list', '-q'])).stdout).toBe('');
  }, 60_000);

  test('fails with the tests, and has the report and ends the session all the same', async () => {
    // It is installed by now.
    const { failed, report } = await runRecipe('echo one failed; exit 3', stepsOf(recipe).slice(1));
    expect([failed, report]).toEqual([[expect.stringMatching(/^bai ssh/)], 'one failed\n']);
    expect((await bed.bai(['session', 'list', '-q'])).stdout).toBe('');
  }, 60_000);
});

/** Addresses that a command connected to or sent to, but for its own sockets in the file system. */
async function contacts(...words: readonly string[]): Promise<string[]> {
  const trace = join(scratch.path, 'trace');
  const strace = ['-f', '-e', 'trace=connect,sendto,sendmsg,sendmmsg', '-o', trace];
  const env = environment(bed.env);
  await run('strace', [...strace, process.execPath, join(prefix, 'bin/bai'), ...words], { env });
  const told = tracedCalls(trace).filter((line) => /sa_family=AF_(?!UNIX|NETLINK|LOCAL)/.test(line));
  return [
    ...new Set(
      told.map((line) => /htons\((\d+)\).*?"([^"]+)"/.exec(line)?.slice(1).reverse().join(':') ?? line),
    ),
  ];
}

describe.skipIf(!isThere('strace', '-V'))('no telemetry', () => {
  test.each([['version'], ['config', 'list'], ['schema'], ['--help']])(
    'bai %s contacts nobody',
    async (...words) => {
      expect(await contacts(...words)).toEqual([]);
    },
  );

  test.each([['whoami'], ['session', 'list'], ['session', 'create', 'python', '--name', 'seen']])(
    'bai %s … contacts the manager that is set, and nobody else',
    async (...words) => {
      expect(await contacts(...words)).toEqual([new URL(bed.env['BACKEND_ENDPOINT'] ?? '').host]);
    },
  );
});
