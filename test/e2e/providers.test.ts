/** The three platforms side by side, on this machine: what each can do, and that nothing of one is taken for the other's. */

import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Feature } from '../../src/core/session/provider.ts';
import { resolveSettings } from '../../src/core/settings/resolve-settings.ts';
import { providerNames } from '../../src/core/settings/setting-parsers.ts';
import { listProviders, openProvider } from '../../src/wiring/providers.ts';
import { type BaiResult, bai, cleanEnvironment, finished, launcher } from '../support/bai.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';
import { openTerminal } from '../support/terminal.ts';
import { recordingReporter } from './transfer-session.ts';

let folder: TempFolder;
let home: string;

const run = (args: readonly string[], provider?: string): Promise<BaiResult> =>
  bai(args, {
    home,
    env: { BAI_HOST_KEY_CHECKING: 'accept-new', ...(provider !== undefined && { BAI_PROVIDER: provider }) },
  });

/** Exit status 0, or the test says why not. */
async function done(args: readonly string[], provider?: string): Promise<BaiResult> {
  const ran = await run(args, provider);
  expect(ran.code, `${args.join(' ')}: ${ran.stderr}`).toBe(0);
  return ran;
}

beforeAll(() => {
  folder = tempFolder();
  home = join(folder.path, 'home');
  mkdirSync(join(home, '.ssh'), { recursive: true, mode: 0o700 });
  const key = join(home, '.ssh', 'id_rsa');
  execFileSync('ssh-keygen', ['-q', '-t', 'rsa', '-b', '3072', '-N', '', '-C', 'me@here', '-f', key]);
});
afterAll(async () => {
  for (const provider of providerNames) await run(['local', 'down', '--provider', provider]);
  folder?.[Symbol.dispose]();
});

const every: readonly Feature[] = [
  ...(['create', 'plan', 'like', 'terminate', 'rename', 'extend', 'logs', 'apps', 'nodes', 'files'] as const),
  ...(['issuedKey', 'accountKey', 'publicKeys'] as const),
  ...(['images', 'folders', 'resources', 'projects'] as const),
];

test.each(providerNames)('what provider list tells of %s is what it has', async (name) => {
  const environment = {
    ...{
      BAI_PROVIDER: name,
      BAI_ENDPOINT: 'http://127.0.0.1:9',
      BAI_TOKEN: name === 'ucloud' ? 'uc1-x' : 'x',
    },
    ...(name === 'backend.ai' && { BAI_ACCESS_KEY: 'A', BAI_SECRET_KEY: 'S' }),
  };
  const settings = resolveSettings({
    ...{ flags: {}, environment, local: {} },
    profile: { name: 'default', values: {} },
  });
  const reporter = recordingReporter();
  const options = {
    version: '0',
    reporter,
    environment,
    processEnvironment: { BAI_HOME: folder.path },
    means: () => Promise.reject(new Error('not asked for')),
  };
  await using provider = await openProvider(settings, options);
  const listed = (await listProviders()).find((each) => each.name === name);
  expect(provider.name).toBe(name);
  expect(provider.title).toBe(listed?.title);
  expect(every.filter((feature) => provider[feature] !== undefined)).toEqual(listed?.features);
});

test('provider list says which one is chosen, for people and for programs', async () => {
  const { stdout } = await done(['provider', 'list', '--json'], 'ucloud');
  const listed: { name: string; chosen: boolean }[] = JSON.parse(stdout);
  expect(listed.map(({ name }) => name)).toEqual(providerNames);
  expect(listed.filter(({ chosen }) => chosen).map(({ name }) => name)).toEqual(['ucloud']);
  expect((await done(['provider', 'list'])).stdout).toMatch(/^backend\.ai\tyes\t/m);
});

test.each([60, 80, 100])(
  'provider list says all names in whole on a terminal of %i columns',
  async (width) => {
    using terminal = openTerminal({ home });
    terminal.pty.resize(width, 30);
    terminal.type(`${launcher} provider list\r`);
    await terminal.see(/is chosen|default/);
    for (const name of providerNames) expect(terminal.screen()).toContain(`${name} `);
    expect(terminal.screen()).toContain('yours, in the account');
    expect(terminal.screen()).not.toContain('…');
  },
);

describe('each on this machine, beside the others', () => {
  const create: Readonly<Record<string, readonly string[]>> = {
    'backend.ai': ['python'],
    ucloud: ['terminal-ubuntu', '--product', 'u1-small/u1-small-1', '--time', '2h'],
    rescale: [
      ...['user_included', '--core-type', 'emerald', '--cidr', 'everywhere', '--yes'],
      ...['--public-key', 'KEY'],
    ],
  };

  test.each(providerNames)('%s: local up, create, ssh, exec, sftp, terminate', async (provider) => {
    const key = join(home, '.ssh', 'id_rsa.pub');
    await done(['local', 'up', '--provider', provider]);
    if (provider === 'ucloud') await done(['key', 'upload', key, '--yes'], provider);
    const words = (create[provider] ?? []).map((word) => (word === 'KEY' ? key : word));
    await done(['session', 'create', ...words, '--name', 'demo-1'], provider);
    const [listed] = JSON.parse((await done(['session', 'list', '--json'], provider)).stdout);
    expect(listed).toMatchObject({ name: 'demo-1', provider });
    expect((await done(['ssh', 'demo-1', 'echo in $((40+2))'], provider)).stdout).toBe('in 42\n');
    expect((await done(['exec', 'demo-1', 'echo', 'out'], provider)).stdout).toBe('out\n');
    await done(['sftp', 'put', key, 'demo-1:sent'], provider);
    await done(['sftp', 'get', 'demo-1:sent', `back-${provider}`], provider);
    expect(readFileSync(join(home, `back-${provider}`), 'utf8')).toBe(readFileSync(key, 'utf8'));
    const site = await done(['sftp', 'site', 'demo-1', '--filezilla', `${provider}.xml`], provider);
    expect(site.stderr + site.stdout).toContain('.ppk');
  });

  test.each(providerNames)(
    '%s: plain ssh goes in by its name, as the account that the session has',
    async (provider) => {
      await done(['ssh-config', 'install'], provider);
      const key = join(home, '.ssh', 'id_rsa');
      const child = spawn(
        'ssh',
        ['-F', join(home, '.ssh', 'config'), '-i', key, 'demo-1.bai', 'echo plain'],
        {
          env: cleanEnvironment({ home, env: { BAI_PROVIDER: provider } }),
          cwd: home,
        },
      );
      child.stdin.end();
      const ran = await finished(child);
      expect(ran, ran.stderr).toMatchObject({ code: 0, stdout: 'plain\n' });
    },
  );

  test('the same name on three platforms is three sessions, each with a host key of its own', async () => {
    const keys = await Promise.all(
      providerNames.map(async (provider) => (await done(['host-key', 'show', 'demo-1'], provider)).stdout),
    );
    expect(new Set(keys).size).toBe(providerNames.length);
  });

  test.each([
    ['ucloud', ['session', 'create', 'terminal-ubuntu', '--core-type', 'emerald'], '--core-type', 'Rescale'],
    ['ucloud', ['session', 'create', 'terminal-ubuntu', '-r', 'cpu=1'], '--resources', 'Backend.AI'],
    ['rescale', ['session', 'create', 'x', '--product', 'a/b'], '--product', 'UCloud'],
    ['backend.ai', ['session', 'create', 'python', '--time', '2h'], '--time', 'UCloud'],
  ])('%s refuses an option of another platform', async (provider, words, option, whose) => {
    const ran = await run(words, provider);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain(`${option} is for ${whose}`);
  });

  test.each(providerNames)('%s: terminate, and local down leaves nothing behind', async (provider) => {
    await done(['session', 'terminate', 'demo-1', '--yes'], provider);
    await done(['local', 'down'], provider);
    expect((await run(['local', 'status'], provider)).code).toBe(4);
  });
});
