/** Every command on sessions, from birth to end: on the emulator in each release that differs, and on genuine managers. */

import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { type BaiResult, bai } from '../support/bai.ts';
import { keypairEnvironment, managerKinds, type TestManager } from '../support/managers.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { openBed } from './emulator-client.ts';

type Run = (args: string) => Promise<BaiResult>;
type Account = Pick<TestManager, 'env'>;

const uuid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/;
const newName = (): string => `c1-${randomBytes(4).toString('hex')}`;

function runner(home: string, { env }: Account): Run {
  return (args) => bai(args.split(' '), { home, env });
}

async function answer(run: Run, args: string): Promise<string> {
  const { code, stdout, stderr } = await run(args);
  expect({ args, code, stderr }).toMatchObject({ code: 0 });
  return stdout;
}

/** Waits until the manager has really ended it: newer ones answer before they have. */
async function untilEnded(run: Run, id: string): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const { status } = JSON.parse(await answer(run, `session info ${id} --json`));
    if (status === 'TERMINATED' || status === 'CANCELLED') return;
  }
  throw new Error(`session ${id} does not end`);
}

async function terminate(run: Run, reference: string): Promise<void> {
  const { code } = await run(`session terminate ${reference}`);
  if (code !== 0) await run(`session terminate --forced ${reference}`);
}

async function wholeLife(run: Run, image: string): Promise<void> {
  const [name, later] = [newName(), newName()];
  try {
    const made = await answer(
      run,
      `session create ${image} --name ${name} -r cpu=1 -r mem=256m --timeout 90`,
    );
    expect(made).toMatch(new RegExp(`^${name} ${uuid.source}\n$`));
    const id = uuid.exec(made)?.[0] ?? '';

    const rows = (await answer(run, 'session list')).split('\n').map((row) => row.split('\t'));
    const row = rows.find(([first]) => first === name) ?? [];
    expect(row).toHaveLength(9);
    expect(row).toMatchObject({ 1: 'RUNNING', 4: expect.stringMatching(/cpu=1 mem=/), 5: '1', 7: id });

    for (const reference of [name, id]) {
      expect(await answer(run, `session info ${reference}`)).toMatch(/^status +RUNNING/m);
      expect(await answer(run, `session wait ${reference}`)).toBe(`${name} ${id}\n`);
      await answer(run, `session logs ${reference}`);
    }
    expect(await answer(run, `app list ${name}`)).toMatch(/^sshd\ttcp\t2200$/m);

    expect(await answer(run, `session rename ${name} ${later}`)).toBe(`${later} ${id}\n`);
    expect(JSON.parse(await answer(run, `session info ${later} --json`))).toMatchObject({ id, name: later });
    expect(await run(`session info ${name}`)).toMatchObject({ code: 4 });

    expect(await answer(run, `session terminate ${later}`)).toBe(`${later} ${id}\n`);
    await untilEnded(run, id);
    expect(await run(`session terminate ${later}`)).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringContaining('has ended already'),
    });
    expect(await answer(run, 'session list --name-only')).not.toContain(later);
    expect(await answer(run, 'session list --all --name-only')).toContain(later);
    expect(JSON.parse(await answer(run, `session info ${later} --json`))).toMatchObject({ id });
  } finally {
    await terminate(run, name);
    await terminate(run, later);
  }
}

for (const kind of managerKinds()) {
  test(`${kind.name}: create, list, info, wait, logs, rename, terminate`, async () => {
    await using manager = await kind.open();
    using home = tempFolder();
    await wholeLife(runner(home.path, manager), manager.image);
  });

  test(`${kind.name}: the name of an ended session is free, and means the newest one`, async () => {
    await using manager = await kind.open();
    using home = tempFolder();
    const run = runner(home.path, manager);
    const name = newName();
    const create = `session create ${manager.image} --name ${name} -r cpu=1 -r mem=256m --timeout 90`;
    try {
      const first = uuid.exec(await answer(run, create))?.[0] ?? '';
      await answer(run, `session terminate ${name}`);
      await untilEnded(run, first);
      const second = uuid.exec(await answer(run, create))?.[0] ?? '';
      expect(second).not.toBe(first);
      expect(JSON.parse(await answer(run, `session info ${name} --json`))).toMatchObject({ id: second });
      await answer(run, `session logs ${name}`);
      expect(JSON.parse(await answer(run, `session info ${first} --json`))).toMatchObject({ id: first });
    } finally {
      await terminate(run, name);
    }
  });

  test(`${kind.name}: a session that is in the queue can be waited for and ended`, async () => {
    await using manager = await kind.open();
    using home = tempFolder();
    const run = runner(home.path, manager);
    const name = newName();
    try {
      await answer(run, `session create ${manager.image} --name ${name} -r cpu=1 -r mem=256m --no-wait`);
      expect(await answer(run, `session wait ${name} --timeout 90`)).toMatch(new RegExp(`^${name} `));
    } finally {
      await terminate(run, name);
    }
  });
}

/** One release on each side of every change for a client (placement of parameters, shapes, statuses, streams). */
const releases = [
  '23.09.11',
  '24.03.0',
  '24.03.7',
  '24.09.5',
  '24.12.0',
  '25.6.0',
  '25.13.0',
  '25.15.0',
  '26.3.0',
  '26.4.0',
  '26.4.2',
  '26.4.7',
  '26.8.0',
];

test.each(releases)('emulator %s: create, list, info, wait, logs, rename, terminate', async (release) => {
  await using bed = await openBed({ release });
  await wholeLife(runner(bed.folder, { env: keypairEnvironment(bed.emulator) }), 'python:3.11');
  expect(bed.emulator.unknownRoutes).toEqual([]);
  expect(bed.emulator.requests.filter(({ status }) => status >= 400)).toEqual([]);
});
