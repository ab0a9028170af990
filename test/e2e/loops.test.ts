/** bai inside `while read`: what is left of the list is the loop's. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EmulatorBed, openEmulator } from '../contract/app-bed.ts';
import { cleanEnvironment, launcher } from '../support/bai.ts';

let bed: EmulatorBed;

beforeAll(async () => {
  bed = await openEmulator();
  await bed.create('demo');
  await bed.bai(['ssh', 'demo', '--client', 'system', 'true']);
});
afterAll(() => bed[Symbol.asyncDispose]());

/** The lines that the loop saw. */
async function loop(body: string): Promise<string> {
  const script = `seq 1 3 | while read -r line; do ${body} >/dev/null; echo "line $line"; done`;
  const env = cleanEnvironment({ home: bed.home, env: bed.env });
  const bai = `'${process.execPath}' '${launcher}'`;
  return (await promisify(execFile)('bash', ['-c', script.replaceAll('BAI', bai)], { env })).stdout;
}

test.each([
  'BAI exec -n demo true',
  'BAI exec demo -n true',
  'BAI exec demo --no-stdin -- cat',
  'BAI exec -n demo --all-nodes true',
  'BAI exec demo --all-nodes true',
  'BAI ssh demo -n true',
  'BAI ssh -n demo --client system true',
  'BAI ssh demo --client builtin -- -n true',
  'BAI session list',
  'BAI session info demo',
  'BAI sftp ls demo:.',
  'BAI sftp put /etc/hostname demo:',
  'BAI key list',
  'BAI config list',
])('%s reads nothing of the list', async (command) => {
  expect(await loop(command)).toBe('line 1\nline 2\nline 3\n');
});

test('without -n stdin is the command’s, as with ssh', async () => {
  expect(await loop('BAI exec demo cat')).toBe('line 1\n');
});
