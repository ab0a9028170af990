/** Lists of what there is for new sessions, on terminals of all widths. */

import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { isMeant, nearImages, shortNames } from '../../src/core/session/image-names.ts';
import { folderTable, imageTable, projectTable, resourceTable } from '../../src/core/session/offer-tables.ts';
import type { FolderOffer, ImageOffer, ResourceOffer } from '../../src/core/session/offers.ts';
import { alignedTable, tabSeparated } from '../../src/output/table.ts';

const widths = [40, 60, 80];
const gib = 1024 ** 3;

const image = (reference: string, aliases: readonly string[] = []): ImageOffer => ({
  ...{ reference, aliases, architecture: 'x86_64', isInstalled: true, sizeBytes: 700 * 1024 ** 2 },
  least: { cpu: '1', mem: '67108864' },
});
const images = [
  image('cr.backend.ai/stable/python-pytorch:2.3-py311-cuda12.4', ['python-pytorch', 'python-pytorch:2.3']),
  image('cr.backend.ai/stable/python:3.12-ubuntu24.04', ['python', 'python:3.12', 'stable/python']),
];
const short = shortNames(images.map(({ reference }) => reference));

const folders: readonly FolderOffer[] = [
  {
    ...{ name: 'a-name-that-is-not-short-at-all', id: '5a0c85b6eabd45f48816d6e7bcdb78e1', owner: 'project' },
    ...{ permission: 'rw-delete', project: 'a-project-of-many', host: 'storage:volume1', status: 'ready' },
    isAutomatic: false,
  },
];

const resources: ResourceOffer = {
  groups: [
    {
      ...{
        name: 'a-group-with-a-long-name-that-is-cut',
        total: { cpu: '256', mem: `${1024 * gib}`, 'cuda.device': '8' },
      },
      free: { cpu: '255.999', mem: `${1023.999 * gib}`, 'cuda.device': '8' },
    },
    { name: 'busy', total: { cpu: '64', mem: `${gib}` }, free: { cpu: '0', mem: `${gib}` } },
    { name: 'untold', total: undefined, free: { cpu: '3' } },
    { name: 'empty', total: {}, free: {} },
  ],
  allowed: { cpu: '8' },
  used: { cpu: '2', mem: `${gib / 4}` },
  presets: [{ name: 'small', amounts: { cpu: '1', mem: `${gib}` }, isAvailable: true }],
};

const tables = {
  images: imageTable(images, { short, wide: false }),
  folders: folderTable(folders, false),
  resources: resourceTable(resources, false),
  projects: projectTable(
    [{ name: 'default', id: '29ca4e8c-cf47-43e4-b9e5-e428edd86774', domain: 'default', isChosen: true }],
    false,
  ),
};

describe.each(widths)('on %d columns', (columns) => {
  test.each(Object.entries(tables))('no line of %s wraps', (_, table) => {
    for (const line of alignedTable(table, columns).split('\n'))
      expect(stringWidth(line)).toBeLessThanOrEqual(columns);
  });

  test('every image has the whole name that session create takes', () => {
    const shown = alignedTable(tables.images, columns);
    expect(shown).toContain('python-pytorch:2.3-py311-cuda12.4');
    expect(shown).toMatch(/^python:3\.12-ubuntu24\.04/m);
    expect(shown).not.toContain('cr.backend.ai');
  });

  test('folders and projects have their whole names', () => {
    expect(alignedTable(tables.folders, columns)).toContain('a-name-that-is-not-short-at-all');
    expect(alignedTable(tables.projects, columns)).toMatch(/default +yes/);
  });

  test('of resources there are what is free of processors and memory, and whether it is all taken', () => {
    const lines = alignedTable(tables.resources, columns).split('\n');
    expect(lines[0]).toMatch(columns < 60 ? /^KIND +NAME +NOW +CPU/ : /^KIND +NAME +NOW +CPU +MEM GiB/);
    expect(lines.find((line) => line.includes('busy'))).toMatch(/^group +busy +full +0\/64/);
    expect(lines.find((line) => line.includes('a-group'))).toMatch(/free +255\.99\/256/);
  });
});

test('with --wide, and in a pipe, everything is whole', () => {
  const wide = alignedTable(imageTable(images, { short, wide: true }), 40);
  expect(wide).toContain('cr.backend.ai/stable/python:3.12-ubuntu24.04');
  expect(wide).toContain('INSTALLED');
  expect(tabSeparated(tables.images).split('\n')[1]).toBe(
    'cr.backend.ai/stable/python:3.12-ubuntu24.04\tpython, python:3.12, stable/python\tx86_64\t700.0 MiB\tcpu=1 mem=64.0MiB\tyes',
  );
  expect(tabSeparated(tables.resources).split('\n')).toEqual([
    'group\ta-group-with-a-long-name-that-is-cut\tfree\t255.99/256\t1023.99/1024\t8/8',
    'group\tbusy\tfull\t0/64\t1/1\t-',
    'group\tuntold\tfree\t3\t-\t-',
    'group\tempty\tfull\t-\t-\t-',
    'used\tby you\t-\t2\t0.25\t-',
    'left\tfor you\t-\t8\tno limit\tno limit',
    'preset\tsmall\tfits\t1\t1\t-',
  ]);
});

test('no amount is shown larger than it is, however large', () => {
  const huge = { cpu: '9'.repeat(40), mem: '1' };
  const table = resourceTable(
    { groups: [{ name: 'g', total: undefined, free: huge }], allowed: {}, used: {}, presets: [] },
    false,
  );
  expect(tabSeparated(table).split('\n')[0]).toBe(`group\tg\tfree\t${'9'.repeat(40)}\t0`);
});

test('names of a server cannot move the cursor, nor look like a line of bai', () => {
  const table = imageTable([image('cr.test/x:\u001b[2J', ['error: gone\nwarning: x'])], {
    short: new Map(),
    wide: true,
  });
  expect(alignedTable(table, 80)).toContain('cr.test/x:\\x1b[2J  error: gone\\nwarning: x');
});

test('thousands of images of one name have their short names as well, before anybody has to wait', () => {
  const tags = Array.from({ length: 20_000 }, (_, at) => `3.${at}-py${at % 7}-cuda12.4`);
  const names = shortNames(tags.map((tag) => `cr.test/stable/python:${tag}`));
  expect(names.get('cr.test/stable/python:3.19999-py0-cuda12.4')).toBe('python:3.19999-py0-cuda12.4');
  expect(new Set(names.values())).toHaveProperty('size', tags.length);
});

test('an image is called by the shortest end that means no other', () => {
  const references = [
    'cr.test/stable/python:3.12',
    'cr.test/dev/python:3.12',
    'cr.test/stable/python:3.1',
    'cr.test:5000/only/julia:1',
    'cr.test/a/r:4',
    'cr.test/a/r:4-ubuntu',
    'cr.test/x/r:5',
    'bare:1',
  ];
  const names = shortNames(references);
  expect(references.map((each) => names.get(each))).toEqual([
    ...['stable/python:3.12', 'dev/python:3.12', 'python:3.1', 'julia:1'],
    ...['cr.test/a/r:4', 'r:4-ubuntu', 'r:5', 'bare:1'],
  ]);
  for (const [reference, name] of names)
    expect(name === reference || references.filter((each) => isMeant(name, each))).toEqual(
      name === reference ? true : [reference],
    );
});

test('for a name that no image has those are named that hold it or are spelt like it, and then one of each kind', () => {
  const all = [
    image('cr.test/stable/python:3.11-ubuntu22.04', ['python']),
    image('cr.test/stable/python:3.12-ubuntu24.04', ['python:3.12']),
    image('cr.test/stable/python-pytorch:2.3-py311', ['pytorch-nightly']),
    image('cr.test/stable/r-base:4.3'),
  ];
  const [older, newer, torch, r] = [
    'python:3.11-ubuntu22.04',
    'python:3.12-ubuntu24.04',
    'python-pytorch:2.3-py311',
    'r-base:4.3',
  ];
  expect(nearImages('pytorch', all)[0]).toBe(torch);
  expect(nearImages('pyhton:3.12', all).slice(0, 2)).toEqual([older, newer]);
  expect(nearImages('cr.other/x/r-base:9', all)[0]).toBe(r);
  expect(nearImages('nonsense', all)).toEqual([older, torch, r]);
  expect(nearImages('nonsense', [])).toEqual([]);
});
