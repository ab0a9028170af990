/** bai's client of UCloud, against the emulator, and against a genuine UCloud where there is one. */

import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { connect as connectTcp } from 'node:net';
import ssh2 from 'ssh2';
import { describe, expect, test } from 'vitest';
import { publicLine } from '../../src/emulator/model/accounts.ts';
import type { UcloudClient } from '../../src/providers/ucloud/client.ts';
import { createJob, type JobRequest } from '../../src/providers/ucloud/create-job.ts';
import { hasEnded, type Job } from '../../src/providers/ucloud/job.ts';
import { extendJob, renameJob, terminateJob } from '../../src/providers/ucloud/job-actions.ts';
import { findJobs, listJobs, retrieveJob } from '../../src/providers/ucloud/jobs.ts';
import { addKey, listKeys, removeKeys } from '../../src/providers/ucloud/keys.ts';
import { sshAddressOf } from '../../src/providers/ucloud/ssh-access.ts';
import { workspaceOf } from '../../src/providers/ucloud/workspace.ts';
import { connect, type TestUcloud, ucloudKinds } from '../support/uclouds.ts';
import { until } from '../support/until.ts';

const signal = AbortSignal.timeout(600_000);

interface KeyPair {
  readonly line: string;
  readonly privateKey: string;
}

function newKey(comment = 'bai-test'): KeyPair {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  return { line: `${publicLine(privateKey).trim()} ${comment}`, privateKey };
}

/** Looks again until it is so; a genuine queue takes its time. */
async function eventually<T>(look: () => Promise<T>, isSo: (seen: T) => boolean): Promise<T> {
  let seen = await look();
  await until(
    async () => {
      seen = await look();
      return isSo(seen);
    },
    'what was waited for',
    300_000,
  );
  return seen;
}

function greeting({ host, port }: { readonly host: string; readonly port: number }): Promise<string> {
  return new Promise((resolve) => {
    const socket = connectTcp({ host, port });
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString());
    });
    socket.once('error', () => resolve(''));
  });
}

interface LoggedIn {
  readonly user: string;
  readonly host: string;
  readonly port: number;
  readonly privateKey: string;
}

/** What a command prints, as whoever has the key. */
function run({ user, host, port, privateKey }: LoggedIn, command: string): Promise<string> {
  const client = new ssh2.Client();
  return new Promise<string>((resolve, reject) => {
    client.on('error', reject);
    client.on('ready', () => {
      client.exec(command, (error, channel) => {
        if (error) return reject(error);
        let output = '';
        channel.on('data', (data: Buffer) => {
          output += data.toString();
        });
        channel.on('close', () => resolve(output));
      });
    });
    client.connect({ host, port, username: user, privateKey });
  }).finally(() => client.end());
}

describe.each(ucloudKinds())('$name', (kind) => {
  const { isGenuine } = kind;
  const open = (): Promise<TestUcloud> => kind.open();

  test('who one is, and in which workspace', async () => {
    await using ucloud = await open();
    const account = await ucloud.client.whoAmI(signal);
    expect(account.email).toContain('@');
    expect(account.name).not.toBe('');
    const workspace = await workspaceOf(ucloud.client, signal);
    expect(workspace?.tokenExpiresAt ?? Number.POSITIVE_INFINITY).toBeGreaterThan(Date.now());
    if (!isGenuine) expect(workspace).toMatchObject({ title: 'Local project' });
  });

  test('a token that is wrong in one place is refused as what it is', async () => {
    await using ucloud = await open();
    const last = ucloud.token.endsWith('0') ? '1' : '0';
    const other = connect({ endpoint: ucloud.endpoint, token: ucloud.token.slice(0, -1) + last });
    try {
      await expect(other.client.whoAmI(signal)).rejects.toMatchObject({ code: 'auth-failed', exitCode: 3 });
      await expect(listKeys(other.client, signal)).rejects.toMatchObject({ code: 'auth-failed' });
    } finally {
      await other.close();
    }
  });

  test('a job that is not there is nothing, whatever its number looks like', async () => {
    await using ucloud = await open();
    const { client } = ucloud;
    expect(await retrieveJob(client, '999999999', signal)).toBeUndefined();
    expect(await findJobs(client, `no such job ${randomUUID()}`, signal)).toEqual([]);
    await expect(terminateJob(client, { id: '999999999', name: '' }, signal)).rejects.toMatchObject({
      code: 'session-not-found',
    });
  });

  test('jobs are listed newest first, and live ones have not ended', async () => {
    await using ucloud = await open();
    const { client } = ucloud;
    const all = await listJobs(client, 'all', signal);
    const times = all.map(({ createdAt }) => createdAt);
    expect(times).toEqual(times.toSorted((a, b) => b - a));
    const live = await listJobs(client, 'live', signal);
    expect(live.filter(({ phase }) => hasEnded(phase))).toEqual([]);
  });

  test('a key is added, listed by a fingerprint, refused as a double, and removed', async () => {
    await using ucloud = await open();
    const { client } = ucloud;
    const { line } = newKey(`me@host $(id) \`id\` \\ "x"`);
    const made = await addKey(client, { text: `${line}\n`, origin: 'FILE', title: 'bai test' }, signal);
    try {
      expect(made.comment).toBe('me@host-id-id-x');
      const found = (await listKeys(client, signal)).find(({ id }) => id === made.id);
      expect(found).toMatchObject({
        title: 'bai test',
        fingerprint: made.fingerprint,
        comment: made.comment,
      });
      const again = addKey(client, { text: line, origin: 'FILE' }, signal);
      await expect(again).rejects.toMatchObject({ code: 'key-exists', details: { id: made.id } });
    } finally {
      const removed = await removeKeys(client, made.fingerprint ?? '', signal);
      expect(removed.map(({ id }) => id)).toEqual([made.id]);
    }
    await expect(removeKeys(client, made.id, signal)).rejects.toMatchObject({ code: 'key-not-found' });
  });

  test('a request with a wrong name makes nothing, and is told what there is', async (context) => {
    await using ucloud = await open();
    if (ucloud.job === undefined) return context.skip('BAI_TEST_UCLOUD names no application and product');
    await using _key = await temporaryKey(ucloud.client);
    const before = (await listJobs(ucloud.client, 'all', signal)).length;
    const good = requestOf(ucloud);
    const [name] = good.application.split(':');
    const wrong: [Partial<JobRequest>, string, RegExp][] = [
      [{ application: `${name}x` }, 'application-not-found', /has no application/],
      [{ application: `${name}:no-such-version` }, 'application-not-found', /has no version/],
      [{ product: undefined }, 'product-not-found', /needs a product/],
      [{ product: 'no/such' }, 'product-not-found', /no product no\/such/],
      [{ product: 'nonsense' }, 'usage', /names no product/],
      [{ parameters: { 'no-such': 'x' } }, 'usage', /has no parameter no-such/],
      [{ folders: ['/no such drive/data'] }, 'folder-not-found', /has no drive/],
      [{ folders: ['/../etc'] }, 'usage', /names no folder/],
      [{ nodes: 0 }, 'usage', /one node/],
      [{ timeMs: 0 }, 'usage', /some time/],
      [{ name: 'two\nlines' }, 'usage', /cannot be called/],
    ];
    for (const [change, code, words] of wrong) {
      const made = createJob(ucloud.client, { ...good, ...change }, signal);
      await expect(made, JSON.stringify(change)).rejects.toMatchObject({
        code,
        message: expect.stringMatching(words),
      });
    }
    expect((await listJobs(ucloud.client, 'all', signal)).length).toBe(before);
  });

  test('a job is made, found, waited for, logged in to, renamed, extended and ended', async (context) => {
    await using ucloud = await open();
    const { client } = ucloud;
    if (ucloud.job === undefined) return context.skip('BAI_TEST_UCLOUD names no application and product');
    await using key = await temporaryKey(client);
    const name = `bai test ø ${randomUUID().slice(0, 8)}`;
    const made = await createJob(client, { ...requestOf(ucloud), name }, signal);
    const look = async (): Promise<Job> => {
      const job = await retrieveJob(client, made.id, signal);
      if (job === undefined) throw new Error('the job is gone');
      return job;
    };
    try {
      expect((await findJobs(client, name, signal)).map(({ id }) => id)).toEqual([made.id]);
      expect((await findJobs(client, made.id, signal)).map(({ id }) => id)).toEqual([made.id]);
      expect((await listJobs(client, 'live', signal)).map(({ id }) => id)).toContain(made.id);
      const ready = await eventually(look, ({ phase, ssh }) => phase === 'ready' && ssh.kind === 'address');
      expect(ready.updates.length).toBeGreaterThan(0);
      const address = sshAddressOf(ready);
      await eventually(
        () => greeting(address),
        (text) => text.startsWith('SSH-2.0-'),
      );
      expect(await run({ ...address, privateKey: key.privateKey }, 'echo in $((6 * 7))')).toBe('in 42\n');

      expect((await renameJob(client, ready, { name: `${name} 2`, signal })).name).toBe(`${name} 2`);
      await extendJob(client, ready, { byMs: 3_600_000, signal });
      const extended = await eventually(look, ({ allocationMs }) => allocationMs !== ready.allocationMs);
      expect(extended.allocationMs).toBe((ready.allocationMs ?? 0) + 3_600_000);
    } finally {
      const ending = await terminateJob(client, made, signal);
      expect(['ending', 'ended']).toContain(ending.phase);
    }
    const ended = await eventually(look, ({ phase }) => hasEnded(phase));
    expect(ended).toMatchObject({ phase: 'ended', ssh: { kind: 'off', reason: 'ended' } });
  });
});

function requestOf({ job }: Pick<TestUcloud, 'job'>): JobRequest {
  const { application = '', product } = job ?? {};
  return { application, product, parameters: {}, folders: [], nodes: 1, timeMs: 3_600_000 };
}

/** One that the account has as long as it is used. */
async function temporaryKey(client: UcloudClient): Promise<KeyPair & AsyncDisposable> {
  const key = newKey();
  const { id } = await addKey(client, { text: key.line, origin: 'FILE', title: 'bai test' }, signal);
  return {
    ...key,
    async [Symbol.asyncDispose]() {
      await removeKeys(client, id, signal);
    },
  };
}
