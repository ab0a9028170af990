import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { UnsureError } from '../../src/errors.ts';
import { parseCidr } from '../../src/providers/rescale/cidr.ts';
import { createJob } from '../../src/providers/rescale/create.ts';
import type { JobRequest } from '../../src/providers/rescale/create-check.ts';
import { headNodeAddress } from '../../src/providers/rescale/head-node.ts';
import { describeJob } from '../../src/providers/rescale/jobs.ts';
import { describeCost, type JobOffer, offerJob } from '../../src/providers/rescale/offer.ts';
import {
  answerJson,
  clientOf,
  makeKey,
  openRescaleBed,
  openStranger,
  type RescaleBed,
  signal,
  ssh,
  until,
} from '../support/rescale-bed.ts';

const request: JobRequest = {
  name: 'bai',
  analysis: 'user_included',
  version: undefined,
  coreType: 'emerald',
  cores: 2,
  hours: 8,
  command: undefined,
  isLowPriority: false,
  publicKey: undefined,
  cidr: undefined,
};

function offer({ client }: RescaleBed, fields: Partial<JobRequest> = {}): Promise<JobOffer> {
  const myAddress = async (): Promise<string> => '198.51.100.7';
  return offerJob({ ...request, ...fields }, { client, keyOrigin: 'id.pub', myAddress, signal });
}

test('a job is made with a key and a rule of its own, waits, and lets in who has the key', async () => {
  await using bed = await openRescaleBed();
  const key = makeKey(bed.folder);
  const wanted = await offer(bed, { publicKey: key.key, cidr: parseCidr('127.0.0.0/8') });
  const { id, name } = await createJob(bed.client, wanted, signal);
  expect(name).toBe('bai');
  await until(() => bed.emulator.jobs.get(id).nodes.length > 0, 'it has a machine');
  const job = await describeJob(bed.client, id, signal);
  expect(job).toMatchObject({ cidrRule: '127.0.0.0/8', publicKey: key.line, phase: 'ready' });
  const login = { ...headNodeAddress(id, job?.instances ?? []), keyPath: key.path };
  await until(async () => (await ssh(login, 'true')).code === 0, 'it lets in');
  expect((await ssh(login, 'echo $USER')).stdout).toBe(`${login.user}\n`);
  expect(bed.emulator.jobs.get(id).spec).toMatchObject({ command: 'sleep inf', walltime: 8, cores: 2 });
});

test('what is sent has the fields of a published request, and nothing that was not given', async () => {
  const bodies: Record<string, unknown>[] = [];
  await using platform = await openStranger(({ url, body }, response) => {
    if (url === '/api/v3/jobs/') bodies.push(JSON.parse(body));
    answerJson(response, { id: 'OsKBd', name: 'bai' }, 201);
  });
  await using bed = await openRescaleBed();
  const client = clientOf(platform.address, 'k', { network: bed.network });
  const key = makeKey(bed.folder);
  const fixture = JSON.parse(
    readFileSync(new URL('../fixtures/rescale/job-create-ssh-fields.json', import.meta.url), 'utf8'),
  ).request.body;
  const cidr = parseCidr('203.0.113.0/24,198.51.100.7');
  await createJob(client, await offer(bed, { cores: 1, hours: 1, publicKey: key.key, cidr }), signal);
  const { sshPort: _sshPort, ...wanted } = fixture;
  expect(bodies[0]).toEqual({ ...wanted, publicKey: key.line });
  await createJob(client, await offer(bed, { cores: 1, hours: 1 }), signal);
  expect(Object.keys(bodies[1] ?? {})).toEqual(['name', 'jobanalyses', 'isLowPriority']);
  expect(platform.asked.map(({ method, url }) => `${method} ${url}`).slice(0, 2)).toEqual([
    'POST /api/v3/jobs/',
    'POST /api/v2/jobs/OsKBd/submit/',
  ]);
});

test('the cost is said before anything is made', async () => {
  await using bed = await openRescaleBed();
  const made = await offer(bed);
  expect(made.cost).toEqual({ coreHours: 16, pricePerCoreHour: 0.2, most: 3.2 });
  expect(describeCost(made)).toBe(
    '2 cores of emerald for up to 8 hours: at most 3.20 (0.20 for a core and hour, in the currency of your account), and what software and storage cost',
  );
  const cheap = await offer(bed, { isLowPriority: true, cores: 1, hours: 1 });
  expect(describeCost(cheap)).toBe(
    '1 core of emerald for up to 1 hour: at most 0.10 (0.10 for a core and hour, in the currency of your account), and what software and storage cost',
  );
  expect(bed.emulator.jobs.all()).toEqual([]);
});

test('a price that the platform keeps to itself is not made up', async () => {
  await using bed = await openRescaleBed();
  const row = { code: 'emerald', name: 'Emerald', cores: [2], price: null };
  bed.emulator.faults.add({
    kind: 'answer',
    route: 'GET /api/v2/coretypes/',
    status: 200,
    body: { next: null, results: [row] },
  });
  const made = await offer(bed);
  expect(made.cost).toEqual({ coreHours: 16, pricePerCoreHour: undefined, most: undefined });
  expect(describeCost(made)).toBe(
    '2 cores of emerald for up to 8 hours: Rescale does not tell what that costs',
  );
});

test.each<[string, Partial<JobRequest>, string, string]>([
  ['analysis', { analysis: 'openfaom' }, 'Rescale offers you no analysis openfaom', 'did you mean openfoam?'],
  ['core type', { coreType: 'ruby' }, 'Rescale offers you no core type ruby', 'there are: emerald, granite'],
  [
    'core type that is withdrawn',
    { coreType: 'marble' },
    'Rescale offers you no core type marble',
    'emerald, granite',
  ],
  [
    'number of cores',
    { cores: 3 },
    'machines of the core type emerald do not have 3 cores',
    '1, 2, 4, 8, or a multiple of 8',
  ],
  ['version', { analysis: 'openfoam' }, 'openfoam has several versions: name one', '10-openmpi, 9-openmpi'],
  [
    'version that is not there',
    { analysis: 'openfoam', version: '7' },
    'openfoam has no version 7',
    '10-openmpi, 9-openmpi',
  ],
  [
    'core type for the version',
    { analysis: 'openfoam', version: '9-openmpi', coreType: 'granite' },
    'openfoam does not run on the core type granite',
    'it runs on emerald',
  ],
  ['time of no hours', { hours: 0 }, '--hours is a whole number of hours from 1 to 336, not 0', 'in hours'],
  [
    'time in seconds',
    { hours: 3600 },
    '--hours is a whole number of hours from 1 to 336, not 3600',
    'in hours',
  ],
  [
    'time of half an hour',
    { hours: 0.5 },
    '--hours is a whole number of hours from 1 to 336, not 0.5',
    'in hours',
  ],
  ['name of nothing', { name: ' ' }, '--name is empty', ''],
  ['name with a line end', { name: 'a\nb' }, '--name contains a line break', ''],
  ['command of nothing', { command: '' }, 'the command is empty', 'sleep inf'],
])('a wrong %s is told with the choices, and nothing is made', async (_what, fields, message, hint) => {
  await using bed = await openRescaleBed();
  await expect(offer(bed, fields)).rejects.toMatchObject({ message });
  if (hint !== '')
    await expect(offer(bed, fields)).rejects.toMatchObject({ hint: expect.stringContaining(hint) });
  expect(bed.emulator.requests.filter(({ method }) => method !== 'GET')).toEqual([]);
});

test('software and hardware are also known by what the web page calls them', async () => {
  await using bed = await openRescaleBed();
  expect(await offer(bed, { analysis: 'Bring your own software', coreType: 'Emerald' })).toMatchObject({
    ...{ analysis: 'user_included', version: '0', coreType: 'emerald' },
  });
});

test.each([
  [
    'ed25519',
    '256',
    'id.pub is a key of the type ssh-ed25519, which Rescale does not take for a job',
    'key-type-refused',
  ],
  ['rsa', '1024', 'id.pub is an RSA key of 1024 bits, which is too short', 'weak-key'],
])(
  'a key of %s with %s bits is refused by name, before the platform is asked',
  async (type, bits, message, code) => {
    await using bed = await openRescaleBed();
    const { key } = makeKey(bed.folder, type, bits);
    await expect(offer(bed, { publicKey: key })).rejects.toMatchObject({ message, code, exitCode: 2 });
    expect(bed.emulator.requests).toEqual([]);
  },
);

test.each([
  ['rsa', '4096'],
  ['ecdsa', '256'],
  ['ecdsa', '384'],
  ['ecdsa', '521'],
])('a key of %s with %s bits is taken', async (type, bits) => {
  await using bed = await openRescaleBed();
  const { key, line } = makeKey(bed.folder, type, bits);
  expect((await offer(bed, { publicKey: key })).publicKey).toBe(line);
});

test.each([
  ['everywhere', '0.0.0.0/0'],
  ['mine', '198.51.100.7/32'],
  ['203.0.113.0/24, 2001:db8::/32', '203.0.113.0/24,2001:db8::/32'],
])('--cidr %s is sent as the rule %s', async (text, rule) => {
  await using bed = await openRescaleBed();
  const made = await offer(bed, { cidr: parseCidr(text) });
  expect(made.cidrRule).toBe(rule);
  expect(made.notes.some((note) => note.includes('every address'))).toBe(text === 'everywhere');
});

test.each([
  ['public key', { publicKey: null }],
  ['public key', { publicKey: 'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAwEAAQ==' }],
  ['CIDR rule', { cidrRule: '' }],
])('a job that did not keep its %s is not submitted: it would cost and let nobody in', async (what, kept) => {
  await using platform = await openStranger((_asked, response) =>
    answerJson(response, { id: 'OsKBd', ...kept }, 201),
  );
  await using bed = await openRescaleBed();
  const client = clientOf(platform.address, 'k', { network: bed.network });
  const wanted = await offer(bed, { publicKey: makeKey(bed.folder).key, cidr: parseCidr('everywhere') });
  await expect(createJob(client, wanted, signal)).rejects.toMatchObject({
    message: `job OsKBd was saved and not submitted: Rescale did not keep its ${what}, and nobody could get in`,
    details: { id: 'OsKBd' },
  });
  expect(platform.asked.map(({ url }) => url)).toEqual(['/api/v3/jobs/']);
});

test.each([
  ['POST /api/v3/jobs/', 'a job bai may have been saved'],
  ['POST /api/v2/jobs/*/submit/', 'it may run anyway'],
])(
  'when the answer of %s is lost, it is said what may have happened, and nothing is sent twice',
  async (route, words) => {
    await using bed = await openRescaleBed();
    const wanted = await offer(bed);
    const fault = bed.emulator.faults.add({ kind: 'reset', route });
    const error = await createJob(bed.client, wanted, signal).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UnsureError);
    expect(error).toMatchObject({ message: expect.stringContaining(words) });
    expect(fault.hits).toBe(1);
  },
);

test('a job that is saved and whose submission is refused is named', async () => {
  await using bed = await openRescaleBed();
  const wanted = await offer(bed);
  bed.emulator.faults.add({
    kind: 'answer',
    route: 'POST *submit/',
    status: 402,
    body: { detail: 'No budget.' },
  });
  const error = await createJob(bed.client, wanted, signal).catch((reason: unknown) => reason);
  const { id } = bed.emulator.jobs.get('bai');
  expect(error).toMatchObject({
    code: 'payment-required',
    message: `cannot submit job ${id}: No budget; it was saved, and costs nothing until it is submitted`,
    details: { id },
  });
});

test('what the platform refuses of a job is told in its words', async () => {
  await using bed = await openRescaleBed();
  const wanted = { ...(await offer(bed)), cores: 3 };
  await expect(createJob(bed.client, wanted, signal)).rejects.toMatchObject({
    message: 'cannot create the job: jobanalyses: hardware: Invalid number of cores per slot',
    code: 'refused',
  });
});
