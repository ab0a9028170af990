import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { unusedExports } from './support/unused-exports.ts';
import { usingInLoops } from './support/using-in-loops.ts';

/** Which layers a layer imports values from, and which it may name in types; `docs/architecture.md` says why. */
const edges = ['providers', 'proxy', 'ssh', 'transfer', 'keys', 'config', 'output'] as const;
const rules: Record<string, { values: string[]; types: string[]; packages: string[] }> = {
  errors: { values: [], types: [], packages: [] },
  'error-codes': { values: [], types: [], packages: [] },
  core: { values: ['errors'], types: [], packages: [] },
  files: { values: ['core', 'errors'], types: [], packages: [] },
  net: { values: ['core', 'errors'], types: [], packages: ['socks'] },
  providers: {
    values: ['core', 'errors', 'net'],
    types: [],
    packages: ['zod', 'eventsource-parser', 'tar-stream', 'ws'],
  },
  proxy: { values: ['core', 'errors'], types: [...edges], packages: ['get-port'] },
  ssh: { values: ['core', 'errors', 'files'], types: [...edges], packages: ['ssh2'] },
  transfer: {
    values: ['core', 'errors', 'files', 'ssh/ssh2-internals'],
    types: [...edges],
    packages: ['ssh2', 'tar-stream'],
  },
  keys: {
    values: ['core', 'errors', 'files'],
    types: [...edges],
    packages: ['ssh2', 'sshpk', 'hash-wasm', 'zod'],
  },
  config: { values: ['core', 'errors', 'files'], types: [...edges], packages: ['conf', 'env-paths', 'zod'] },
  output: {
    values: ['core', 'errors'],
    types: [...edges],
    packages: ['chalk', 'ora', 'string-width', '@clack/prompts'],
  },
  services: {
    values: ['core', 'errors'],
    types: [...edges.filter((layer) => layer !== 'providers'), 'emulator', 'files'],
    packages: [],
  },
  emulator: {
    values: [
      'core',
      'errors',
      'files',
      'providers/backend-ai/manager/signature',
      'providers/backend-ai/manager/states',
      'ssh/ssh2-internals',
    ],
    types: [],
    packages: ['ssh2', 'ws', 'graphql'],
  },
  wiring: {
    values: ['core', 'errors', 'files', 'net', ...edges, 'services', 'emulator'],
    types: ['context'],
    packages: [],
  },
  context: { values: [], types: ['core', 'services'], packages: [] },
  schema: { values: ['core', 'errors', 'error-codes'], types: [], packages: ['zod'] },
  commands: {
    // What is typed after `session create` is the provider's own; `bai help` tells the tables of error codes.
    values: [
      ...['core', 'errors', 'services', 'error-codes', 'schema'],
      ...['providers/backend-ai/create/create-request', 'providers/rescale/cidr'],
    ],
    types: ['context', ...edges],
    packages: ['commander'],
  },
  main: { values: ['core', 'errors', 'commands', 'output'], types: ['context'], packages: ['commander'] },
  process: { values: ['main', 'wiring', 'errors'], types: [], packages: [] },
  cli: { values: ['process', 'wiring'], types: [], packages: [] },
};

const root = resolve(import.meta.dirname, '../src');
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));

test.each(files)('%s imports only what its layer may', (file) => {
  const layer = layerOf(file);
  const rule = rules[layer];
  expect(rule, `${layer} is no known layer: a new one is a decision, write it down`).toBeDefined();
  const wrong = importsOf(file).filter(({ target, isType }) => !isAllowed(layer, target, isType));
  expect(wrong).toEqual([]);
});

const rooms = new Map<string, string[]>();
for (const file of files) {
  const room = roomOf(file);
  rooms.set(room, [...(rooms.get(room) ?? []), file]);
}

test.each([...rooms])(
  'the room %s has at most thirty files, so that one finds what is in it',
  (_room, inside) => {
    expect(inside.length).toBeLessThanOrEqual(30);
  },
);

test('the rooms of a layer lead nowhere in a circle, types included', () => {
  const next = new Map<string, Set<string>>();
  for (const file of files) {
    const room = roomOf(file);
    const targets = importsOf(file).flatMap(({ target }) =>
      target.startsWith('src/') ? [target.slice(4)] : [],
    );
    const others = targets.filter((target) => layerOf(target) === layerOf(file)).map(roomOf);
    const known = next.get(room) ?? new Set<string>();
    for (const other of others) if (other !== room) known.add(other);
    next.set(room, known);
  }
  expect(circlesOf(next)).toEqual([]);
});

test.each(files.filter((file) => layerOf(file) === 'providers'))('%s knows no other provider', (file) => {
  const own = roomOf(file).split('/')[1];
  const others = importsOf(file).filter(
    ({ target }) => target.startsWith('src/providers/') && target.split('/')[2] !== own,
  );
  expect(others).toEqual([]);
});

test.each(['backend-ai', 'ucloud', 'rescale'])(
  'to list the sessions of %s loads neither SSH nor WebSockets',
  (provider) => {
    const loaded = loadedWith(`src/wiring/${provider}.ts`);
    expect(loaded).toContain('src/net/http.ts');
    expect(loaded.filter((each) => each === 'ws' || each === 'ssh2')).toEqual([]);
  },
);

test.each(files)('%s stays within the size of a file', (file) => {
  expect(readFileSync(join(root, file), 'utf8').split('\n').length).toBeLessThanOrEqual(351);
});

/** Who writes to a terminal, and why nothing of a server, a file name or the user's file comes out raw there. */
const writers: Readonly<Record<string, string>> = {
  'process.ts': 'the code of a system error',
  'main.ts': "bai's own help",
  'output/ask/drawn.ts': 'what @clack/prompts makes of labels that questions.ts sanitised',
  'output/ask/numbered.ts': 'labels that questions.ts sanitised',
  'output/json-reporter.ts': 'safeJson',
  'output/shaped-reporter.ts': "sanitizeLine, and the user's own template",
  'output/live-area.ts': 'lines that are sanitised where they are made',
  'output/reporter.ts': 'sanitizeLine, sanitizeText',
  'config/ask-line.ts': 'a sanitised question',
  'output/watched-table.ts': 'cells that output/table.ts has sanitised',
  'config/read-secret.ts': 'a sanitised prompt',
  'services/sftp/sftp-get.ts': 'the bytes of a file, which are the answer',
  'services/sftp/sftp-shell-lines.ts': 'escaped words for Tab',
  'services/ssh/ssh-stdio.ts': 'the bytes of a connection',
  'ssh/builtin-client.ts': "bai's own list of escapes",
  'ssh/system-ssh.ts': 'what resets the terminal',
  'ssh/terminal.ts': 'what resets the terminal',
  'wiring/builtin.ts': 'sanitizeLine',
  'wiring/background.ts': 'what bai itself has written, in another process',
  'wiring/keys.ts': 'base64 for the clipboard',
  'wiring/process/stdio.ts': 'nothing: it asks when the rest is written',
};

test('only those write to a terminal that make safe what they write', () => {
  const write =
    /\b(?:stdout|stderr|output)\.write\(|\bstream\.write\((?!packed|Buffer)|\bconsole\.(?:log|error|warn|info|debug|trace|table|dir)\b|\bcreateInterface\(/;
  const outside = files.filter((file) => !/^(?:emulator|ssh\/(?:agent-keys|socks)\.ts)/.test(file));
  const found = outside.filter((file) => write.test(readFileSync(join(root, file), 'utf8')));
  expect(found.map((file) => file.replaceAll('\\', '/')).sort()).toEqual(Object.keys(writers).sort());
});

test.each(files)('%s starts programs by a path that was looked up, never by a name', (file) => {
  const named = /\b(?:spawn|spawnSync|execFile|execFileSync|exec|execSync|fork)\(\s*['"`]/g;
  expect(
    readFileSync(join(root, file), 'utf8')
      .replaceAll(/\.exec\(/g, '')
      .match(named),
  ).toBeNull();
});

/** Sources, and whoever else imports of them. */
const modules = new Map(
  ['src', 'test', 'bench', 'scripts'].flatMap((folder) =>
    readdirSync(join(root, '..', folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(?:ts|mjs)$/.test(file) && !file.endsWith('.d.ts'))
      .map((file) => {
        const path = `${folder}/${file.replaceAll('\\', '/')}`;
        return [path, readFileSync(join(root, '..', path), 'utf8')] as const;
      }),
  ),
);

test.each(files)(
  '%s has no `using` in a loop, of which the bundler makes one that fails for ever',
  (file) => {
    expect(usingInLoops(readFileSync(join(root, file), 'utf8'))).toEqual([]);
  },
);

test.each([
  ['a loop', 'function f() {\n  for (;;) {\n    using a = b();\n  }\n}', [3]],
  [
    'a try in a loop',
    'async () => {\n  while (x) {\n    try {\n      await using a = b();\n    } catch {}\n  }\n}',
    [4],
  ],
  ['a function in a loop', 'for (const x of y) {\n  z(() => {\n    using a = b();\n  });\n}', []],
  ['a function behind a loop', 'function f() {\n  for (;;) {\n    a();\n  }\n  using b = c();\n}', []],
])('`using` in %s is told from one that runs once', (_case, text, found) => {
  expect(usingInLoops(text)).toEqual(found);
});

test('nothing is exported that nobody imports', () => {
  expect(unusedExports(modules, (path) => path.startsWith('src/'))).toEqual([]);
});

test.each([
  ['import { a } from "./it.ts"', "import { a } from './it.ts';", ['b', 'C']],
  ['a name of its own', "import { a as x, type C } from './it.ts';", ['b']],
  ['all of it', "import * as it from './it.ts';\nit.b();", ['a', 'C']],
  ['a type', "type X = import('./it.ts').C;", ['a', 'b']],
  ['when it is needed', "const { a, b: c } = await import('./it.ts');", ['C']],
  ['one of it', "return (await import('./it.ts')).b();", ['a', 'C']],
  ['under a name', "const it = is ? await import('./it.ts') : undefined;\nit?.a();", ['b', 'C']],
  ['handed on', "const load = () => import('./it.ts');", []],
  ['given on', "export { b } from './it.ts';", ['a', 'C']],
  ['nothing', 'const a = 1;', ['a', 'b', 'C']],
])('what is imported is seen: %s', (_, importing, unused) => {
  const it = 'export const a = 1;\nexport async function b() {}\ninterface D {}\nexport type { C };\n';
  const found = unusedExports(
    new Map([
      ['it.ts', it],
      ['other.ts', importing],
    ]),
    (path) => path === 'it.ts',
  );
  expect(found).toEqual(unused.map((name) => `it.ts ${name}`));
});

const internals = readFileSync(join(root, 'ssh/ssh2-internals.ts'), 'utf8');
const privateNames = [...new Set(internals.match(/(?<=')(?:_\w+|outgoing|incoming)(?=')/g))].join('|');
const ssh2Files = files.filter((file) => !file.endsWith('ssh2-internals.ts'));

test.each(ssh2Files)('%s leaves the inside of ssh2 to ssh/ssh2-internals.ts', (file) => {
  const text = readFileSync(join(root, file), 'utf8');
  expect(text.match(new RegExp(`[.'"\`](?:${privateNames})\\b`, 'g'))).toBeNull();
  expect(text.match(/['"]ssh2(?:-sftp-client)?\/|\bssh2\.\w+\.prototype/g)).toBeNull();
  if (!text.includes("from 'ssh2'")) return;
  // What a class of Node's streams overrides is its own.
  expect(text.match(/(?<!\bthis)\._[a-z]\w*|['"`]_[a-z]\w*['"`]/g)).toBeNull();
});

/** Node's own never ends where the system answers ENOENT below a folder that is there, and does not keep the reason. */
test.each(files)('%s makes folders with all above them by makeFolder alone', (file) => {
  const text = readFileSync(join(root, file), 'utf8');
  const calls = [...text.matchAll(/\bmkdir(?:Sync)?\(/g)].map(({ index }) => text.slice(index, index + 300));
  expect(calls.filter((call) => /^[^;]*recursive/.test(call))).toEqual([]);
});

/** Windows refuses them while another program looks at the file. The emulator's are not the user's. */
test.each(
  files.filter(
    (file) => !/^(?:emulator\b|files[\\/]held-files|transfer[\\/]local[\\/]local-disk)/.test(file),
  ),
)('%s renames and removes files by files/held-files.ts alone', (file) => {
  const named =
    readFileSync(join(root, file), 'utf8').match(/^import [^;]*? from 'node:fs(?:\/promises)?';/gm) ?? [];
  expect(named.join('\n').match(/\b(?:rename|rm|unlink)(?:Sync)?\b/)).toBeNull();
});

function layerOf(file: string): string {
  return (file.split(/[\\/]/)[0] ?? '').replace(/\.ts$/, '');
}

/** The folder. */
function roomOf(file: string): string {
  return dirname(file).replaceAll('\\', '/');
}

/** Rooms from which one comes back to them. */
function circlesOf(next: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const reach = (from: string): Set<string> => {
    const seen = new Set<string>();
    const left = [...(next.get(from) ?? [])];
    for (let room = left.pop(); room !== undefined; room = left.pop()) {
      if (seen.has(room)) continue;
      seen.add(room);
      left.push(...(next.get(room) ?? []));
    }
    return seen;
  };
  return [...next.keys()].filter((room) => reach(room).has(room));
}

function isAllowed(layer: string, target: string, isType: boolean): boolean {
  const rule = rules[layer] ?? { values: [], types: [], packages: [] };
  if (target.startsWith('node:')) return layer !== 'core' || isType;
  if (!target.startsWith('src/')) {
    // A package's types are part of the contract where its objects are handed over.
    return isType || rule.packages.some((name) => target === name || target.startsWith(`${name}/`));
  }
  const to = layerOf(target.slice(4));
  // The names of errors go with the errors.
  if (to === layer || (to === 'error-codes' && isType)) return true;
  const allowed = isType
    ? [...rule.values, ...rule.types, ...(layer === 'services' ? ['services'] : [])]
    : rule.values;
  return allowed.includes(to) || allowed.includes(target.slice(4).replace(/\.ts$/, ''));
}

interface Import {
  readonly target: string;
  readonly isType: boolean;
  /** Loaded when it is needed, and not with the file. */
  readonly isLate: boolean;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8');
  const statements = text.matchAll(/^(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]/gm);
  const dynamic = text.matchAll(/(?<!: |<|typeof )\bimport\(['"]([^'"]+)['"]\)(?!\.)/g);
  return [
    ...[...statements].map((match) => ({
      target: normal(file, match[2] ?? ''),
      isType: match[1] !== undefined || onlyTypes(match[0]),
      isLate: false,
    })),
    ...[...dynamic].map((match) => ({
      ...{ target: normal(file, match[1] ?? ''), isType: false, isLate: true },
    })),
  ];
}

/** All that is loaded before the first line of a file runs, packages by their names. */
function loadedWith(first: string): string[] {
  const loaded = new Set([first]);
  for (const file of loaded) {
    if (!file.startsWith('src/')) continue;
    for (const { target, isType, isLate } of importsOf(file.slice(4)))
      if (!isType && !isLate) loaded.add(target);
  }
  return [...loaded];
}

/** `import { type A, type B } from …` loads nothing either. */
function onlyTypes(statement: string): boolean {
  const names = /^import\s*\{([^}]*)\}/.exec(statement)?.[1]?.split(',') ?? [];
  const given = names.map((name) => name.trim()).filter((name) => name !== '');
  return given.length > 0 && given.every((name) => name.startsWith('type '));
}

function normal(file: string, target: string): string {
  if (!target.startsWith('.')) return target;
  return join('src', relative(root, resolve(root, dirname(file), target))).replaceAll('\\', '/');
}
