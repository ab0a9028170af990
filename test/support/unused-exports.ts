/** Finds what a file exports and no other one imports: text is enough, since one formatter writes all of it in one way. */

import { dirname, join } from 'node:path/posix';

/** The text of each module, by its path below the root. */
export type Modules = ReadonlyMap<string, string>;

/** As `path name`, of the modules that the filter chooses; all of them may import. */
export function unusedExports(modules: Modules, isChecked: (path: string) => boolean): string[] {
  const used = new Set<string>();
  for (const [path, text] of modules) {
    for (const { target, names } of importsIn(text)) {
      const from = join(dirname(path), target);
      for (const name of names ?? exportsOf(modules.get(from) ?? '')) used.add(`${from} ${name}`);
    }
  }
  return [...modules]
    .filter(([path]) => isChecked(path))
    .flatMap(([path, text]) => exportsOf(text).map((name) => `${path} ${name}`))
    .filter((each) => !used.has(each));
}

export function exportsOf(text: string): string[] {
  const declared = text.matchAll(
    /^export (?:declare |abstract |async )*(?:function\*?|const|let|class|interface|type) (\w+)/gm,
  );
  const listed = text.matchAll(/^export (?:type )?\{([^}]*)\}/gm);
  return [
    ...[...declared].map(([, name = '']) => name),
    ...[...listed].flatMap(([, names = '']) =>
      namesIn(names).map((name) => name.split(' as ').at(-1) ?? name),
    ),
  ];
}

interface Import {
  readonly target: string;
  /** Without: the whole module is handed on. */
  readonly names?: readonly string[];
}

function importsIn(text: string): Import[] {
  const listed = text.matchAll(/^(?:import|export) (?:type )?(?:\w+, )?\{([^}]*)\} from '(\.[^']+)'/gm);
  const whole = text.matchAll(/^import (?:type )?\* as (\w+) from '(\.[^']+)'/gm);
  const types = text.matchAll(/\bimport\('(\.[^']+)'\)\.(\w+)/g);
  return [
    ...[...listed].map(([, names = '', target = '']) => ({
      target,
      names: namesIn(names).map((name) => name.split(' as ')[0] ?? name),
    })),
    ...[...whole].map(([, name = '', target = '']) => ({ target, ...membersOf(name, text) })),
    ...[...types].map(([, target = '', name = '']) => ({ target, names: [name] })),
    ...loadsIn(text),
  ];
}

/** `const { a } = await import(…)`, `(await import(…)).a`, and `const module = … await import(…)` with `module.a`. */
function loadsIn(text: string): Import[] {
  return [...text.matchAll(/\bimport\('(\.[^']+)'\)(?!\.\w)/g)].map(
    ({ 1: target = '', index, 0: { length } }) => {
      const before = text.slice(text.lastIndexOf(';\n', index) + 1, index);
      const [, taken] = /\{([^{}]*)\}\s*=\s*await\s+$/.exec(before) ?? [];
      if (taken !== undefined)
        return { target, names: namesIn(taken).map((name) => name.split(':')[0] ?? name) };
      const [, member] = /^\)\.(\w+)/.exec(text.slice(index + length)) ?? [];
      if (member !== undefined) return { target, names: [member] };
      const [, name] = /\bconst (\w+) =[^;]*await\s+$/.exec(before) ?? [];
      return { target, ...(name !== undefined && membersOf(name, text)) };
    },
  );
}

function membersOf(name: string, text: string): { names?: readonly string[] } {
  const names = [...text.matchAll(new RegExp(String.raw`\b${name}\??\.(\w+)`, 'g'))].map(
    ([, member = '']) => member,
  );
  return names.length === 0 ? {} : { names };
}

function namesIn(list: string): string[] {
  return list
    .replaceAll(/\/\/.*$/gm, '')
    .split(',')
    .map((name) => name.trim().replace(/^type /, ''))
    .filter((name) => name !== '');
}
