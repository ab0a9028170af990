/** `image list`, `vfolder list`, `resource list` and `project list`, as an ordinary user of each release. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FolderOffer, ImageOffer, ProjectOffer, ResourceOffer } from '../../src/core/session/offers.ts';
import { type BaiResult, bai } from '../support/bai.ts';
import { managerKinds, type TestManager } from '../support/managers.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';
import { openEmulator } from './app-bed.ts';

const gib = 1024 ** 3;

function rows({ stdout }: BaiResult): string[][] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t'));
}

describe.each(managerKinds())('$name', (kind) => {
  let manager: TestManager;
  let folder: TempFolder;

  beforeAll(async () => {
    [manager, folder] = [await kind.open(), tempFolder()];
  });
  afterAll(async () => {
    await manager[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  async function run(...args: readonly string[]): Promise<BaiResult> {
    const result = await bai(args, { home: folder.path, env: manager.env });
    expect([result.code, result.code === 0 ? '' : result.stderr]).toEqual([0, '']);
    return result;
  }

  async function listed<T>(...args: readonly string[]): Promise<{ value: T; human: BaiResult }> {
    const [json, human] = [await run(...args, '--json'), await run(...args)];
    expect(json.stderr).toBe('');
    return { value: JSON.parse(json.stdout), human };
  }

  test('images have the names that session create takes, and words choose among them', async () => {
    const { value, human } = await listed<readonly ImageOffer[]>('image', 'list');
    const usual = value.find(({ aliases }) => aliases.includes(manager.image));
    expect(usual).toMatchObject({ least: { cpu: '1', mem: expect.stringMatching(/^\d+$/) } });
    expect(usual?.sizeBytes).toBeGreaterThan(1 << 20);
    expect(rows(human).map(([reference]) => reference)).toEqual(value.map(({ reference }) => reference));
    expect(human.stderr).toMatch(/`bai session create \S+` makes a session/);

    const [path = '', tag = ''] = (usual?.reference ?? '').split(':').slice(-2);
    const words = [path.split('/').at(-1)?.toUpperCase() ?? '', tag];
    const [row, ...others] = rows(await run('image', 'ls', ...words));
    expect([row?.[0], others]).toEqual([usual?.reference, []]);
    const none = await run('image', 'list', ...words, 'no-such-word');
    expect(none.stdout).toBe('');
    expect(none.stderr).toMatch(/no image has .* no-such-word in its name .*`bai image list` shows all \d/);
  });

  test('folders are listed, or it is said how to get one', async () => {
    const { value, human } = await listed<readonly FolderOffer[]>('vfolder', 'list');
    expect(rows(human).map(([name]) => name)).toEqual(value.map(({ name }) => name));
    for (const { permission } of value) expect(permission).toMatch(/^(ro|rw|rw-delete)$/);
    expect(human.stderr).toMatch(value.length === 0 ? /you have no virtual folders/ : /--mount NAME/);
  });

  test('resources are groups with what is free, what is used and still allowed, and presets', async () => {
    const { value, human } = await listed<ResourceOffer>('resource', 'list');
    const group = value.groups.find(({ name }) => name === 'default');
    expect(Number(group?.free['cpu'])).toBeGreaterThan(0);
    expect(Number(group?.free['mem'])).toBeGreaterThan(gib);
    for (const amount of [value.used['cpu'], value.used['mem']]) expect(amount).toMatch(/^\d+(\.\d+)?$/);
    expect(value.presets.find(({ name }) => name === 'small')).toMatchObject({ isAvailable: true });
    const cells = rows(human);
    expect(cells.find(([kind, name]) => kind === 'group' && name === 'default')?.[2]).toBe('free');
    expect(cells.map(([kind]) => kind)).toEqual(expect.arrayContaining(['group', 'used', 'left', 'preset']));
  });

  test('projects are listed, with the one that new sessions belong to', async () => {
    const { value, human } = await listed<readonly ProjectOffer[]>('project', 'list');
    const chosen = value.find(({ isChosen }) => isChosen);
    expect(chosen).toMatchObject({
      name: 'default',
      domain: 'default',
      id: expect.stringMatching(/^[\da-f-]{36}$/),
    });
    expect(rows(human)).toContainEqual(['default', 'yes', 'default', chosen?.id]);
    expect(human.stderr).toContain('new sessions belong to the current project, default');
  });

  test('a project and a resource group that are none of yours are named, with those that are: 4', async () => {
    const options = { home: folder.path, env: manager.env };
    for (const [args, code, hint] of [
      [['--project', 'defualt'], 'project-not-found', 'known: default'],
      [['--scaling-group', 'no-such-group'], 'resource-group-not-found', 'known: default'],
    ] as const) {
      const refused = await bai(['resource', 'list', ...args, '--json'], options);
      const { error } = JSON.parse(refused.stderr);
      expect([refused.code, refused.stdout, error.code]).toEqual([4, '', code]);
      expect(error.hint).toContain(hint);
    }
  });
});

const releases = ['26.9.6', '23.09.10'];

test.each(releases)(
  '%s: folders have their owners, and those that nobody can mount are not there',
  async (release) => {
    await using bed = await openEmulator({
      release,
      folders: [
        'data',
        '.config',
        { name: 'lent', owner: 'shared', permission: 'ro' },
        { name: 'team', owner: 'project', permission: 'wd', status: 'cloning' },
        { name: 'closed', owner: 'shared', permission: 'none' },
        { name: 'gone', status: 'delete-pending' },
      ],
    });
    const list = await bed.bai(['vfolder', 'list']);
    expect(list.code).toBe(0);
    const shown = rows(list).map((cells) => cells.slice(0, 5).join(' '));
    expect(shown.toSorted()).toEqual([
      '.config rw own ready local:volume1',
      'data rw own ready local:volume1',
      'lent ro shared ready local:volume1',
      'team rw-delete project default cloning local:volume1',
    ]);
    expect(list.stderr).toContain('those that begin with a dot are in every session');
  },
);

test.each(releases)(
  '%s: a group that is taken is marked, and so is a limit that is used up',
  async (release) => {
    await using bed = await openEmulator({
      release,
      resources: {
        groups: [
          { name: 'default', machine: { cpu: 8, mem: 64 * gib } },
          { name: 'gpu', machine: { cpu: 2, mem: 4 * gib, 'cuda.device': 1 } },
          { name: 'bare' },
        ],
        presets: [{ name: 'huge', slots: { cpu: 4, mem: 8 * gib } }],
        limits: { cpu: 4 },
      },
    });
    await bed.create('fills', '--scaling-group', 'gpu', '-r', 'cpu=2', '-r', 'mem=1g');
    const before = await bed.bai(['resource', 'list']);
    expect(rows(before)).toEqual([
      ['group', 'default', 'free', '2/8', '64/64', '0'],
      ['group', 'gpu', 'full', '0/2', '3/4', '1/1'],
      ['group', 'bare', 'full', '0', '0', '0'],
      ['used', 'by you', '-', '2', '1', '0'],
      ['left', 'for you', '-', '2', 'no limit', 'no limit'],
      ['preset', 'huge', 'no', '4', '8', '-'],
    ]);
    expect(rows(await bed.bai(['resource', 'list', '--sgroup', 'default']))[1]?.[0]).toBe('used');
    // More than there is: it waits, and uses nothing.
    await bed.create('waits', '--no-wait', '-r', 'cpu=999');
    expect(rows(await bed.bai(['resource', 'list']))).toEqual(rows(before));
    await bed.create('more', '-r', 'cpu=2');
    const after = await bed.bai(['resource', 'list']);
    expect(rows(after)[0]?.slice(0, 4)).toEqual(['group', 'default', 'full', '0/8']);
    expect(after.stderr).toContain('you use all the cpu that you may');
  },
);

test('where machines are hidden, what is free is told without the whole', async () => {
  await using bed = await openEmulator({ resources: { hidesMachines: true } });
  const list = await bed.bai(['resource', 'list']);
  expect(rows(list)[0]).toEqual(['group', 'default', 'free', '64', '256']);
});

test('a chosen project that one is not in is warned of, with what to do', async () => {
  await using bed = await openEmulator();
  const list = await bed.bai(['project', 'list'], { env: { BACKEND_GROUP: 'research' } });
  expect([list.code, rows(list)[0]?.slice(0, 2)]).toEqual([0, ['default', '-']]);
  expect(list.stderr).toMatch(/warning: .*project research \(BACKEND_GROUP\), and you are not in it/);
  expect(list.stderr).toContain('hint: `bai config set project NAME`');
});

test.each([
  ['image', /keeps no list of images/],
  ['vfolder', /has no list of folders/],
  ['resource', /does not tell what is free/],
  ['project', /has no list of projects/],
])('on UCloud %s list says that there is none, and what to do instead: 2', async (group, reason) => {
  using folder = tempFolder();
  const env = { BAI_PROVIDER: 'ucloud', BAI_ENDPOINT: 'http://127.0.0.1:9', BAI_TOKEN: 'uc1-x' };
  const { code, stdout, stderr } = await bai([group, 'list', '--json'], { home: folder.path, env });
  const { error } = JSON.parse(stderr);
  expect([code, stdout, error.code]).toEqual([2, '', 'unsupported']);
  expect(error.message).toMatch(reason);
  expect(error.hint).not.toBe('');
});
