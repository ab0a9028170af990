/** `session list`: words for fields, order, filters, columns, and what counts as a change. */

import { describe, expect, test } from 'vitest';
import { changesBetween, jsonContent } from '../../src/core/session/list-changes.ts';
import { fits, parseFilters, statusesFor, statusWord } from '../../src/core/session/list-filter.ts';
import { compareTexts, parseSort, sortSessions } from '../../src/core/session/list-sort.ts';
import { lastingCells, parseColumns, sessionTable } from '../../src/core/session/list-table.ts';
import { UsageError } from '../../src/errors.ts';
import { backendAi } from '../../src/providers/backend-ai/provider.ts';
import type { ComputeSession } from '../../src/providers/backend-ai/session/compute-session.ts';
import { listing as rescaleListing } from '../../src/providers/rescale/listing.ts';
import { listing as ucloudListing } from '../../src/providers/ucloud/listing.ts';

const { listing } = backendAi;
const now = Date.parse('2026-11-30T12:00:00Z');

function session(name: string, more: Partial<ComputeSession> = {}): ComputeSession {
  return {
    ...{ id: `${name}-0000`, name, status: 'RUNNING', statusInfo: '', type: 'interactive' },
    ...{ image: 'cr.backend.ai/stable/python:3.11', project: 'lab', resourceGroup: 'gpu', accessKey: 'AK' },
    ...{
      nodes: 1,
      createdAt: '2026-11-30T11:00:00+00:00',
      terminatedAt: '',
      provider: 'backend.ai' as const,
    },
    ...{ resources: { cpu: '2', mem: '4294967296' }, services: [] },
    ...more,
  };
}

const sorted = (sessions: readonly ComputeSession[], words: string): string[] =>
  sortSessions(sessions, parseSort(words, listing), listing).map(({ name }) => name);

const filtered = (sessions: readonly ComputeSession[], ...filters: string[]): string[] =>
  sessions.filter((each) => fits(each, parseFilters(filters, listing))).map(({ name }) => name);

describe('--sort', () => {
  const three = [
    session('run-10', { nodes: 10, createdAt: '2026-11-30T11:30:00+00:00', resources: { mem: '9' } }),
    session('run-2', { nodes: 9, createdAt: '2026-11-30T19:45:00+09:00', resources: { mem: '10' } }),
    session('run-1', { nodes: 10, createdAt: '', resources: {} }),
  ];

  test.each([
    ['name', ['run-1', 'run-2', 'run-10']],
    ['-name', ['run-10', 'run-2', 'run-1']],
    ['nodes,name', ['run-2', 'run-1', 'run-10']],
    ['-NODES,-name', ['run-10', 'run-1', 'run-2']],
    // What has no value comes last both ways.
    ['createdAt', ['run-2', 'run-10', 'run-1']],
    ['-created_at', ['run-10', 'run-2', 'run-1']],
    ['age', ['run-10', 'run-2', 'run-1']],
    ['-age', ['run-2', 'run-10', 'run-1']],
    ['resources.mem', ['run-10', 'run-2', 'run-1']],
  ])('%s: numbers, times and ages as what they are', (words, expected) => {
    expect(sorted(three, words)).toEqual(expected);
  });

  test('RESOURCES goes by processors, then by bytes, and not by what a terminal shows of them', () => {
    const sizes = { half: '536870912', four: '4294967296', ten: '10737418240' };
    const mixed = Object.entries(sizes).map(([name, mem]) => session(name, { resources: { mem, cpu: '1' } }));
    const all = [
      ...mixed,
      session('none', { resources: {} }),
      session('ten-cpus', { resources: { cpu: '10' } }),
    ];
    expect(sorted(all, 'resources')).toEqual(['half', 'four', 'ten', 'ten-cpus', 'none']);
    expect(sorted(all, '-resources')).toEqual(['ten-cpus', 'ten', 'four', 'half', 'none']);
  });

  test('what is alike stays in the order of the platform', () => {
    expect(sorted(three, 'type,status')).toEqual(['run-10', 'run-2', 'run-1']);
  });

  test('is an order: of any three texts', () => {
    const texts = [
      '',
      '1',
      '10',
      '9',
      '-3',
      '2.5',
      '2026-11-30T11:00:00Z',
      '2026-11-30T19:00:00+09:00',
      'a',
      'a2',
      'a10',
      '세션',
      '123456789012345678901',
      '123456789012345678902',
    ];
    for (const a of texts)
      for (const b of texts) {
        expect(Math.sign(compareTexts(a, b)) + Math.sign(compareTexts(b, a)), `${a} ${b}`).toBe(0);
      }
    expect(compareTexts('123456789012345678901', '123456789012345678902')).toBeLessThan(0);
  });
});

describe('--filter', () => {
  const some = [
    session('train-1', { type: 'batch' }),
    session('train-2', { project: 'other', id: 'bd2a3ab3-9766-499f-b64f-04f84f7bc3f4' }),
    session('web', { image: 'cr.backend.ai/stable/r-base:4.3', status: 'PENDING', endsBecause: 'idle' }),
  ];

  test.each([
    [['name=train-*'], ['train-1', 'train-2']],
    [['name=train-?', 'type=BATCH'], ['train-1']],
    [
      ['name=train-1', 'name=web'],
      ['train-1', 'web'],
    ],
    [['name=train-1', 'name=web', 'status=pending'], ['web']],
    [['image=python*'], ['train-1', 'train-2']],
    [['image=cr.backend.ai/stable/r-base:4.3'], ['web']],
    [['id=bd2a3ab3'], ['train-2']],
    [['id=bd2a'], ['train-2']],
    [['project=other'], ['train-2']],
    [['group=other'], ['train-2']],
    [['resource-group=gpu', 'name=web'], ['web']],
    [['endsBecause=idle'], ['web']],
    [['endsBecause='], ['train-1', 'train-2']],
    [['resources.cpu=2', 'name=w*'], ['web']],
    [['resources.cpu=3'], []],
    [['name=train'], []],
    [['name=.*'], []],
    [['id='], []],
  ])('%j', (filters, expected) => {
    expect(filtered(some, ...filters)).toEqual(expected);
  });

  test('one of the values of a field with several is enough', () => {
    const job = { id: 'a', name: 'a', status: 'Executing', createdAt: '', analyses: ['One', 'Two'] };
    expect(fits(job, parseFilters(['analysis=two'], rescaleListing))).toBe(true);
    expect(fits(job, parseFilters(['analysis=one, two'], rescaleListing))).toBe(false);
  });

  test.each([
    [['status=terminated'], ['TERMINATED']],
    [
      ['status=running', 'status=Terminated'],
      ['RUNNING', 'TERMINATED'],
    ],
    [['status=*ing'], 'live'],
    [['status=term*'], 'all'],
    [['name=x'], 'live'],
  ])('%j asks for ended sessions where they are meant', (filters, statuses) => {
    expect(statusesFor(parseFilters(filters, listing), backendAi)).toEqual(statuses);
  });

  test('a state is known in any case, and with or without the blank', () => {
    expect(statusWord('force_stop', '--status', rescaleListing)).toBe('Force Stop');
    expect(statusWord('executing', '--status', rescaleListing)).toBe('Executing');
    expect(statusWord('Running_Degraded', '--status', listing)).toBe('RUNNING_DEGRADED');
  });
});

test.each([
  ['--sort', () => parseSort('nam', listing), 'did you mean name'],
  ['--sort', () => parseSort('-nmae,id', listing), 'did you mean name'],
  ['--columns', () => parseColumns('name,stauts', listing), 'did you mean status?'],
  ['--columns', () => parseColumns('name,,id', listing), 'fields: id, name'],
  ['--columns', () => parseColumns('constructor', listing), 'fields: id, name'],
  ['--filter', () => parseFilters(['resourcegrp=x'], listing), 'resourceGroup?'],
  ['--filter', () => parseFilters(['status=runing'], listing), 'did you mean RUNNING?'],
  ['--filter', () => parseFilters(['name'], listing), undefined],
])('%s with a wrong word is a usage error that says what is near', (option, parse, hint) => {
  const error = caught(parse);
  expect(error).toBeInstanceOf(UsageError);
  expect(error.message).toContain(option);
  if (hint !== undefined) expect(error.hint).toContain(hint);
});

function caught(run: () => unknown): UsageError {
  try {
    run();
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('--columns', () => {
  const all = { columns: undefined, allUsers: false, wide: false };
  const view = { listing, now };

  test('have the order that was asked for, and are columns of the table or fields of --json', () => {
    const columns = parseColumns('age,NAME,createdAt,resources.cpu,group', listing);
    const table = sessionTable([session('a')], { ...all, columns }, view);
    expect(table.columns.map((column) => (typeof column === 'string' ? column : column.title))).toEqual([
      'AGE',
      'NAME',
      'CREATED AT',
      'RESOURCES.CPU',
      'PROJECT',
    ]);
    expect(table.rows).toEqual([['60m', 'a', '2026-11-30T11:00:00+00:00', '2', 'lab']]);
  });

  test('that were asked for do not give way to the width of the terminal', () => {
    const { columns } = sessionTable([], { ...all, columns: parseColumns('type', listing) }, view);
    expect(columns[0]).not.toHaveProperty('gives');
  });

  test.each([backendAi.listing, ucloudListing, rescaleListing])('each has a word of its own', (each) => {
    for (const { title, field } of each.columns) {
      expect(parseColumns(title.toLowerCase(), each)[0]?.name).toBe(field);
      expect(parseColumns(field, each)[0]?.name).toBe(field);
    }
  });

  test('OWNER is there with the sessions of all users, and when it is asked for', () => {
    const titles = (wish: Parameters<typeof sessionTable>[1]): unknown[] =>
      sessionTable([], wish, view).columns.map((column) => typeof column === 'object' && column.title);
    expect(titles(all)).not.toContain('OWNER');
    expect(titles({ ...all, allUsers: true }).at(-1)).toBe('OWNER');
    expect(titles({ ...all, columns: parseColumns('owner', listing) })).toEqual(['OWNER']);
  });
});

describe('what has become of a list', () => {
  const idle = { endsAt: '2026-11-30T12:10:00Z', endsBecause: 'idle' } as const;
  const before = [session('a'), session('b', idle), session('c')];
  const later = { ...idle, endsAt: '2026-11-30T12:20:00Z' };
  const after = [session('new'), session('a'), session('b', later), session('c', { status: 'TERMINATING' })];
  const told = (contentOf: (each: ComputeSession) => string): string[] =>
    changesBetween(before, after.slice(0, 4), contentOf as never).map(
      (change) => `${change.event} ${change.session.name}`,
    );

  test('an end that moves on is no change, in --json and in lines', () => {
    expect(told(jsonContent)).toEqual(['added new', 'changed c']);
    const wish = { columns: undefined, allUsers: false, wide: false };
    expect(told((each) => lastingCells(each, wish, listing).join('\t'))).toEqual(['added new', 'changed c']);
  });

  test('in lines only what they show is a change', () => {
    const wish = { columns: parseColumns('name,age', listing), allUsers: false, wide: false };
    expect(told((each) => lastingCells(each, wish, listing).join('\t'))).toEqual(['added new']);
  });

  test('what is not there any more is told as it was', () => {
    const [change] = changesBetween(before, before.slice(1), jsonContent);
    expect(change).toEqual({ event: 'removed', session: before[0] });
  });
});
