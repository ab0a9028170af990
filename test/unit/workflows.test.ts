/** The workflows of GitHub run what there is, with no more rights than they need. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const folder = join(root, '.github/workflows');
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};
const workflows = readdirSync(folder).map(
  (name) => [name, readFileSync(join(folder, name), 'utf8')] as const,
);

test.each(workflows)('%s runs scripts that package.json has', (_, text) => {
  const names = [...text.matchAll(/\bnpm run ([\w:-]+)/g)].map(([, name = '']) => name);
  expect(names.length).toBeGreaterThan(0);
  expect(names.filter((name) => scripts[name] === undefined)).toEqual([]);
});

test.each(workflows)('%s names a major of each action, and may read unless a job says more', (_, text) => {
  const actions = [...text.matchAll(/uses: (\S+)/g)].map(([, action = '']) => action);
  expect(actions.filter((action) => !/^actions\/[\w-]+@v\d+$/.test(action))).toEqual([]);
  expect(text).toMatch(/^permissions:\n {2}contents: read\n/m);
  expect(text).toMatch(/^concurrency:\n/m);
});

test('what runs on macOS and Windows needs neither a shell of POSIX nor programs of Debian', () => {
  const used = ['build', 'test:portable', 'smoke', 'test:here', 'typecheck', 'lint', 'build:single'];
  const plain = /^(?:(?:node [\w/.-]+|tsc|biome|oxlint)(?: [\w./:-]+)*(?: && )?)+$/;
  for (const name of used) expect(scripts[name]).toMatch(plain);
  const ofScripts = ['test-here', 'smoke', 'setup', 'vitest', 'build', 'build-single', 'node-releases'];
  for (const name of ofScripts) {
    const text = readFileSync(join(root, `scripts/${name}.mjs`), 'utf8');
    expect(text).not.toMatch(/apt|programs\.mjs|\/bin\/sh|bash/);
  }
});
