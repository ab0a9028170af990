/** `--via proxy` on every manager that has an app proxy: into a session, files, and a port for other machines. */

import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cleanEnvironment } from '../support/bai.ts';
import { appProxyKinds } from '../support/managers.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { openSession, type SessionBed } from './app-bed.ts';

const run = promisify(execFile);
const env = { BAI_VIA: 'proxy', BAI_ALLOW_FROM: '127.0.0.0/8' };

describe.each(appProxyKinds().map((kind) => [kind.name, kind] as const))('%s', (_, kind) => {
  let bed: SessionBed;
  beforeAll(async () => {
    bed = await openSession(kind);
  }, 120_000);
  afterAll(() => bed?.[Symbol.asyncDispose](), 60_000);

  test('ssh, by its own client and by the system’s, with the host key that the manager vouches for', async () => {
    const way = ['--via', 'proxy', '--allow-from', 'me'];
    for (const client of ['builtin', 'system']) {
      const ran = await bed.bai([
        'ssh',
        bed.session,
        ...way,
        '--client',
        client,
        '--',
        'echo $BACKENDAI_SESSION_ID',
      ]);
      expect([ran.stdout, ran.code]).toEqual([`${bed.id}\n`, 0]);
      expect(ran.stderr).toMatch(
        /port \d+ of 127\.0\.0\.1 leads to sshd .* open to 127\.0\.0\.1\/32 until the session ends/,
      );
    }
    expect(readFileSync(join(bed.home, '.local', 'share', 'bai', 'known_hosts'), 'utf8')).toContain(
      `bai-${bed.id} ssh-rsa`,
    );
  });

  test('files go over it by the setting alone', async () => {
    const content = randomBytes(3 << 20);
    writeFileSync(join(bed.home, 'FILE'), content);
    expect(await bed.bai(['sftp', 'put', 'FILE', `${bed.session}:there`], { env })).toMatchObject({
      code: 0,
    });
    const sum = await bed.bai(['exec', bed.session, '--', 'sha256sum', 'there'], { env });
    expect(sum.stdout).toContain(createHash('sha256').update(content).digest('hex'));
  });

  test('what is printed for other machines logs in there, with a copy of the key and a line of known_hosts', async () => {
    const told = await bed.bai(['app', 'forward', bed.session, '--json'], { env });
    expect(told).toMatchObject({ code: 0 });
    const forwarded = JSON.parse(told.stdout);
    expect(forwarded).toMatchObject({
      app: 'sshd',
      via: 'proxy',
      host: '127.0.0.1',
      allowedFrom: ['127.0.0.0/8'],
    });
    const { elsewhere, identityFile } = forwarded.ssh;
    using other = tempFolder();
    mkdirSync(join(other.path, '.ssh'), { mode: 0o700 });
    copyFileSync(identityFile, join(other.path, 'id_container'));
    const known = join(other.path, '.ssh', 'known_hosts');
    writeFileSync(known, `${elsewhere.knownHosts.join('\n')}\n`);
    // ssh takes the home of the password file, whatever HOME says.
    const command = elsewhere.commands.ssh.replace(
      'ssh ',
      `ssh -F none -o StrictHostKeyChecking=yes -o UserKnownHostsFile=${known} `,
    );
    const { stdout } = await run('sh', ['-c', `${command} 'echo $BACKENDAI_SESSION_ID'`], {
      cwd: other.path,
      env: cleanEnvironment({ home: other.path }),
    });
    expect(stdout).toBe(`${bed.id}\n`);
  });
});

test('off a terminal it has to be said who may use the port', async () => {
  const [kind] = appProxyKinds();
  if (kind === undefined) return;
  await using bed = await openSession(kind);
  const refused = await bed.bai(['ssh', bed.session, '--via', 'proxy', '--', 'true']);
  expect(refused).toMatchObject({ code: 2, stdout: '' });
  expect(refused.stderr).toMatch(/nobody said who may connect.*\n.*--allow-from everywhere/s);
});
