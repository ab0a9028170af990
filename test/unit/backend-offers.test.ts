/** What managers answer about images, folders, resources and projects, honest or not. */

import { expect, test } from 'vitest';
import type { ManagerClient } from '../../src/providers/backend-ai/manager/client.ts';
import { negotiate } from '../../src/providers/backend-ai/manager/release.ts';
import { folderOffers } from '../../src/providers/backend-ai/offers/folders.ts';
import { imageOffers } from '../../src/providers/backend-ai/offers/images.ts';
import { projectOffers } from '../../src/providers/backend-ai/offers/projects.ts';
import { resourceOffer } from '../../src/providers/backend-ai/offers/resources.ts';

const { signal } = new AbortController();

interface Asked {
  readonly path: string;
  /** What GraphQL is asked for. */
  readonly field: string;
  readonly project: string | undefined;
  readonly offset: number;
}

/** A manager that answers with what `say` returns, whatever the schema makes of it. */
function manager(say: (asked: Asked) => unknown, release = '26.9.6') {
  const warnings: string[] = [];
  const client: ManagerClient = {
    ...unused,
    release: async () => negotiate('v9.20250722', release),
    json: async (call, schema) => {
      const body = (call.body ?? {}) as { query?: string; variables?: { offset?: number } };
      const field = /\{\s*(\w+)/.exec(body.query ?? '')?.[1] ?? '';
      const { offset = 0 } = body.variables ?? {};
      const answer = say({ path: call.path, field, project: call.query?.['group_id'], offset });
      return schema.parse(field === '' || isGraphql(answer) ? answer : { data: { [field]: answer } });
    },
  };
  return { client, warnings, warn: (message: string) => void warnings.push(message) };
}

const notAsked = async (): Promise<never> => {
  throw new Error('lists need no such call');
};
const unused = {
  isConsole: false,
  open: notAsked,
  bytes: notAsked,
  likelyRelease: notAsked,
  lastRelease: notAsked,
  byRelease: notAsked,
  signUpgrade: notAsked,
  explainUpgrade: notAsked,
};

function isGraphql(answer: unknown): boolean {
  return typeof answer === 'object' && answer !== null && 'errors' in answer;
}

const image = (tag: string, more: Record<string, unknown> = {}) => ({
  ...{ registry: 'cr.test', name: 'stable/python', tag, architecture: 'x86_64' },
  ...more,
});

async function imagesOf(rows: readonly unknown[]) {
  const { client } = manager(() => rows);
  return { images: await imageOffers(client, signal) };
}

test('of images the newest tag stands first, and names by alphabet', async () => {
  const { images } = await imagesOf([
    image('3.9-ubuntu20.04'),
    { ...image('1'), name: 'stable/zig' },
    image('3.12-ubuntu22.04'),
    image('latest'),
    { ...image('2.3'), name: 'stable/julia' },
  ]);
  expect(images.map(({ reference }) => reference.replace('cr.test/stable/', ''))).toEqual([
    ...['julia:2.3', 'python:latest', 'python:3.12-ubuntu22.04', 'python:3.9-ubuntu20.04', 'zig:1'],
  ]);
});

test.each([
  [123_456_789, 123_456_789],
  ['123456789', 123_456_789],
  [0, undefined],
  [-1, undefined],
  [1e300, undefined],
  [0.5, undefined],
  ['many', undefined],
  [null, undefined],
])('an image of %j bytes has %j', async (told, shown) => {
  const { images } = await imagesOf([image('1', { size_bytes: told })]);
  expect(images[0]?.sizeBytes).toBe(shown);
});

test('what an image needs is told without what it does not, and whatever makes no sense', async () => {
  const limits = [
    { key: 'cpu', min: '1', max: 'Infinity' },
    { key: 'mem', min: '64m' },
    { key: 'cuda.device', min: '0' },
    { key: 'tpu', min: { a: 1 } },
    { key: 'ipu', min: 'NaN' },
    null,
  ];
  const { images } = await imagesOf([image('1', { resource_limits: limits, aliases: ['py', null, ''] })]);
  expect(images[0]).toMatchObject({ least: { cpu: '1', mem: '67108864' }, aliases: ['py'] });
});

test('rows that are no image are left out, and of the others none, so that words find each', async () => {
  const { images } = await imagesOf([
    { ...image('1'), name: null },
    image('t'.repeat(5_000_000)),
    image('\u001b]0;x\u0007'),
    ...Array.from({ length: 6_000 }, (_, at) => image(`0.${at}`)),
  ]);
  expect(images).toHaveLength(6_001);
  expect(images.every(({ reference }) => reference.length < 600)).toBe(true);
});

const folder = (name: string, more: Record<string, unknown> = {}) => ({
  ...{ name, id: `id-of-${name}`, host: 'local:volume1', status: 'ready', permission: 'rw' },
  ...{ is_owner: true, ownership_type: 'user', group: null, ...more },
});

test('folders of projects are asked for where the release lists them apart, each once', async () => {
  const project = { id: '29CA4E8C-cf47-43e4-b9e5-e428edd86774', name: 'team' };
  const team = folder('shared', { is_owner: false, ownership_type: 'group', group_name: '' });
  const group = project.id.toLowerCase().replaceAll('-', '');
  const say = ({ field, project: asked }: Asked): unknown => {
    if (field === 'user') return { domain_name: 'default', groups: [project] };
    return asked === undefined ? [folder('mine')] : [folder('mine'), { ...team, group }];
  };
  const { client, warn } = manager(say);
  const folders = await folderOffers(client, { warn, signal });
  expect(folders.map(({ name, owner, project: of }) => [name, owner, of])).toEqual([
    ['mine', 'own', undefined],
    ['shared', 'project', 'team'],
  ]);
  const old = manager(say, '26.8.1');
  expect((await folderOffers(old.client, { warn, signal })).map(({ name }) => name)).toEqual(['mine']);
});

test.each([
  ['closed to the caller', { permission: 'none' }],
  ['of a permission that nobody knows', { permission: 'rwx' }],
  ['in the trash', { status: 'delete-pending' }],
  ['without a name', { name: '' }],
  ['with an endless name', { name: 'n'.repeat(1_000_000) }],
])('a folder that is %s is none that a session can mount', async (_, facts) => {
  const { client, warn } = manager(
    () => [folder('x', facts), folder('.dot', { permission: 'WD' })],
    '25.15.12',
  );
  expect(await folderOffers(client, { warn, signal })).toMatchObject([
    { name: '.dot', permission: 'rw-delete', isAutomatic: true },
  ]);
});

test('the chosen project is known by its name and by its id; others of no name are left out', async () => {
  const { client } = manager(() => ({
    domain_name: null,
    groups: [null, { id: 'ID-1', name: 'a' }, { id: 'id-2', name: 'b' }, { id: '3', name: ' ' }],
  }));
  const chosenOf = async (chosen: string) =>
    (await projectOffers(client, { chosen, signal })).map(({ name, isChosen }) => [name, isChosen]);
  expect(await chosenOf('a')).toEqual([
    ['a', true],
    ['b', false],
  ]);
  expect(await chosenOf('ID-2')).toEqual([
    ['a', false],
    ['b', true],
  ]);
});

const unlimited = { cpu: 'Infinity', mem: 'Infinity' };
const checked = (groups: Record<string, unknown>, more: Record<string, unknown> = {}) => ({
  keypair_limits: unlimited,
  keypair_using: { cpu: '0', mem: '0' },
  keypair_remaining: unlimited,
  group_limits: { cpu: 'NaN' },
  scaling_groups: groups,
  presets: [],
  ...more,
});
const none = { errors: [{ message: 'No such agent.' }] };
const machine = (id: number, group: string, slots: unknown, schedulable: unknown = true) => ({
  ...{ id: `m-${id}`, scaling_group: group, available_slots: slots, schedulable },
});

async function offerOf(check: unknown, machines: (offset: number) => unknown, group?: string) {
  const { client, warn } = manager(({ field, offset }) => (field === '' ? check : machines(offset)));
  return resourceOffer(client, { project: 'default', group, warn, signal });
}

test('what is unlimited, or not told, is in no limit; what is below zero is nothing', async () => {
  const groups = { default: { remaining: { cpu: '64.000000', mem: '-5' } } };
  const { allowed, used, groups: shown } = await offerOf(checked(groups), () => none);
  expect([allowed, used]).toEqual([{}, { cpu: '0', mem: '0' }]);
  expect(shown).toEqual([{ name: 'default', total: undefined, free: { cpu: '64', mem: '0' } }]);
});

test('totals are those of machines that take sessions, over all pages; a group without machines has nothing free', async () => {
  const machines = Array.from({ length: 150 }, (_, at) => machine(at, 'a', '{"cpu":"2","mem":"0.5"}'));
  const pageAt = (offset: number) => ({
    total_count: 151,
    items: [...machines, machine(150, 'a', '{"cpu":"9"}', false)].slice(offset, offset + 100),
  });
  const left = { cpu: '500', mem: 'Infinity', gpu: '1' };
  const { groups } = await offerOf(checked({ a: { remaining: left }, b: { remaining: left } }), pageAt);
  expect(groups).toEqual([
    { name: 'a', total: { cpu: '300', mem: '75' }, free: { cpu: '300', gpu: '0' } },
    { name: 'b', total: {}, free: { cpu: '0', gpu: '0' } },
  ]);
});

test('pages of machines without end are given up, and no totals told', async () => {
  let pages = 0;
  const { groups } = await offerOf(checked({ a: { remaining: { cpu: '1' } } }), (offset) => {
    pages += 1;
    const items = Array.from({ length: 100 }, (_, at) => machine(offset + at, 'a', '{"cpu":"2"}'));
    return { total_count: 1e308, items };
  });
  expect(groups).toEqual([{ name: 'a', total: undefined, free: { cpu: '1' } }]);
  expect(pages).toBe(50);
});

test('presets and groups with names that are none are left out; amounts of wrong types too', async () => {
  const presets = [
    { name: 'ok', resource_slots: { cpu: '1', mem: [1] }, allocatable: true },
    { name: '', resource_slots: {} },
    { name: 'p'.repeat(1_000_000) },
    { name: '\u202egpj', resource_slots: 'text' },
    null,
  ];
  const offer = await offerOf(checked({ ' ': {}, g: {} }, { presets }), () => none);
  expect(offer.groups).toEqual([{ name: 'g', total: undefined, free: {} }]);
  expect(offer.presets).toEqual([
    { name: 'ok', amounts: { cpu: '1' }, isAvailable: true },
    { name: '\u202egpj', amounts: {}, isAvailable: false },
  ]);
});
