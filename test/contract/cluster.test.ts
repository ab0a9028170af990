/** Cluster sessions: the way into the containers beside main1. */

import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { finished, launcher } from '../support/bai.ts';
import { managerKinds } from '../support/managers.ts';
import { openSession, type SessionBed } from './app-bed.ts';

const run = promisify(execFile);
const whoAmI = 'echo $BACKENDAI_CLUSTER_HOST';

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
