/** Cluster sessions: the way into the containers beside main1. */

import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defaultAccount } from '../../src/emulator/model/accounts.ts';
import { finished, launcher, untilPrinted } from '../support/bai.ts';
import { managerKinds } from '../support/managers.ts';
import { type EmulatorBed, openEmulator, openSession, type SessionBed } from './app-bed.ts';

const run = promisify(execFile);
const whoAmI = 'echo $BACKENDAI_CLUSTER_HOST';
const linesOf = (text: string): string[] => text.trimEnd().split('\n').sort();

for (const kind of managerKinds()) {
  const why = kind.hasClusters ? '' : ' (its sessions have one container)';
  const modes = kind.isGenuine ? ['single-node', 'multi-node'] : ['single-node'];
  describe.skipIf(!kind.hasClusters).each(modes)(`${kind.name}, %s${why}`, (mode) => {
    let bed: SessionBed;

    beforeAll(async () => {
      bed = await openSession(kind, '--cluster-size', '2', '--cluster-mode', mode);
    }, 120_000);

    afterAll(() => bed?.[Symbol.asyncDispose](), 60_000);

    const ssh = (...args: string[]) => bed.bai(['ssh', bed.session, ...args]);
    const knownHosts = (): string => readFileSync(join(bed.home, '.local/share/bai/known_hosts'), 'utf8');

    test.each(['builtin', 'system'])(
      '--node leads the %s client into that container, and its status out',
      async (client) => {
        const result = await ssh('--node', 'sub1', '--client', client, '--', `${whoAmI}; exit 7`);
        expect(result).toMatchObject({ code: 7, stdout: 'sub1\n' });
      },
    );

    test('--node main1 is the session itself', async () => {
      expect(await ssh('--node', 'main1', '--', whoAmI)).toMatchObject({ code: 0, stdout: 'main1\n' });
    });

    test('what goes in and comes out through main1 is whole', async () => {
      const bytes = randomBytes(24 * 1024 * 1024);
      const result = await bed.bai(['ssh', bed.session, '--node', 'sub1', '--', 'cat'], { input: bytes });
      expect(result.code).toBe(0);
      const digest = (of: Buffer): string => createHash('sha256').update(of).digest('hex');
      expect(digest(result.stdoutBytes)).toBe(digest(bytes));
    });

    test('an unknown node is an error that names those there are', async () => {
      const failed = await ssh('--node', 'sub2', '--', 'true');
      expect(failed).toMatchObject({ code: 4, stdout: '' });
      expect(failed.stderr).toMatch(/no node sub2[\s\S]*main1, sub1/);
    });

    test('--no-client keeps a port open to the node, and its commands get in', async () => {
      const child = bed.start(['ssh', bed.session, '--node', 'sub1', '--no-client', '--json']);
      const printed = await new Promise<string>((resolve) => {
        let text = '';
        child.stdout.on('data', (chunk: Buffer) => {
          text += chunk.toString();
          if (text.endsWith('\n}\n')) resolve(text);
        });
      });
      const { session, ssh: shown } = JSON.parse(printed);
      expect(session).toMatchObject({ id: bed.id, node: 'sub1' });
      const { stdout } = await run('sh', ['-c', `${shown.commands.ssh} '${whoAmI}'`]);
      expect(stdout).toBe('sub1\n');
      child.kill('SIGTERM');
      expect((await finished(child)).code).toBe(0);
    });

    test('--stdio is a ProxyCommand to the node', async () => {
      const proxy = `${process.execPath} ${launcher} ssh ${bed.session} --node sub1 --stdio`;
      const { stdout } = await run(
        'ssh',
        [
          ...['-F', 'none', '-i', join(bed.home, '.ssh/id_container'), '-o', `ProxyCommand=${proxy}`],
          ...['-o', `UserKnownHostsFile=${join(bed.home, '.local/share/bai/known_hosts')}`],
          ...['-o', `HostKeyAlias=bai-${bed.id}-sub1`, '-o', 'StrictHostKeyChecking=yes'],
          ...['work@node', whoAmI],
        ],
        { env: { PATH: process.env['PATH'] ?? '', HOME: bed.home, ...bed.env } },
      );
      expect(stdout).toBe('sub1\n');
    });

    const exec = (...args: string[]) => bed.bai(['exec', bed.session, ...args]);

    test('exec without a node is raw, in main1, and takes stdin', async () => {
      const command = `${whoAmI}; cat; echo oh >&2; exit 3`;
      const result = await bed.bai(['exec', bed.session, '--', command], { input: 'typed' });
      expect(result).toMatchObject({ code: 3, stdout: 'main1\ntyped', stderr: 'oh\n' });
    });

    test('exec on one node is raw too', async () => {
      const result = await bed.bai(['exec', bed.session, '--node', 'sub1', '--', 'cat; printf "$1"'], {
        input: 'typed',
      });
      expect(result).toMatchObject({ code: 0, stdout: 'typed', stderr: '' });
    });

    test('exec takes the words after -- as ssh does', async () => {
      const words = ['--', 'echo', 'a  b', '"c  d"', '-l', ';', whoAmI];
      expect((await exec(...words)).stdout).toBe((await ssh(...words)).stdout);
    });

    test('--all-nodes labels the lines of each stream, and ends with the worst status', async () => {
      const command = `${whoAmI}; echo oh >&2; printf last; case $BACKENDAI_CLUSTER_HOST in sub*) exit 9;; esac`;
      const result = await exec('--all-nodes', '--', command);
      expect(result.code).toBe(9);
      expect(linesOf(result.stdout)).toEqual(['main1: last', 'main1: main1', 'sub1:  last', 'sub1:  sub1']);
      expect(result.stdout.endsWith('last\n')).toBe(true);
      expect(linesOf(result.stderr)).toEqual([
        'main1: oh',
        'sub1:  oh',
        'warning: failed on 1 of 2 nodes, with these statuses: sub1 (9)',
      ]);
    });

    test('the lines of two nodes that print at the same time all arrive, whole and in order', async () => {
      const { stdout } = await exec('--all-nodes', '--', 'seq 100000');
      for (const label of ['main1: ', 'sub1:  ']) {
        const lines = stdout.split('\n').filter((line) => line.startsWith(label));
        expect(lines.map((line) => Number(line.slice(label.length)))).toEqual(
          Array.from({ length: 100_000 }, (_, index) => index + 1),
        );
      }
    });

    test('with --json there is one object, with every node in it', async () => {
      const command = `${whoAmI}; printf '\\377' >&2; [ $BACKENDAI_CLUSTER_HOST = main1 ] || kill -9 $$`;
      const result = await exec('--node', 'sub1', '--node', 'main1', '--json', '--', command);
      expect(result.code).toBe(137);
      expect(JSON.parse(result.stdout)).toEqual({
        session: bed.session,
        status: 137,
        nodes: [
          { node: 'main1', status: 0, stdout: 'main1\n', stderr: '\ufffd', stderrBase64: '/w==' },
          { node: 'sub1', status: 137, stdout: 'sub1\n', stderr: '\ufffd', stderrBase64: '/w==' },
        ],
      });
      expect(result.stderr).toBe('');
    });

    test('Ctrl-C ends it on all nodes', async () => {
      const child = bed.start(['exec', bed.session, '--all-nodes', '--', `${whoAmI}; exec sleep 600`]);
      const ended = finished(child);
      await Promise.all([
        untilPrinted(child, 'stdout', /^main1: main1$/m),
        untilPrinted(child, 'stdout', /^sub1: {2}sub1$/m),
      ]);
      child.kill('SIGINT');
      expect((await ended).code).toBe(130);
    });

    test('each node has a pin of its own, shown and forgotten with the session', async () => {
      await ssh('--node', 'sub1', '--', 'true');
      const shown = await bed.bai(['host-key', 'show', bed.session, '--json']);
      const keys: { node?: string; sha256: string }[] = JSON.parse(shown.stdout);
      expect(new Set(keys.map(({ node }) => node))).toEqual(new Set(['sub1', undefined]));
      expect(new Set(keys.map(({ sha256 }) => sha256)).size).toBe(2);
      expect((await bed.bai(['host-key', 'show', bed.session])).stdout).toMatch(/^ssh-rsa \S+ \S+ sub1$/m);
      expect((await bed.bai(['host-key', 'forget', bed.session])).code).toBe(0);
      expect(knownHosts()).not.toContain(bed.id);
    });
  });
}

/** Only of the emulator can a single container be spoiled. */
async function openCluster(size: number): Promise<EmulatorBed> {
  const bed = await openEmulator({ accounts: [{ ...defaultAccount, sshKeypair: 'made' }] });
  await bed.create('demo', '--cluster-size', String(size));
  return bed;
}

test('a node that cannot be reached does not stop the others, and is the worst of them', async () => {
  await using bed = await openCluster(3);
  const { sessions } = bed.emulator;
  await bed.bai(['exec', 'demo', '--all-nodes', '--', 'true']);
  await sessions.get('demo').node('sub1').restartSshd();
  const result = await bed.bai(['exec', 'demo', '--all-nodes', '--', `${whoAmI}; exit 3`]);
  expect(result.code).toBe(255);
  expect(linesOf(result.stdout)).toEqual(['main1: main1', 'sub2:  sub2']);
  expect(result.stderr).toMatch(/sub1: the host key of node sub1 of session demo is not the one pinned/);
  expect(result.stderr).toMatch(
    /failed on 3 of 3 nodes, with these statuses: main1 \(3\), sub1 \(no connection, 255\), sub2 \(3\)/,
  );
  const json = await bed.bai(['exec', 'demo', '--all-nodes', '--json', '--', whoAmI]);
  expect(JSON.parse(json.stdout)).toMatchObject({
    status: 255,
    nodes: [{ status: 0 }, { node: 'sub1', status: 255, error: { code: 'host-key-changed' } }, { status: 0 }],
  });
});

test('a node with another host key is refused by either client before any key is sent; forget lets it in again', async () => {
  await using bed = await openCluster(2);
  expect((await bed.bai(['ssh', 'demo', '--node', 'sub1', '--', whoAmI])).stdout).toBe('sub1\n');
  await bed.emulator.sessions.get('demo').node('sub1').restartSshd();
  for (const client of ['builtin', 'system']) {
    const refused = await bed.bai(['ssh', 'demo', '--node', 'sub1', '--client', client, '--', whoAmI]);
    expect(refused).toMatchObject({ code: 255, stdout: '' });
    expect(refused.stderr).toMatch(/host key|HOST IDENTIFICATION/);
  }
  expect((await bed.bai(['ssh', 'demo', '--', whoAmI])).stdout).toBe('main1\n');
  expect((await bed.bai(['host-key', 'forget', 'demo'])).code).toBe(0);
  expect((await bed.bai(['ssh', 'demo', '--node', 'sub1', '--', whoAmI])).stdout).toBe('sub1\n');
});

test('containers that each have a key of their own: the error says how to go on', async () => {
  await using bed = await openEmulator();
  await bed.create('demo', '--cluster-size', '2');
  for (const client of ['builtin', 'system']) {
    const refused = await bed.bai(['ssh', 'demo', '--node', 'sub1', '--client', client, '--', whoAmI]);
    expect(refused.code).toBe(255);
    expect(refused.stderr).toMatch(
      /node sub1 of session demo refused the key[\s\S]*bai ssh demo -- ssh sub1/,
    );
  }
});

test('many containers make no noise of their own', async () => {
  await using bed = await openCluster(14);
  const result = await bed.bai(['exec', 'demo', '--all-nodes', '--', whoAmI]);
  expect(result).toMatchObject({ code: 0, stderr: '' });
  expect(linesOf(result.stdout)).toHaveLength(14);
});

test.each([
  [['exec', 'demo'], /needs a command/],
  [['exec', 'demo', '--node', 'sub1', '--all-nodes', '--', 'true'], /cannot be used together/],
])('%j is a wrong command line', async (args, message) => {
  await using bed = await openEmulator();
  const failed = await bed.bai(args);
  expect(failed).toMatchObject({ code: 2, stdout: '' });
  expect(failed.stderr).toMatch(message);
  expect(bed.emulator.requests).toEqual([]);
});
