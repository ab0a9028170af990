import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

/** Which layers a layer imports values from, and which it may name in types; `docs/architecture.md` says why. */
const edges = ['manager', 'proxy', 'ssh', 'transfer', 'keys', 'config', 'output'] as const;
const rules: Record<string, { values: string[]; types: string[]; packages: string[] }> = {
  errors: { values: [], types: [], packages: [] },
  core: { values: ['errors'], types: [], packages: [] },
  files: { values: ['core', 'errors'], types: [], packages: [] },
  manager: {
    values: ['core', 'errors'],
    types: [...edges],
    packages: [
      'zod',
      'eventsource-parser',
      'tar-stream',
      'https-proxy-agent',
      'http-proxy-agent',
      'proxy-from-env',
    ],
  },
  proxy: { values: ['core', 'errors'], types: [...edges], packages: ['ws'] },
  ssh: { values: ['core', 'errors', 'files'], types: [...edges], packages: ['ssh2'] },
  transfer: { values: ['core', 'errors', 'files'], types: [...edges], packages: ['ssh2', 'tar-stream'] },
  keys: {
    values: ['core', 'errors', 'files'],
    types: [...edges],
    packages: ['ssh2', 'sshpk', 'hash-wasm', 'zod'],
  },
  config: { values: ['core', 'errors', 'files'], types: [...edges], packages: ['conf', 'env-paths', 'zod'] },
  output: { values: ['core', 'errors'], types: [...edges], packages: ['chalk', 'ora', 'string-width'] },
  services: { values: ['core', 'errors'], types: [...edges, 'emulator', 'files'], packages: [] },
  emulator: {
    values: ['core', 'errors', 'files', 'manager/signature'],
    types: [],
    packages: ['ssh2', 'ws', 'graphql'],
  },
  wiring: {
    values: ['core', 'errors', 'files', ...edges, 'services', 'emulator'],
    types: ['context'],
    packages: [],
  },
  context: { values: [], types: ['core', 'services'], packages: [] },
  commands: { values: ['core', 'errors', 'services'], types: ['context', ...edges], packages: ['commander'] },
  main: { values: ['core', 'errors', 'commands', 'output'], types: ['context'], packages: ['commander'] },
  cli: { values: ['main', 'wiring', 'errors'], types: [], packages: [] },
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

test.each(files)('%s stays within the size of a file', (file) => {
  expect(readFileSync(join(root, file), 'utf8').split('\n').length).toBeLessThanOrEqual(351);
});

/** Node's own never ends where the system answers ENOENT below a folder that is there, and does not keep the reason. */
test.each(files)('%s makes folders with all above them by makeFolder alone', (file) => {
  const text = readFileSync(join(root, file), 'utf8');
  const calls = [...text.matchAll(/\bmkdir(?:Sync)?\(/g)].map(({ index }) => text.slice(index, index + 300));
  expect(calls.filter((call) => /^[^;]*recursive/.test(call))).toEqual([]);
});

function layerOf(file: string): string {
  return (file.split(/[\\/]/)[0] ?? '').replace(/\.ts$/, '');
}

function isAllowed(layer: string, target: string, isType: boolean): boolean {
  const rule = rules[layer] ?? { values: [], types: [], packages: [] };
  if (target.startsWith('node:')) return layer !== 'core' || isType;
  if (!target.startsWith('src/')) {
    // A package's types are part of the contract where its objects are handed over.
    return isType || rule.packages.some((name) => target === name || target.startsWith(`${name}/`));
  }
  const to = layerOf(target.slice(4));
  if (to === layer) return true;
  const allowed = isType
    ? [...rule.values, ...rule.types, ...(layer === 'services' ? ['services'] : [])]
    : rule.values;
  return allowed.includes(to) || allowed.includes(target.slice(4).replace(/\.ts$/, ''));
}

function importsOf(file: string): { target: string; isType: boolean }[] {
  const text = readFileSync(join(root, file), 'utf8');
  const statements = text.matchAll(/^(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]/gm);
  const dynamic = text.matchAll(/(?<!: |<|typeof )\bimport\(['"]([^'"]+)['"]\)(?!\.)/g);
  return [
    ...[...statements].map((match) => ({
      target: normal(file, match[2] ?? ''),
      isType: match[1] !== undefined || onlyTypes(match[0]),
    })),
    ...[...dynamic].map((match) => ({ target: normal(file, match[1] ?? ''), isType: false })),
  ];
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
