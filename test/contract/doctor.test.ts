/** `bai doctor` at whichever manager: a way that is whole, and what a person and a script see of it. */

import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { stageNames } from '../../src/core/doctor/stages.ts';
import { appProxyKinds, managerKinds } from '../support/managers.ts';
import { openSession } from './app-bed.ts';

const inSession = ['session', 'apps', 'upgrade', 'greeting', 'host-key', 'key', 'login', 'sftp'];

describe.each(managerKinds())('$name', (kind) => {
  test('every stage of the way into a session is ok, and the bundle has no secret in it', async () => {
    await using bed = await openSession(kind);
    const bundle = join(bed.home, 'doctor.json');
    const ran = await bed.bai(['doctor', bed.session, '--json', '--bundle', bundle]);
    const report = JSON.parse(ran.stdout);
    expect(report.stages.filter(({ state }: { state: string }) => state !== 'ok')).toEqual([]);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    const names = report.stages.map(({ stage }: { stage: string }) => stage);
    expect(names).toEqual(stageNames.filter((name) => names.includes(name)));
    expect(names).toEqual(
      expect.arrayContaining(['settings', 'folders', 'release', 'sign-in', ...inSession]),
    );
    const { facts } = report.stages.find(({ stage }: { stage: string }) => stage === 'release');
    expect(facts.release).toBe(kind.release);
    expect(report.bundle).toMatchObject({ path: bundle, bytes: statSync(bundle).size });
    expect(statSync(bundle).mode & 0o777).toBe(0o600);
    const secrets = Object.entries(bed.env).filter(([name]) => /SECRET_KEY|LOGIN_ID/.test(name));
    expect(secrets).toHaveLength(1);
    for (const [, secret] of secrets) expect(readFileSync(bundle, 'utf8') + ran.stdout).not.toContain(secret);
  });
});

describe.each(appProxyKinds().filter(({ signIn }) => signIn === 'keypair'))('$name', (kind) => {
  test('past the manager it is an address that is dialled in place of a WebSocket', async () => {
    await using bed = await openSession(kind);
    const ran = await bed.bai([
      'doctor',
      bed.session,
      '--json',
      '--via',
      'proxy',
      '--allow-from',
      'everywhere',
    ]);
    const report = JSON.parse(ran.stdout);
    expect([ran.code, report.failed]).toEqual([0, undefined]);
    const stages: { stage: string; state: string; facts: Record<string, unknown> }[] = report.stages;
    expect(stages.filter(({ state }) => state !== 'ok')).toEqual([]);
    const names = stages.map(({ stage }) => stage);
    expect(names).toEqual(expect.arrayContaining(['address', 'dial', 'greeting', 'sftp']));
    expect(names).not.toContain('upgrade');
    expect(stages[names.indexOf('address')]?.facts['place']).toMatch(/^.+:\d+$/);
  });
});
