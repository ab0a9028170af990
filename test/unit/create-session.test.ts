/** Creating: what is checked before the call, and which image is meant. */

import { expect, test } from 'vitest';
import type { Reporter, Step } from '../../src/core/reporter.ts';
import { type BaiError, NotFoundError } from '../../src/errors.ts';
import { createSession as createFrom } from '../../src/providers/backend-ai/create/create-session.ts';
import type {
  ComputeSessionRequest,
  ImageSummary,
  SessionCalls,
} from '../../src/providers/backend-ai/session/compute-session.ts';
import { createSession } from '../../src/services/session/create-session.ts';
import { providerWith } from '../support/provider.ts';

const base: ComputeSessionRequest = {
  image: 'python:3.11',
  name: 'demo',
  type: 'interactive',
  project: 'default',
  domain: 'default',
  clusterSize: 1,
  clusterMode: 'single-node',
  mounts: {},
  environment: {},
  resources: {},
  resourceOptions: {},
  preopenPorts: [],
  reuse: true,
};

const image = (reference: string, architecture = 'x86_64', ...aliases: string[]): ImageSummary => ({
  reference,
  architecture,
  aliases,
  least: {},
});

/** A manager that knows `known` references and lists `images`. */
function manager(known: readonly string[], images: readonly ImageSummary[]) {
  const asked: ComputeSessionRequest[] = [];
  const api = {
    async create(request: ComputeSessionRequest) {
      asked.push(request);
      if (!known.includes(request.image)) throw new NotFoundError('No such image reference.');
      return { id: 'id', name: request.name, status: 'PENDING', created: true };
    },
    images: async () => images,
  };
  const step: Step = { update: () => {}, done: () => {}, fail: () => {} };
  const reporter = { info: () => {}, step: () => step };
  const deps = {
    // The rest of both is not used by a creation that does not wait.
    provider: providerWith({
      create: (session: ComputeSessionRequest, tools) =>
        createFrom(session, { ...tools, api: api as unknown as SessionCalls }),
    }),
    reporter: reporter as unknown as Reporter,
    signal: new AbortController().signal,
  };
  const create = (more: Partial<ComputeSessionRequest> = {}) =>
    createSession({ session: { ...base, ...more }, wait: false }, deps);
  return { asked, create };
}

const full = 'cr.backend.ai/stable/python:3.11-ubuntu22.04';

test('an image the manager knows needs no look at its images', async () => {
  const { asked, create } = manager(['python:3.11'], []);
  expect(await create()).toMatchObject({ image: 'python:3.11', created: true });
  expect(asked).toHaveLength(1);
  expect(asked[0]).not.toHaveProperty('architecture');
});

test.each([
  ['a short name', 'python:3.11', [image(full)]],
  ['a name without a tag', 'python', [image(full)]],
  ['a path', 'stable/python:3.11', [image(full)]],
  ['an alias', 'py', [image(full, 'x86_64', 'py')]],
  ['the full name of another architecture', full, [image(full, 'aarch64')]],
])('%s finds the image', async (_what, wanted, images) => {
  const { asked, create } = manager([full], images);
  if (wanted === full) asked.length = 0;
  const made = await create({ image: wanted });
  expect(made.image).toBe(full);
});

test('the architecture is that of the image, never that of this machine', async () => {
  const { asked, create } = manager([full], [image(full, 'riscv64')]);
  await create();
  expect(asked[1]?.architecture).toBe('riscv64');
});

test('two images that may be meant are named, and none is taken', async () => {
  const other = 'cr.backend.ai/stable/python:3.11-debian12';
  const { create } = manager([full, other], [image(full), image(other)]);
  await expect(create()).rejects.toMatchObject({
    code: 'image-not-found',
    exitCode: 4,
    message: 'python:3.11 may be any of 2 images',
    hint: expect.stringContaining(other),
  });
});

test('a short name of one image for two architectures is no riddle', async () => {
  const both = [image(full, 'aarch64'), image(full, 'x86_64')];
  const { asked, create } = manager([full], both);
  await create();
  expect(asked[1]).toMatchObject({ image: full, architecture: 'x86_64' });
  const { asked: askedFor, create: createFor } = manager([full], both);
  await createFor({ architecture: 'aarch64' });
  expect(askedFor[1]).toMatchObject({ image: full, architecture: 'aarch64' });
});

test('an unknown image names those that can be used', async () => {
  const { create } = manager([full], [image(full)]);
  const failing = create({ image: 'pyhton' });
  await expect(failing).rejects.toMatchObject({ message: 'there is no image pyhton', exitCode: 4 });
  await expect(failing).rejects.toMatchObject({ hint: expect.stringContaining('python:3.11-ubuntu22.04') });
});

test('without images in sight the refusal stays: it may be about the project', async () => {
  const { create } = manager([], []);
  await expect(create()).rejects.toMatchObject({ message: 'No such image reference.' });
});

test.each([
  ['a name that cannot be', { name: 'a b' }],
  ['a batch session without a command', { type: 'batch' as const }],
])('%s is refused before anything is sent', async (_what, more) => {
  const { asked, create } = manager(['python:3.11'], []);
  const error: BaiError = await create(more).then(
    () => expect.unreachable(),
    (thrown) => thrown,
  );
  expect(error).toMatchObject({ exitCode: 2, hint: expect.any(String) });
  expect(asked).toEqual([]);
});
