/** A manager that is reached from another host only: a real sshd makes bai's connections to it. */

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { createServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addKey } from '../../src/providers/ucloud/keys.ts';
import { type EmulatorBed, freePort, openEmulator } from '../contract/app-bed.ts';
import { makeCertificate } from '../support/certificate.ts';
import { sshdMissing, startSshd, type TestSshd } from '../support/sshd.ts';
import { openUcloud, startJob } from '../support/uclouds.ts';
import { why } from './regress-bed.ts';

describe.skipIf(sshdMissing !== undefined)(`through a jump host${why(sshdMissing)}`, () => {
  let bed: EmulatorBed;
  let hop: TestSshd;
  let secondHop: TestSshd;
  let env: Record<string, string>;
  const nameOf = (server: TestSshd): string => `${server.user}@127.0.0.1:${server.port}`;
  const logins = (server: TestSshd): number => server.log().match(/Accepted publickey/g)?.length ?? 0;

  beforeAll(async () => {
    [bed, hop, secondHop] = await Promise.all([openEmulator(), startSshd(), startSshd()]);
    await bed.create('demo');
    // OpenSSH takes the folder of its configuration from the password file, not from HOME.
    const config = join(bed.home, 'config');
    const hostBlocks = [hop, secondHop].flatMap(({ port, privateKeyPath }) => [
      `Match originalhost 127.0.0.1 exec "test %p = ${port}"`,
      `  IdentityFile ${privateKeyPath}`,
    ]);
    const check = ['Host *', `  UserKnownHostsFile ${bed.home}/known`, '  StrictHostKeyChecking accept-new'];
    await writeFile(config, `${[...hostBlocks, ...check, '  IdentitiesOnly yes'].join('\n')}\n`);
    const program = join(bed.home, 'ssh');
    // The jumps before the last one are started by ssh itself, with the same file.
    await writeFile(program, `#!/bin/sh\nexec /usr/bin/ssh -F '${config}' "$@"\n`);
    await chmod(program, 0o755);
    env = { PATH: `${bed.home}${delimiter}${process.env['PATH']}` };
  });
  afterAll(async () => {
    await bed?.[Symbol.asyncDispose]();
    await hop?.[Symbol.asyncDispose]();
    await secondHop?.[Symbol.asyncDispose]();
  });

  test.each(['builtin', 'system'])('`bai ssh demo -- -J HOST` with the %s client', async (client) => {
    const before = logins(hop);
    const words = ['-J', nameOf(hop), 'cat; echo arrived'];
    const ran = await bed.bai(['ssh', 'demo', '--client', client, '--', ...words], { env, input: 'in\n' });
    expect([ran.code, ran.stdout]).toEqual([0, 'in\narrived\n']);
    expect(logins(hop)).toBeGreaterThan(before);
  });

  test.each(['builtin', 'system'])(
    'a job of UCloud, whose own port is behind the host: %s client',
    async (client) => {
      await using ucloud = await openUcloud();
      const key = join(bed.home, `mine-${client}`);
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', client, '-f', key]);
      const text = readFileSync(`${key}.pub`, 'utf8');
      const { signal } = new AbortController();
      await addKey(ucloud.client, { text, origin: 'FILE' }, signal);
      await startJob(ucloud, 'behind');
      const variables = {
        ...env,
        BAI_PROVIDER: 'ucloud',
        BAI_ENDPOINT: ucloud.endpoint,
        BAI_TOKEN: ucloud.token,
        BAI_HOST_KEY_CHECKING: 'accept-new',
        BAI_PROXY_JUMP: nameOf(hop),
      };
      expect((await bed.bai(['session', 'list'], { env: variables })).stdout).toContain('behind');
      const before = logins(hop);
      const words = ['ssh', 'behind', '--client', client, '-i', key, '--', 'echo arrived'];
      const ran = await bed.bai(words, { env: variables });
      expect([ran.code, ran.stdout], ran.stderr).toEqual([0, 'arrived\n']);
      // One for the platform's API, one more for the job's own port.
      expect(logins(hop)).toBeGreaterThanOrEqual(before + 2);
    },
  );

  test('a setting for every command, several hosts one behind the other', async () => {
    const before = [logins(hop), logins(secondHop)];
    const variables = { ...env, BAI_PROXY_JUMP: `${nameOf(hop)},${nameOf(secondHop)}` };
    const ran = await bed.bai(['session', 'list', '--json'], { env: variables });
    expect([ran.code, ran.stdout]).toEqual([0, expect.stringContaining('"demo"')]);
    expect(logins(hop)).toBeGreaterThan(before[0] ?? 0);
    expect(logins(secondHop)).toBeGreaterThan(before[1] ?? 0);
    expect((await bed.bai(['sftp', 'ls', 'demo:'], { env: variables })).code).toBe(0);
    const none = await bed.bai(['session', 'list'], { env: { ...variables, BAI_PROXY_JUMP: 'none' } });
    expect(none.code).toBe(0);
  });

  test('TLS goes on to the manager itself, and its certificate is checked', async () => {
    const certificate = makeCertificate(bed.home);
    const { port: plain } = new URL(bed.emulator.endpoint);
    const server = createServer(certificate, (socket) => {
      const inner = connect(Number(plain), '127.0.0.1');
      for (const each of [socket, inner]) each.on('error', () => each.destroy());
      socket.pipe(inner).pipe(socket);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const endpoint = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const variables = { ...env, BACKEND_ENDPOINT: endpoint, BAI_PROXY_JUMP: nameOf(hop) };
    const trusted = { ...variables, NODE_EXTRA_CA_CERTS: certificate.file };
    const ran = await bed.bai(['ssh', 'demo', '--', 'echo over TLS'], { env: trusted });
    expect([ran.code, ran.stdout]).toEqual([0, 'over TLS\n']);
    const refused = await bed.bai(['session', 'list'], { env: variables });
    expect([refused.code, refused.stderr]).toEqual([5, expect.stringContaining('self-signed')]);
    server.close();
  });

  test('a host that does not answer, or leads nowhere, is named', async () => {
    const closed = await freePort();
    const noHop = await bed.bai(['ssh', 'demo', '--', '-J', `127.0.0.1:${closed}`, 'true'], { env });
    expect([noHop.code, noHop.stdout]).toEqual([5, '']);
    expect(noHop.stderr).toContain(`through the jump host 127.0.0.1:${closed}`);
    expect(noHop.stderr).toContain('Connection refused');
    const variables = { ...env, BACKEND_ENDPOINT: `http://127.0.0.1:${closed}` };
    const json = ['session', 'list', '--json'];
    const noManager = await bed.bai(json, { env: { ...variables, BAI_PROXY_JUMP: nameOf(hop) } });
    expect(noManager.code).toBe(5);
    expect(JSON.parse(noManager.stderr)).toMatchObject({
      error: { code: 'jump-failed', message: expect.stringContaining('Connection refused') },
    });
    const noProgram = { PATH: join(bed.home, 'nothing'), BAI_PROXY_JUMP: nameOf(hop) };
    const without = await bed.bai(['session', 'list'], { env: noProgram });
    expect([without.code, without.stderr]).toEqual([1, expect.stringContaining('needs the program "ssh"')]);
  });

  test('a word that is no host is refused before ssh sees it', async () => {
    const ran = await bed.bai(['ssh', 'demo', '--', '-J', '-oProxyCommand=touch x', 'true'], { env });
    expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining('[USER@]HOST[:PORT]')]);
  });
});
