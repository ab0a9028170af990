/** Stages in turn, what is shown of them, and what goes into a bundle. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Examination } from '../../src/core/doctor/examination.ts';
import { adviceLines, stageLines } from '../../src/core/doctor/stage-lines.ts';
import { findingCodes, type Stage, stageNames } from '../../src/core/doctor/stages.ts';
import { DeniedError, InterruptedError } from '../../src/errors.ts';
import { explainSystemError } from '../../src/output/describe-error.ts';
import { writeBundle } from '../../src/services/doctor/bundle.ts';

const silent = (): Disposable => ({ [Symbol.dispose]: () => {} });

function examinationOf(signal = new AbortController().signal, asks = false): Examination {
  return new Examination({ signal, asks, begins: silent, ended: () => {}, explained: explainSystemError });
}

const good: Stage = { name: 'dns', needs: [], run: async () => ({ seen: 'a.example is 192.0.2.1' }) };
const bad: Stage = {
  ...{ name: 'tls', needs: ['dns'] },
  run: () => Promise.reject(new DeniedError('no', { code: 'auth-failed', hint: 'log in' })),
};
const after: Stage = { name: 'clock', needs: ['tls'], run: async () => ({ seen: 'never' }) };
const afterThat: Stage = { name: 'release', needs: ['clock', 'dns'], run: async () => ({ seen: 'never' }) };
const beside: Stage = { name: 'key', needs: ['dns', 'apps'], run: async () => ({ seen: 'it is there' }) };

test('what needs a stage that failed is not tried, and names the one that did; the rest goes on', async () => {
  const examination = examinationOf();
  await examination.run([good, bad, after, afterThat, beside]);
  expect(examination.outcomes).toMatchObject([
    { stage: 'dns', state: 'ok' },
    { stage: 'tls', state: 'failed' },
    { stage: 'clock', state: 'not-tried', because: 'tls' },
    { stage: 'release', state: 'not-tried', because: 'tls' },
    { stage: 'key', state: 'ok' },
  ]);
  expect(examination.failed?.error.code).toBe('auth-failed');
});

test('a finding makes a warning of what is ok', async () => {
  const examination = examinationOf();
  const findings = [{ code: 'disk-low', message: 'little is left' } as const];
  await examination.run([{ ...good, run: async () => ({ seen: 'there', findings }) }]);
  expect(examination.outcomes).toMatchObject([{ state: 'warning', findings }]);
  expect(examination.failed).toBeUndefined();
});

test('a stage that does not end fails with its limit, unless somebody is asked', async () => {
  const limited = examinationOf(undefined, true);
  limited.limitMs = 20;
  const over = limited.run([{ ...good, run: () => new Promise(() => {}) }]);
  const asking = examinationOf(undefined, true);
  asking.limitMs = 1;
  const answered = over.then(() => ({ seen: 'answered' }));
  await asking.run([{ ...good, mayAsk: true, run: () => answered }]);
  expect(limited.outcomes).toMatchObject([{ state: 'failed', error: { code: 'timeout' } }]);
  expect(asking.outcomes).toMatchObject([{ state: 'ok', seen: 'answered' }]);
});

test('what the system says of a file is the failure of a stage, and the rest goes on', async () => {
  const examination = examinationOf();
  const unreadable: Stage = {
    ...{ name: 'settings', needs: [] },
    run: async () => ({ seen: readFileSync(join(import.meta.filename, 'config.json'), 'utf8') }),
  };
  await examination.run([unreadable, good]);
  expect(examination.outcomes).toMatchObject([
    { stage: 'settings', state: 'failed', error: { code: 'local-enotdir' } },
    { stage: 'dns', state: 'ok' },
  ]);
  const broken: Stage = { ...good, run: () => Promise.reject(new TypeError('a mistake')) };
  await expect(examination.run([broken])).rejects.toThrow('a mistake');
});

test('an interrupt is no failure of the stage that it ends', async () => {
  const interrupted = new AbortController();
  const examination = examinationOf(interrupted.signal);
  const running = examination.run([{ ...good, run: () => new Promise(() => {}) }]);
  interrupted.abort(new InterruptedError());
  await expect(running).rejects.toThrow(InterruptedError);
  expect(examination.outcomes).toEqual([]);
});

const shown = {
  ...({ stage: 'host-key', state: 'ok', ms: 1234, findings: [], facts: {} } as const),
  seen: `ED25519 SHA256:${'x'.repeat(43)}`,
};

test.each([
  [0, [`host-key  ok          1.2 s  ${shown.seen}`]],
  [100, [`host-key  ok          1.2 s  ${shown.seen}`]],
  [60, ['host-key  ok          1.2 s', `  ${shown.seen}`]],
])('within %d columns a fingerprint is whole', (width, lines) => {
  expect(stageLines(shown, width)).toEqual(lines);
});

test('long lines are broken between words, and every stage begins alike', () => {
  const told = { ...shown, seen: 'one two three four five six seven eight nine ten eleven twelve thirteen' };
  const lines = stageLines(told, 40);
  expect(lines.every((line) => line.length <= 40)).toBe(true);
  expect(lines.join(' ').replace(/ +/g, ' ')).toContain(told.seen);
  const error = new DeniedError('a cause of many words that fit in no line', {
    hint: '`bai login` signs in',
  });
  const failed = { stage: 'sign-in', state: 'failed', ms: 5, error } as const;
  expect(stageLines(failed, 0)).toEqual(['sign-in   failed       5 ms  denied']);
  expect(stageLines({ stage: 'sftp', state: 'not-tried', because: 'owner' }, 0)).toEqual([
    'sftp      not tried          only its owner gets inside',
  ]);
  expect(adviceLines([failed], failed, 30)).toEqual([
    'cause: sign-in: a cause of',
    '       many words that fit in',
    '       no line',
    'do:    `bai login` signs in',
  ]);
});

test('a secret that got into a text after all is not in the bundle', async () => {
  let saved = '';
  const secret = 'se"cret\\value';
  const stages = [{ stage: 'dns', state: 'ok', seen: `with ${secret} in it` } as const];
  const tools = {
    machine: { bai: '1' },
    log: () => [`http: ${secret}`],
    secrets: async () => [secret, 'ok'],
    check: async () => {},
    save: async (_path: string, text: string) => {
      saved = text;
    },
  };
  const request = { path: '/x', isForced: false, report: { ok: true, exitCode: 0, stages } };
  const { bytes } = await writeBundle(request, tools);
  expect(bytes).toBe(saved.length);
  expect(JSON.parse(saved)).toMatchObject({
    report: { stages: [{ state: 'ok', seen: 'with [secret] in it' }] },
    log: ['http: [secret]'],
  });
});

test('the stages and the codes of warnings are written down, all and in their order', () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/json-output.md'), 'utf8');
  const section = text.split('\n## doctor\n')[1]?.split('\n## ')[0] ?? '';
  const rows = [...section.matchAll(/^\| \d+ \| `([\w-]+)` \|/gm)].map(([, name]) => name);
  expect(rows).toEqual([...stageNames]);
  for (const code of findingCodes) expect(section).toContain(`\`${code}\``);
});
