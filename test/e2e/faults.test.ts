/** A slice of `npm run test:faults`: whatever breaks, no target is half there and the same command makes it whole. */

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { faultCase, kinds } from '../faults/cases.ts';
import { type Ground, openGround } from '../faults/ground.ts';
import { type CaseResult, runCase } from '../faults/run-case.ts';
import { bundle } from '../support/bundle.ts';
import { sshdMissing } from '../support/sshd.ts';
import { tempFolder } from './transfer-session.ts';

const seed = Number(process.env['BAI_FAULTS_SEED'] ?? 4);
const count = 56;
const root = join(import.meta.dirname, '../..');

describe.skipIf(sshdMissing !== undefined)(`faults of seed ${seed}`, () => {
  let ground: Ground;
  let program: Awaited<ReturnType<typeof tempFolder>>;
  beforeAll(async () => {
    program = await tempFolder();
    const managerProgram = await bundle(join(root, 'test/faults/manager-process.ts'), program.path);
    ground = await openGround({ root, managerProgram });
  });
  afterAll(async () => {
    await ground?.[Symbol.asyncDispose]();
    await program?.[Symbol.asyncDispose]();
  });

  test.each(kinds)(
    '%s leaves nothing wrong, nothing half there and nothing that cannot go on',
    async (kind) => {
      const cases = Array.from({ length: count }, (_, index) => faultCase(seed, index, false));
      const results: CaseResult[] = [];
      for (const fault of cases.filter((each) => each.kind === kind))
        results.push(await runCase(fault, ground));
      expect(results.length).toBeGreaterThan(0);
      expect(results.filter(({ wrongs }) => wrongs.length > 0)).toEqual([]);
      const isSkipped = results.every(({ skipped }) => skipped !== undefined);
      expect(isSkipped || results.some(({ hasStruck }) => hasStruck)).toBe(true);
    },
  );
});
