/** Keys of `bai key generate` and `convert` log in at real servers, with real clients. */

import { execFile } from 'node:child_process';
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ssh2 from 'ssh2';
import { describe, expect, test } from 'vitest';
import { bai, cleanEnvironment } from '../support/bai.ts';
import { puttyMissing } from '../support/key-programs.ts';
import { sshServers } from '../support/sshd.ts';
import { tempFolder } from '../support/temp-folder.ts';

const run = promisify(execFile);

describe.each(sshServers)('$name', ({ name, missing, start }) => {
  test.skipIf(missing !== undefined).each([
    ['ed25519', []],
    ['ecdsa', ['-b', '384']],
    ['rsa', ['-b', '2048']],
  ])('a new %s key logs in with ssh, and its PPK with plink', async (type, more) => {
    using home = tempFolder();
    await using server = await start();
    const path = join(home.path, '.ssh', `id_${type}`);
    const made = await bai(['key', 'generate', '--no-passphrase', '--ppk', '-t', type, ...more], {
      home: home.path,
    });
    expect(made.code, made.stderr).toBe(0);
    await appendFile(join(server.home, '.ssh', 'authorized_keys'), await readFile(`${path}.pub`));
    const env = cleanEnvironment({ home: home.path });
    const where = `${server.user}@127.0.0.1`;
    const ssh = [
      '-F',
      'none',
      '-p',
      `${server.port}`,
      '-i',
      path,
      '-o',
      'IdentitiesOnly=yes',
      '-o',
      'BatchMode=yes',
    ];
    const known = [
      '-o',
      `UserKnownHostsFile=${join(home.path, 'known')}`,
      '-o',
      'StrictHostKeyChecking=accept-new',
    ];
    expect((await run('ssh', [...ssh, ...known, where, 'echo in'], { env })).stdout).toBe('in\n');
    // dropbear takes a short RSA signature of PuTTY for a bad one, about once in a hundred logins.
    const usesPlink = !puttyMissing && (type !== 'rsa' || !name.startsWith('dropbear'));
    const plink = [
      '-batch',
      '-ssh',
      '-P',
      `${server.port}`,
      '-i',
      `${path}.ppk`,
      '-hostkey',
      server.hostKeyFingerprint,
    ];
    if (usesPlink) expect((await run('plink', [...plink, where, 'echo in'], { env })).stdout).toBe('in\n');
    expect(await loginBySsh2(server, await readFile(path))).toBe(true);
  });
});

function loginBySsh2(server: { port: number; user: string }, privateKey: Buffer): Promise<boolean> {
  const client = new ssh2.Client();
  return new Promise((resolve, reject) => {
    client.once('ready', () => resolve(true)).once('error', reject);
    client.connect({ host: '127.0.0.1', port: server.port, username: server.user, privateKey });
  }).finally(() => client.end()) as Promise<boolean>;
}
