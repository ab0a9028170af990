/** The file of the profiles is looked at once in a run: what is chosen and what is set are of one moment. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { GlobalFlags, ProcessFacts } from '../../src/context.ts';
import type { Reporter } from '../../src/core/reporter.ts';
import { createContext } from '../../src/wiring/context.ts';
import { tempFolder } from '../support/temp-folder.ts';

test('another bai that writes the file meanwhile does not mix two states of it', async () => {
  using folder = tempFolder();
  const write = (current: string, endpoint: string): void =>
    writeFileSync(
      join(folder.path, 'config.json'),
      JSON.stringify({ current, profiles: { default: {}, lab: { endpoint } } }),
      { mode: 0o600 },
    );
  write('lab', 'https://one.example');
  const facts = { environment: { BAI_HOME: folder.path }, signal: new AbortController().signal };
  const context = createContext(facts as unknown as ProcessFacts, () =>
    Promise.reject(new Error('not asked')),
  );
  context.useReporter({} as Reporter);
  context.useFlags({ json: false, settings: {} } as unknown as GlobalFlags);
  expect(await context.profile()).toBe('lab');
  write('default', 'https://two.example');
  expect((await context.settings()).endpoint.value).toBe('https://one.example');
});
