/** What somebody is asked about a new session, in which order, and what comes of the answers. */

import { expect, test } from 'vitest';
import type { Choice, Questions, TextWish } from '../../src/core/questions.ts';
import type { Reporter } from '../../src/core/reporter.ts';
import type { FolderOffer, ImageOffer, ResourceOffer } from '../../src/core/session/offers.ts';
import type { Provider } from '../../src/core/session/provider.ts';
import { DeniedError } from '../../src/errors.ts';
import { isMountable } from '../../src/providers/backend-ai/create/create-request.ts';
import { type AskSessionRequest, askSession } from '../../src/services/session/ask-session.ts';
import { providerWith } from '../support/provider.ts';

const image = (reference: string, more: Partial<ImageOffer> = {}): ImageOffer => ({
  reference,
  aliases: [],
  architecture: 'x86_64',
  isInstalled: true,
  sizeBytes: undefined,
  least: { cpu: '1', mem: '1073741824' },
  ...more,
});
const python = image('cr.example.com/stable/python:3.11-ubuntu22.04', { aliases: ['python:3.11'] });
const torch = image('cr.example.com/stable/pytorch:2.5-cuda12');
const folder = (name: string, more: Partial<FolderOffer> = {}): FolderOffer => ({
  ...{ name, id: name, permission: 'rw', owner: 'own', project: undefined, host: 'store', status: 'ready' },
  ...{ isAutomatic: false, ...more },
});
const offered: ResourceOffer = {
  groups: [
    { name: 'full', total: undefined, free: { cpu: '0', mem: '0' } },
    { name: 'gpu', total: undefined, free: { mem: '204010946561', cpu: '28', 'cuda.shares': '3.5' } },
  ],
  allowed: { cpu: '8', mem: '34359738368' },
  used: {},
  presets: [
    { name: 'tiny', amounts: { cpu: '1', mem: '536870912' }, isAvailable: true },
    { name: 'small', amounts: { cpu: '2', mem: '4294967296' }, isAvailable: true },
    { name: 'huge', amounts: { cpu: '64', mem: '4294967296' }, isAvailable: false },
  ],
};

const oneGroup: ResourceOffer = { ...offered, groups: offered.groups.slice(1) };

type Answer = (labels: readonly string[]) => string | readonly string[];

interface Asked {
  readonly question: string;
  readonly labels: readonly string[];
}

/** Somebody who gives these answers, by labels; `first` is Enter. */
function person(...answers: readonly Answer[]) {
  const asked: Asked[] = [];
  const problems: string[] = [];
  let next = 0;
  const answerTo = (question: string, choices: readonly Choice<unknown>[]) => {
    const labels = choices.map(({ label, note }) => (note ? `${label} | ${note}` : label));
    asked.push({ question, labels });
    const answer = answers[next++];
    if (answer === undefined) throw new Error(`nobody knows an answer to ${question}`);
    return answer(labels);
  };
  const chosenOf = <T>(choices: readonly Choice<T>[], label: string): T => {
    const found = choices.find((choice) => choice.label === label);
    if (found === undefined)
      throw new Error(`there is no ${label} among ${choices.map((each) => each.label).join(', ')}`);
    return found.value;
  };
  const ask: Questions = {
    one: async (question, choices) => chosenOf(choices, String(answerTo(question, choices))),
    several: async (question, choices) =>
      [answerTo(question, choices)].flat().map((label) => chosenOf(choices, label)),
    async text(question, wish: TextWish) {
      for (;;) {
        const text = String(answerTo(question, [{ value: '', label: wish.usual }])) || wish.usual;
        const problem = wish.problemOf(text);
        if (problem === undefined) return text;
        problems.push(problem);
      }
    },
  };
  return { ask, asked, problems };
}

const first: Answer = (labels) => labels[0]?.split(' | ')[0] ?? '';
const say =
  (...labels: string[]): Answer =>
  () =>
    labels;

interface Place {
  readonly calls?: Partial<Provider>;
  readonly last?: string;
  readonly request?: Partial<AskSessionRequest>;
}

async function run(who: ReturnType<typeof person>, { calls = {}, last, request = {} }: Place = {}) {
  const warnings: string[] = [];
  const told: string[] = [];
  const reporter = {
    busy: () => ({ stop: () => {} }),
    yieldTerminal: () => ({ [Symbol.dispose]: () => {} }),
    warn: (message: string) => void warnings.push(message),
    info: (message: string) => void told.push(message),
  } as unknown as Reporter;
  const answer = await askSession(
    { has: { folders: false, resources: false }, mounted: [], isMountable, scope: {}, ...request },
    {
      provider: providerWith({
        images: async () => [torch, python],
        folders: async () => [],
        resources: async () => oneGroup,
        ...calls,
      }),
      reporter,
      signal: new AbortController().signal,
      lastImage: { read: async () => last, write: async () => {} },
      ask: who.ask,
    },
  );
  return { answer, warnings, told };
}

test('Enter three times takes the first image, no folder and the first preset that the image fits in', async () => {
  const who = person(first, () => [], first);
  const { answer } = await run(who, { calls: { folders: async () => [folder('data')] } });
  expect(answer).toEqual({
    image: torch.reference,
    shortName: 'pytorch:2.5-cuda12',
    architecture: undefined,
    folders: [],
    group: undefined,
    resources: ['cpu=2', 'mem=4g'],
  });
  expect(who.asked.map(({ question }) => question)).toEqual([
    'Image',
    'Folders to mount',
    'Size; free in gpu: cpu=28 mem=190g cuda.shares=3.5; allowed: cpu=8 mem=32g',
  ]);
});

test.each([
  ['its whole name', python.reference],
  ['an alias', 'python:3.11'],
])('the image that was used last, by %s, comes first and is called so', async (_how, last) => {
  const who = person(first, first);
  const { answer } = await run(who, { last });
  expect(answer.image).toBe(python.reference);
  expect(who.asked[0]?.labels).toEqual([
    'python:3.11-ubuntu22.04 | (last used)  x86_64  cr.example.com/stable',
    'pytorch:2.5-cuda12 | x86_64  cr.example.com/stable',
  ]);
});

test('an image that is gone is not remembered', async () => {
  const who = person(first, first);
  expect((await run(who, { last: 'gone:1' })).answer.image).toBe(torch.reference);
});

test('an architecture is told only where one name has several', async () => {
  const arm = image(python.reference, { architecture: 'aarch64' });
  const who = person(first, first);
  const { answer } = await run(who, { calls: { images: async () => [arm, python] } });
  expect(answer).toMatchObject({ image: python.reference, architecture: 'aarch64' });
});

test('folders say what one may do and whose they are; automatic, broken and mounted ones are not offered', async () => {
  const folders = [
    folder('.local', { isAutomatic: true }),
    folder('data'),
    folder('models', { permission: 'ro', owner: 'shared' }),
    folder('lab', { owner: 'project', project: 'physics', permission: 'rw-delete' }),
    folder('broken', { status: 'error' }),
    folder('always'),
  ];
  const who = person(first, say('data', 'lab'), first);
  const { answer } = await run(who, {
    calls: { folders: async () => folders },
    request: { mounted: ['always'] },
  });
  expect(answer.folders).toEqual(['data', 'lab']);
  expect(who.asked[1]).toEqual({
    question: 'Folders to mount beside always',
    labels: [
      'data | rw  own  store',
      'models | ro  shared  store',
      'lab | rw-delete  project physics  store',
    ],
  });
});

test('a folder that --mount would take for another one, or that cannot be typed, is not offered', async () => {
  const names = ['a=b', 'x:y', '../up', 'evil\u202e', ' padded', '-rf', "it's $x"];
  const who = person(first, say('-rf', "it's $x"), first);
  const { answer, told } = await run(who, {
    calls: { folders: async () => names.map((name) => folder(name)) },
  });
  expect(answer.folders).toEqual(['-rf', "it's $x"]);
  expect(who.asked[1]?.labels).toEqual(['-rf | rw  own  store', "it's $x | rw  own  store"]);
  expect(told.join()).toContain('not offered: "a=b", "x:y", "../up"');
});

test('what is given is neither looked up nor asked', async () => {
  const never = async (): Promise<never> => {
    throw new Error('this was not to be looked up');
  };
  const who = person(first);
  const { answer } = await run(who, {
    calls: { folders: never, resources: never },
    request: { has: { folders: true, resources: true } },
  });
  expect(answer).toMatchObject({ folders: [], resources: [] });
});

test('only what is free in the resource group that was given is shown', async () => {
  const scopes: unknown[] = [];
  const who = person(first, first);
  await run(who, {
    request: { scope: { group: 'gpu', project: 'lab' } },
    calls: {
      async resources(_signal, scope) {
        scopes.push(scope);
        return offered;
      },
    },
  });
  expect(scopes).toEqual([{ group: 'gpu', project: 'lab' }]);
  expect(who.asked[1]?.question).not.toContain('full');
});

test('of several resource groups one is chosen, those with something free first, and presets have to fit in it', async () => {
  const calls = { resources: async () => offered };
  const who = person(first, first, first);
  expect((await run(who, { calls })).answer).toMatchObject({ group: 'gpu', resources: ['cpu=2', 'mem=4g'] });
  expect(who.asked[1]).toEqual({
    question: 'Resource group',
    labels: ['gpu | free: cpu=28 mem=190g cuda.shares=3.5', 'full | nothing free'],
  });
  const brave = person(first, say('full'), first);
  expect((await run(brave, { calls })).answer).toMatchObject({
    group: 'full',
    resources: ['cpu=1', 'mem=1g'],
  });
});

test('who has used all the processors is not told that memory is free, and no such group is the first', async () => {
  const mem = '6839861248';
  const groups = [
    { name: 'default', total: undefined, free: { cpu: '0', mem } },
    { name: 'gpu', total: undefined, free: { cpu: '2', mem, 'cuda.device': '4' } },
  ];
  const calls = { resources: async () => ({ ...offered, groups, presets: [] }) };
  const who = person(first, say('default'), first);
  await run(who, { calls });
  expect(who.asked[1]?.labels).toEqual([
    'gpu | free: cpu=2 mem=6.3g cuda.device=4',
    'default | full; free: cpu=0 mem=6.3g',
  ]);
  expect(who.asked[2]?.question).toContain('; free in default: cpu=0 mem=6.3g; ');
  expect(who.asked[2]?.labels[0]).toBe('the least | cpu=1 mem=1g; it has to wait until so much is free');
});

test('own amounts are checked against the image and the limits, and Enter takes the least', async () => {
  const wrong = ['many', 'cpu=x', 'cpu=1 mem=512m', 'cpu=9 mem=2g', 'cpu=1 mem=2g gpus=1'].map((text) =>
    say(text),
  );
  const who = person(first, say('own amounts'), ...wrong, say('cpu=4, mem=16g cuda.shares=0.5'));
  const { answer } = await run(who);
  expect(answer.resources).toEqual(['cpu=4', 'mem=16g', 'cuda.shares=0.5']);
  expect(who.problems).toEqual([
    'many is no NAME=AMOUNT such as cpu=4, mem=16g or cuda.shares=0.5',
    'cpu=x is no NAME=AMOUNT such as cpu=4, mem=16g or cuda.shares=0.5',
    'the image needs mem=1g at least',
    'you may use cpu=8 more at most',
    'there is no resource gpus; there are cpu, mem, cuda.shares',
  ]);
  const lazy = person(first, say('own amounts'), say(''));
  expect((await run(lazy)).answer.resources).toEqual(['cpu=1', 'mem=1g']);
});

test('without a preset that fits Enter takes the least that the image takes', async () => {
  const who = person(first, first);
  const { answer } = await run(who, { calls: { resources: async () => ({ ...oneGroup, presets: [] }) } });
  expect(answer.resources).toEqual(['cpu=1', 'mem=1g']);
});

test('an image that tells no least leaves the size to the server', async () => {
  const who = person(first, first);
  const bare = { ...oneGroup, presets: [] };
  const { answer } = await run(who, {
    calls: { images: async () => [image('bare:1', { least: {} })], resources: async () => bare },
  });
  expect(answer.resources).toEqual([]);
});

test('what cannot be looked up is told, and the rest is asked', async () => {
  const refuse = async (): Promise<never> => {
    throw new DeniedError('no role');
  };
  const who = person(first, first);
  const { answer, warnings } = await run(who, { calls: { folders: refuse, resources: refuse } });
  expect(answer).toMatchObject({ folders: [], resources: ['cpu=1', 'mem=1g'] });
  expect(warnings.sort()).toEqual([
    'nothing is known about amounts: no role',
    'nothing is known about folders: no role',
  ]);
});

test('without any image the reason is told', async () => {
  await expect(run(person(), { calls: { images: async () => [] } })).rejects.toMatchObject({
    code: 'image-not-found',
  });
});
