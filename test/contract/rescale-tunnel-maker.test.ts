/**
 * The vendor's own Tunnel Maker, from instances over ssh and SFTP to authorized_keys. It is no part of this project: whoever has
 * a copy names it in BAI_TEST_TUNNEL_MAKER, and in BAI_TEST_TUNNEL_MAKER_PYTHON a Python that has fabric, paramiko and requests.
 */

import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { ApiConfigFile } from '../../src/providers/rescale/apiconfig.ts';
import { chooseApiKey } from '../../src/providers/rescale/credentials.ts';
import { jobInstances } from '../../src/providers/rescale/jobs.ts';
import {
  clientOf,
  makeKey,
  openRescaleBed,
  type RescaleBed,
  signal,
  ssh,
  until,
} from '../support/rescale-bed.ts';
import { tempFolder } from '../support/temp-folder.ts';

const run = promisify(execFile);
const program = process.env['BAI_TEST_TUNNEL_MAKER'];
const apiKey = '5-;tunnel#maker=key:ba';
const python = process.env['BAI_TEST_TUNNEL_MAKER_PYTHON'] ?? 'python3';

interface Sources {
  readonly arguments: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly apiConfig: ApiConfigFile | undefined;
}

function writeKey(place: string, { emulator, folder }: RescaleBed): Sources {
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder };
  if (place === 'RESCALE_API_KEY') {
    const own = { RESCALE_API_KEY: apiKey, RESCALE_API_URL: emulator.address };
    return { arguments: ['--api_base_url', emulator.address], env: { ...env, ...own }, apiConfig: undefined };
  }
  const path = join(folder, '.config', 'rescale', 'apiconfig');
  const text = `; mine\n[other]\napikey = no\n[default]\nApiBaseUrl: ${emulator.address}\nAPIKEY = ${apiKey}\n`;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return { arguments: [], env, apiConfig: { path, text } };
}

test.skipIf(program === undefined).each(['RESCALE_API_KEY', 'apiconfig'])(
  'the vendor’s Tunnel Maker goes through the emulator as it does through the platform, with the key of %s',
  async (place) => {
    using folder = tempFolder();
    const profile = makeKey(folder.path);
    await using bed = await openRescaleBed({
      accounts: [{ email: 'user@local.test', apiKey, publicKey: profile.line }],
    });
    const [first, second] = [await bed.job({ name: 'first' }), await bed.job({ name: 'second', cores: 16 })];
    for (const job of [first, second]) {
      await until(() => job.nodes.length > 0, 'it has a machine');
      const login = { user: job.head.user, host: '127.0.0.1', port: job.head.sshPort, keyPath: profile.path };
      await until(async () => (await ssh(login, 'true')).code === 0, 'it lets in');
    }
    const sources = writeKey(place, bed);
    const jobs = ['--job1', first.id, '--job2', second.id, '--rescale_ssh_private_key', profile.path];
    const { stderr } = await run(python, [program ?? '', ...jobs, ...sources.arguments], {
      env: sources.env,
    });
    // bai finds the same key for the same address.
    const own = { origin: 'nothing', address: undefined, apiKey: undefined };
    const { apiConfig, env: environment } = sources;
    const { key } = await chooseApiKey({ own, environment, apiConfig: async () => apiConfig });
    const client = clientOf(key.address.origin, apiKey, { network: bed.network });
    expect(key.headersFor(client.urlOf('')).Authorization).toBe(`Token ${apiKey}`);
    expect(key.address.origin).toBe(bed.emulator.address);
    expect(stderr).toContain('DONE');
    const script = readFileSync(join(first.head.home, 'create_ssh_tunnel.sh'), 'utf8');
    const { user, sshPort } = second.head;
    expect(script).toContain(
      `ssh -p ${sshPort} -i ~/tunnel_maker_private_key.pem ${user}@127.0.0.1 -L 47827:localhost:47827 -N -v`,
    );
    expect(statSync(join(first.head.home, 'create_ssh_tunnel.sh')).mode & 0o777).toBe(0o775);
    // The key that it has put there leads from the first job to the second.
    const added = {
      user,
      host: '127.0.0.1',
      port: sshPort,
      keyPath: join(first.head.home, 'tunnel_maker_private_key.pem'),
    };
    expect((await ssh(added, 'echo $RESCALE_JOB_ID')).stdout).toBe(`${second.id}\n`);
    expect(bed.emulator.unknownRoutes).toEqual([]);
    expect(await jobInstances(bed.client, second.id, signal)).toHaveLength(2);
  },
);
