/** `session create --dry-run` and `--like`: what would be created, and what another session was made from. */

import { describe, expect, test } from 'vitest';
import { type BaiResult, bai } from '../support/bai.ts';
import { managerKinds, type TestManager } from '../support/managers.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { openEmulator } from './app-bed.ts';

interface Place extends AsyncDisposable {
  readonly manager: TestManager;
  run(...args: string[]): Promise<BaiResult>;
  /** What it answers with --json. */
  json(...args: string[]): Promise<Record<string, unknown>>;
  /** Requests that change something. */
  changes(): readonly string[];
}

async function openPlace(kind: ReturnType<typeof managerKinds>[number]): Promise<Place> {
  const manager = await kind.open();
  const folder = tempFolder();
  const run = (...args: string[]): Promise<BaiResult> => bai(args, { home: folder.path, env: manager.env });
  return {
    manager,
    run,
    async json(...args) {
      const { code, stdout, stderr } = await run(...args, '--json');
      expect(stderr).toBe('');
      expect(code).toBe(0);
      return JSON.parse(stdout);
    },
    changes: () =>
      (manager.requests?.() ?? [])
        .filter(
          ({ method, target }) =>
            method !== 'GET' && !/^\/(?:admin\/gql|resource\/check-presets)/.test(target),
        )
        .map(({ method, target }) => `${method} ${target}`),
    async [Symbol.asyncDispose]() {
      await manager[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

let counter = 0;

function freshName(): string {
  counter += 1;
  return `plan-${process.pid}-${counter}`;
}

describe.each(managerKinds())('with $name', (kind) => {
  test('--dry-run names the whole image and creates nothing; --like makes it again, also when it has ended', async () => {
    await using place = await openPlace(kind);
    const { image } = place.manager;
    const name = freshName();
    const options = ['--sgroup', 'default', '-r', 'cpu=1', '-r', 'mem=256m', '-e', `A=it's "so"`, '-t', name];
    const plan = await place.json('session', 'create', image, '--dry-run', ...options);
    expect(plan).toMatchObject({
      ...{ name, provider: 'backend.ai', dryRun: true, existing: null, type: 'interactive' },
      ...{ image: expect.stringMatching(/^[\w.-]+\/.+:.+/), architecture: expect.stringMatching(/\w/) },
      ...{ resources: { cpu: '1', mem: '256m' }, mounts: {}, environment: ['A'], clusterSize: 1 },
    });
    expect(place.changes()).toEqual([]);
    expect((await place.run('session', 'info', name)).code).toBe(4);

    const made = await place.json('session', 'create', image, ...options);
    const like = ['session', 'create', '--like', name];
    const again = await place.json(...like, '-n', '-r', 'mem=512m');
    const same = {
      image: plan['image'],
      architecture: plan['architecture'],
      project: 'default',
      domain: 'default',
    };
    expect(again).toMatchObject({
      ...{ ...same, resourceGroup: 'default', resources: { cpu: '1', mem: '512m' }, environment: ['A'] },
      ...{ clusterSize: 1, clusterMode: 'single-node', existing: null },
    });
    expect(again['name']).not.toBe(name);
    expect(await place.json(...like, '-n', '-t', name)).toMatchObject({
      existing: { id: made['id'], status: 'RUNNING' },
    });
    const taken = await place.run(...like, '-n', '-t', name, '--no-reuse', '--json');
    expect([taken.code, JSON.parse(taken.stderr).error.code]).toEqual([6, 'session-exists']);

    const second = `${name}-2`;
    await place.json(...like, '-t', second);
    await place.run('session', 'terminate', name, second, '--yes');
    while ((await place.json('session', 'info', String(made['id'])))['status'] !== 'TERMINATED');
    const late = await place.run('session', 'create', '--like', String(made['id']), '-n');
    expect(late.stderr).toContain('its environment is not known any more');
    expect(late.stdout).toMatch(/^resources +cpu=1 mem=256m$/m);
    expect(late.stdout).not.toMatch(/^environment/m);
  });

  test('--dry-run finds wrong names, and --like a session that is not there', async () => {
    await using place = await openPlace(kind);
    const { image } = place.manager;
    const wrong: (readonly [string[], string])[] = [
      [['no-such-image:1'], 'image-not-found'],
      [[image, '--project', 'no-such-project'], 'project-not-found'],
      [[image, '--sgroup', 'no-such-group'], 'resource-group-not-found'],
      [[image, '-t', 'no such name'], 'usage'],
      [['--like', 'no-such-session'], 'session-not-found'],
    ];
    for (const [args, code] of wrong) {
      const { stdout, stderr } = await place.run('session', 'create', '--dry-run', '--json', ...args);
      expect(stdout).toBe('');
      expect(JSON.parse(stderr).error.code, args.join(' ')).toBe(code);
    }
    expect(place.changes()).toEqual([]);
  });
});

test.each(['26.9.6', '23.09.10'])(
  'on %s a session like a cluster has as many containers of the same size, also when that one has ended',
  async (release) => {
    await using bed = await openEmulator({ release });
    const environ = { A: `it's "so"`, B: 'x\ny' };
    const given = Object.entries(environ).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
    const cluster = ['--cluster-size', '2', '--cluster-mode', 'multi-node', '-m', 'data', ...given];
    const id = await bed.create('pair', ...cluster);
    await bed.bai(['session', 'create', '--like', 'pair', '-t', 'other', '-e', 'B=z', '--no-wait']);
    expect(bed.emulator.sessions.get('other').spec).toMatchObject({
      ...{ clusterSize: 2, cpu: 1, memory: 268_435_456, environ: { ...environ, B: 'z' } },
    });
    const expected = {
      ...{ clusterSize: 2, clusterMode: 'multi-node', resources: { cpu: '1', mem: '268435456' } },
      mounts: { data: '/home/work/data' },
    };
    const plan = async (): Promise<unknown> =>
      JSON.parse((await bed.bai(['session', 'create', '--like', id, '-n', '--json'])).stdout);
    expect(await plan()).toMatchObject(expected);
    await bed.emulator.sessions.get(id).end('TERMINATED', 'test');
    expect(await plan()).toMatchObject(expected);
  },
);

test.each(['26.9.6', '23.09.10'])(
  'on %s --dry-run says what a creation would be refused for, and why a session would have to wait',
  async (release) => {
    const resources = {
      groups: [{ name: 'default', machine: { cpu: 8, mem: 2 ** 35 } }],
      limits: { cpu: 4 },
    };
    await using bed = await openEmulator({ release, resources });
    const plan = async (...options: string[]) =>
      bed.bai(['session', 'create', 'python', '-n', '--json', ...options]);
    const errorOf = ({ stderr }: BaiResult): string => JSON.parse(stderr).error.message;
    expect(errorOf(await plan('-r', 'gpus=1'))).toBe('there is no resource gpus');
    expect(errorOf(await plan('-r', 'mem=1m'))).toMatch(/needs mem=\S+ at least/);
    const waits = await plan(
      '-r',
      'cpu=3',
      '--cluster-size',
      '2',
      '--tag',
      't',
      '-c',
      'sleep 1',
      '--preopen',
      '8080',
    );
    expect(JSON.parse(waits.stdout)).toMatchObject({
      ...{ waitsFor: 'your limit is cpu=4, and it asks for cpu=6', tag: 't', startupCommand: 'sleep 1' },
      ...{ preopenPorts: [8080], priority: null, bootstrapScript: false, resourceOptions: {} },
    });
    expect(JSON.parse((await plan('-r', 'cpu=3')).stdout)).toMatchObject({ waitsFor: null });

    await bed.create('there');
    const again = await plan('-t', 'there', '-r', 'cpu=100', '-r', 'mem=1m');
    expect(JSON.parse(again.stdout)).toMatchObject({ existing: { status: 'RUNNING' }, waitsFor: null });

    const made = ['--tag', 'mine', ...(release === '26.9.6' ? ['--priority', '50'] : [])];
    await bed.create('marked', ...made);
    const like = await bed.bai(['session', 'create', '--like', 'marked', '-n', '--json']);
    expect(JSON.parse(like.stdout)).toMatchObject({
      ...{ tag: 'mine', priority: release === '26.9.6' ? 50 : null },
    });
  },
);

test('a wrong folder is found before anything is made', async () => {
  await using bed = await openEmulator({ folders: ['data'] });
  const { code, stderr } = await bed.bai(['session', 'create', 'python', '-n', '-m', 'dota']);
  expect(stderr).toContain('you have no virtual folder called dota');
  expect(code).toBe(4);
});

test.each([
  [['session', 'create'], 'error: missing argument \\[what\\]'],
  [['session', 'create', '--quiet'], 'error: missing argument \\[what\\]'],
])('off a terminal %j is a usage error', async (args, message) => {
  using folder = tempFolder();
  const { code, stdout, stderr } = await bai(args, { home: folder.path });
  expect(stderr).toMatch(new RegExp(`^${message}\nhint: say what the session is made from`));
  expect([code, stdout]).toEqual([2, '']);
});
