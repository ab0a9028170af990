/** What `session create` sends: recorded on its way to the manager. */

import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type BaiResult, bai } from '../support/bai.ts';
import { openBed, type TestBed } from './emulator-client.ts';

interface Recorder extends AsyncDisposable {
  readonly endpoint: string;
  /** Bodies of `POST /session`. */
  readonly bodies: Record<string, unknown>[];
  readonly targets: string[];
}

/** Passes everything on unchanged; `loseCreations` cuts the connection when the manager has answered one. */
async function record(bed: TestBed, { loseCreations = false } = {}): Promise<Recorder> {
  const bodies: Record<string, unknown>[] = [];
  const targets: string[] = [];
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    const { method = '', url = '', headers } = incoming;
    targets.push(`${method} ${url}`);
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const isCreation = `${method} ${url}` === 'POST /session';
      if (isCreation) bodies.push(JSON.parse(Buffer.concat(chunks).toString()));
      const onward = request(bed.emulator.endpoint + url, { method, headers }, (answer) => {
        if (isCreation && loseCreations) {
          incoming.socket.resetAndDestroy();
          return;
        }
        outgoing.writeHead(answer.statusCode ?? 0, answer.headers);
        answer.pipe(outgoing);
      });
      onward.on('error', () => outgoing.destroy());
      onward.end(Buffer.concat(chunks));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // A TCP server that listens has one.
  return {
    endpoint: `http://127.0.0.1:${port}`,
    bodies,
    targets,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function create(bed: TestBed, endpoint: string, args: readonly string[], env = {}): Promise<BaiResult> {
  const { accessKey, secretKey } = bed.emulator;
  const account = { BACKEND_ACCESS_KEY: accessKey, BACKEND_SECRET_KEY: secretKey };
  const wait = args.includes('--wait') ? [] : ['--no-wait'];
  return bai(['session', 'create', ...wait, ...args], {
    home: bed.folder,
    env: { BACKEND_ENDPOINT: endpoint, ...account, ...env },
  });
}

const bare = {
  image: 'python',
  name: 'demo',
  type: 'interactive',
  group: 'default',
  domain: 'default',
  clusterSize: 1,
  clusterMode: 'single-node',
  enqueueOnly: true,
  reuseIfExists: true,
  config: {},
};

test('without options only what is needed is sent: older managers refuse keys they do not know', async () => {
  await using bed = await openBed();
  await using recorder = await record(bed);
  const { code } = await create(bed, recorder.endpoint, ['python', '--name', 'demo']);
  expect(code).toBe(0);
  expect(recorder.bodies).toEqual([bare]);
});

const options: readonly (readonly [string[], Record<string, unknown>, Record<string, unknown>])[] = [
  [['--client-token', 'other'], { name: 'other' }, {}],
  [['-t', 'other'], { name: 'other' }, {}],
  [
    ['--mount', 'data', '-m', 'in=/home/work/in'],
    {},
    { mounts: ['data', 'in'], mount_map: { in: '/home/work/in' } },
  ],
  [['-v', 'data:/home/work/x'], {}, { mounts: ['data'], mount_map: { data: '/home/work/x' } }],
  [['-e', 'A=b=c', '--env', 'EMPTY='], {}, { environ: { A: 'b=c', EMPTY: '' } }],
  [['-r', 'cpu=2', '--resources', 'mem=4g'], {}, { resources: { cpu: '2', mem: '4g' } }],
  [['--resource-opts', 'shmem=64m'], {}, { resource_opts: { shmem: '64m' } }],
  [
    ['--cluster-size', '2', '--cluster-mode', 'multi-node'],
    { clusterSize: 2, clusterMode: 'multi-node' },
    {},
  ],
  [['--type', 'batch', '-c', 'echo hi'], { type: 'batch', startupCommand: 'echo hi' }, {}],
  [['--type', 'INFERENCE'], { type: 'inference' }, {}],
  [['--scaling-group', 'default'], {}, { scaling_group: 'default' }],
  [['--sgroup', 'default'], {}, { scaling_group: 'default' }],
  [['--project', 'default'], { group: 'default' }, {}],
  [['--group', 'default', '-d', 'default'], { group: 'default', domain: 'default' }, {}],
  [['--preopen', '8080,9090', '--preopen', '7000'], {}, { preopen_ports: [8080, 9090, 7000] }],
  [['--tag', 'night run'], { tag: 'night run' }, {}],
  [['--priority', '50'], { priority: 50 }, {}],
  [['--no-reuse'], { reuseIfExists: false }, {}],
  [['--reuse'], { reuseIfExists: true }, {}],
];

test.each(options)('%j arrives as the Python client sends it', async (args, top, config) => {
  await using bed = await openBed();
  await using recorder = await record(bed);
  const named = top['name'] === undefined ? ['--name', 'demo'] : [];
  const { code, stderr } = await create(bed, recorder.endpoint, ['python', ...named, ...args]);
  expect(stderr).not.toContain('error:');
  expect(code).toBe(0);
  expect(recorder.bodies).toEqual([{ ...bare, ...top, config }]);
});

test('--architecture and --bootstrap-script are sent', async () => {
  await using bed = await openBed();
  await using recorder = await record(bed);
  const script = join(bed.folder, 'boot.sh');
  writeFileSync(script, '#!/bin/sh\necho 부팅\n');
  const more = ['--arch', 'riscv64', '--bootstrap-script', script];
  await create(bed, recorder.endpoint, ['python', '--name', 'demo', ...more]);
  expect(recorder.bodies[0]).toMatchObject({
    architecture: 'riscv64',
    bootstrap_script: '#!/bin/sh\necho 부팅\n',
  });
});

test('project, domain and mounts come from the variables of the Python client', async () => {
  await using bed = await openBed();
  await using recorder = await record(bed);
  const env = {
    BACKEND_GROUP: 'lab',
    BACKEND_DOMAIN: 'school',
    BACKEND_VFOLDER_MOUNTS: 'data,more=/home/work/m',
  };
  await create(bed, recorder.endpoint, ['python', '--name', 'demo', '-m', 'data=/home/work/d'], env);
  expect(recorder.bodies[0]).toMatchObject({
    group: 'lab',
    domain: 'school',
    config: { mounts: ['data', 'more'], mount_map: { data: '/home/work/d', more: '/home/work/m' } },
  });
});

test('the CPU of this machine is not asked for', async () => {
  await using bed = await openBed();
  await using recorder = await record(bed);
  await create(bed, recorder.endpoint, ['python', '--name', 'demo']);
  expect(recorder.bodies[0]).not.toHaveProperty('architecture');
});

test('without a name each session gets another one', async () => {
  await using bed = await openBed();
  await using recorder = await record(bed);
  for (let made = 0; made < 2; made += 1) await create(bed, recorder.endpoint, ['python']);
  const names = recorder.bodies.map((body) => String(body['name']));
  expect(new Set(names).size).toBe(2);
  for (const name of names) expect(name).toMatch(/^bai-[0-9a-f]{8}$/);
});

test('a POST is not repeated after a dropped connection', async () => {
  await using bed = await openBed();
  await using first = await record(bed, { loseCreations: true });
  await using second = await record(bed);
  const both = `${first.endpoint},${second.endpoint}`;
  const { code, stderr } = await create(bed, both, ['python', '--name', 'demo']);
  expect(code).toBe(5);
  expect(stderr).toContain('ECONNRESET');
  expect([first.bodies.length, second.bodies.length]).toEqual([1, 0]);
  expect(bed.emulator.sessions.all()).toHaveLength(1);
});

test('a dropped connection while creating tells the name the session may have', async () => {
  await using bed = await openBed();
  await using recorder = await record(bed, { loseCreations: true });
  const { stderr } = await create(bed, recorder.endpoint, ['python']);
  expect(stderr).toContain(String(recorder.bodies[0]?.['name']));
});

test('events are asked for by name and id, and without owner_access_key, which old managers refuse', async () => {
  await using bed = await openBed({ release: '23.09.10' });
  await using recorder = await record(bed);
  const { code } = await create(bed, recorder.endpoint, ['python', '--name', 'demo', '--wait']);
  expect(code).toBe(0);
  const { id } = bed.emulator.sessions.get('demo');
  expect(recorder.targets).toContain(`GET /events/session?sessionName=demo&sessionId=${id}`);
});

test.each(['23.09.10', '24.12.0', '26.9.6'])(
  'a folder can be mounted on %s: mount_ids is never sent',
  async (release) => {
    await using bed = await openBed({ release });
    await using recorder = await record(bed);
    expect(await create(bed, recorder.endpoint, ['python', '--name', 'demo', '-m', 'data'])).toMatchObject({
      code: 0,
    });
    expect(recorder.bodies).toEqual([{ ...bare, config: { mounts: ['data'] } }]);
  },
);

test('a creation the manager cannot have seen goes to the next endpoint', async () => {
  await using bed = await openBed();
  await using recorder = await record(bed);
  const { code, stdout } = await create(bed, `http://127.0.0.1:1,${recorder.endpoint}`, [
    'python',
    '-t',
    'demo',
  ]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^demo /);
});
