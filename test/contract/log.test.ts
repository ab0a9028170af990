/** `--verbose` and `BAI_LOG`: what goes on, and never a secret. */

import { readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { managerKinds } from '../support/managers.ts';
import { openSession, type SessionBed } from './app-bed.ts';

describe.each(managerKinds())('the log on $name', (kind) => {
  let bed: SessionBed;
  const log = (): string => join(bed.home, 'bai.log');
  beforeAll(async () => {
    bed = await openSession(kind);
    writeFileSync(join(bed.home, 'a.txt'), 'a');
  }, 180_000);
  afterAll(() => bed[Symbol.asyncDispose](), 60_000);

  test('--verbose tells of settings and their origins, requests with their status, the tunnel and the login', async () => {
    const { code, stdout, stderr } = await bed.bai([
      '--verbose',
      'ssh',
      bed.session,
      '--client',
      'builtin',
      '--',
      'echo in',
    ]);
    expect([code, stdout]).toEqual([0, 'in\n']);
    expect(stderr).toMatch(/^\d+\.\d{3}s bai +bai \S+, Node \S+, \w+: ssh$/m);
    expect(stderr).toMatch(/settings +endpoint = http:\/\/\S+ \(BA\w+_ENDPOINT\)/);
    expect(stderr).toMatch(/http +GET http:\/\/\S+: 200.* \(\d+ ms\)/);
    expect(stderr).toMatch(/tunnel +sshd of .*: open, \d+ ms/);
    expect(stderr).toMatch(/ssh +.*: (?:dropbear|OpenSSH)_\S+, \S+, host key \S+/);
    expect(stderr).toMatch(/ssh +.*: logged in as work/);
  });

  test('BAI_LOG has the same of every command, in a file for its owner alone', async () => {
    const env = { BAI_LOG: log() };
    for (const words of [
      ['session', 'list'],
      ['key', 'fetch', bed.session, '--force'],
      ['sftp', 'put', 'a.txt', `${bed.session}:`],
      ['ssh', bed.session, '--', 'echo secret-word'],
      ['session', 'info', 'no-such-session'],
    ]) {
      const { stderr } = await bed.bai(words, { env });
      expect(stderr).not.toMatch(/^\d+\.\d{3}s /m);
    }
    const text = readFileSync(log(), 'utf8');
    expect(statSync(log()).mode & 0o777).toBe(0o600);
    expect(text.match(/Z \[\d+\] bai +bai /g)).toHaveLength(5);
    expect(text).toMatch(/bai +failed: no session named no-such-session/);
    const key = readFileSync(join(bed.home, '.ssh', 'id_container'), 'utf8');
    const lines = key.split('\n').filter((line) => /^[\w+/=]{40,}$/.test(line));
    expect(lines.length).toBeGreaterThan(3);
    const secrets = [
      ...Object.entries(bed.env).flatMap(([name, value]) =>
        /SECRET|TOKEN|LOGIN|PASSWORD/.test(name) ? [value] : [],
      ),
      ...lines,
      'secret-word',
    ];
    expect(secrets.length).toBeGreaterThan(lines.length + 1);
    for (const secret of secrets) expect(text).not.toContain(secret);
  });

  test('a log that is a link, or in no folder, is refused before anything is done', async () => {
    symlinkSync(join(bed.home, 'elsewhere'), join(bed.home, 'link'));
    for (const path of [join(bed.home, 'link'), join(bed.home, 'no-such-folder', 'log'), bed.home]) {
      const { code, stderr } = await bed.bai(['--json', 'session', 'list'], { env: { BAI_LOG: path } });
      expect([code, JSON.parse(stderr).error.code]).toEqual([1, 'log-not-writable']);
    }
  });
});
