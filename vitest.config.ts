import { defineConfig } from 'vitest/config';

const project = (name: string, testTimeout: number) => ({
  extends: true as const,
  test: {
    name,
    include: [name === 'unit' ? 'test/{unit/**/*,architecture}.test.ts' : `test/${name}/**/*.test.ts`],
    testTimeout,
    hookTimeout: 60_000,
  },
});

export default defineConfig({
  test: {
    pool: 'forks',
    // What passes at the second attempt only is named at the end: scripts/vitest.mjs.
    retry: Number(process.env['BAI_TEST_RETRIES'] ?? 0),
    // Like every limit of a test far beyond what a busy machine takes.
    expect: { poll: { timeout: 25_000 } },
    // Most tests wait for other programs: more workers than cores.
    maxWorkers: 4,
    globalSetup: ['test/support/global-setup.ts'],
    projects: [
      project('unit', 30_000),
      project('contract', 120_000),
      project('hostile', 180_000),
      project('e2e', 240_000),
    ],
  },
});
