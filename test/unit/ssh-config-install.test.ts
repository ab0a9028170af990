/** `bai ssh-config install` in homes of any name: real files, and ssh itself as judge. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SessionSummary } from '../../src/core/session/session.ts';
import { readyCommands, sshArguments } from '../../src/core/ssh/ssh-command.ts';
import { inheritedOptions } from '../../src/core/ssh/ssh-settings.ts';
import { BaiError } from '../../src/errors.ts';
import { installSshConfig, removeSshConfig, type SshConfigTools } from '../../src/services/ssh/ssh-config.ts';
import { aloneWithConfig, changeConfigFile, readConfigFile } from '../../src/ssh/files/config-file.ts';
import { askSsh } from '../../src/ssh/openssh/ssh-settings.ts';
import { providerWith } from '../support/provider.ts';
import { facts, session } from '../support/ssh-config-facts.ts';
import { tempFolder } from '../support/temp-folder.ts';

interface Told {
  readonly deps: SshConfigTools;
  readonly warnings: string[];
}

const summary: SessionSummary = {
  ...session('demo'),
  ...{ image: 'python', type: 'interactive', statusInfo: '', project: '', resourceGroup: '', accessKey: '' },
  ...{ nodes: 1, createdAt: '', terminatedAt: '', resources: {}, services: [] },
};
const signal = new AbortController().signal;
const environment = { PATH: process.env['PATH'] };

function depsIn(home: string, more: Partial<SshConfigTools> = {}): Told {
  const own = join(home, '.local/share/bai');
  const warnings: string[] = [];
  const reporter = {
    warn: (message: string) => warnings.push(message),
  } as unknown as SshConfigTools['reporter'];
  return {
    warnings,
    deps: {
      reporter,
      signal,
      userFile: join(home, '.ssh/config'),
      ownFile: join(own, 'ssh_config'),
      spellings: [join(own, 'ssh_config')],
      files: {
        read: readConfigFile,
        change: (path, edit, advice) => changeConfigFile(path, edit, { advice }),
        alone: (work, advice) => aloneWithConfig(join(own, 'ssh-config'), work, { advice }),
      },
      provider: async () => providerWith({ list: async () => [summary] }),
      facts: async () => ({
        ...facts,
        identityFile: join(home, '.ssh/id_container'),
        knownHosts: join(own, 'known_hosts'),
        hostsFolder: join(own, 'ssh-hosts'),
        bai: [join(home, 'bin/node'), join(home, 'bin/bai.cjs')],
      }),
      borrowedVariables: async () => [],
      askSsh: (words) => askSsh(words, { environment, signal }),
      forgetHosts: async () => {},
      ...more,
    },
  };
}

function shown(config: string, host: string): string {
  return execFileSync('ssh', ['-G', '-F', config, host], { encoding: 'utf8', stdio: 'pipe' });
}

/** What has no words in ssh's configuration: a line end, and what begins a variable. */
const unsayable = /[\n\r]|\$\{/;

const theUsers = 'Host github.com\n  User git\n\nHost *\n  ServerAliveInterval 7\n';

const names = fc
  .oneof(
    fc.string({
      unit: fc.constantFrom(...`ab'"\\ %#~$*?[]{}()=,;&|<>!^-.:@\té`.split('')),
      minLength: 1,
      maxLength: 8,
    }),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }),
    fc.constantFrom(
      "o'brien",
      'my home',
      '50% off',
      '%h',
      '%%',
      'a#b',
      '#a',
      '$HOME',
      '~',
      '~root',
      '-F',
      '"',
      '\\',
      '\\\\"',
      "'",
      '"a"',
      'a\\',
      'a b\\ c',
      '*',
      '[a]',
      'Zoë',
      '한국어',
      'a\nb',
      ['$', '{HOME}'].join(''),
    ),
  )
  .filter(
    (name) =>
      !/[/\0]/.test(name) &&
      name !== '.' &&
      name !== '..' &&
      Buffer.from(name).length < 200 &&
      Buffer.from(name).toString() === name,
  );

test('whatever the home is called, ssh reads every file afterwards, and finds sessions unless it was said that it cannot', {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(names, async (name) => {
      using folder = tempFolder();
      const home = join(folder.path, name);
      mkdirSync(join(home, '.ssh'), { recursive: true });
      const config = join(home, '.ssh/config');
      writeFileSync(config, theUsers);
      const { deps } = depsIn(home);
      const outcome = await installSshConfig({ dryRun: false }, deps).catch((error: unknown) => error);
      expect(shown(config, 'github.com')).toContain('\nuser git\n');
      if (unsayable.test(home)) {
        expect(outcome).toBeInstanceOf(BaiError);
        expect(readFileSync(config, 'utf8')).toBe(theUsers);
        return;
      }
      expect(outcome).not.toBeInstanceOf(Error);
      expect(shown(config, 'demo.bai')).toContain(`\nhostkeyalias bai-${session('demo').id}\n`);
      const other = shown(config, 'other.bai');
      expect(other).toContain('\nhostkeyalias bai-by-name\n');
      expect(pathsIn(other, 'identityfile')).toContain(`${home}/.ssh/id_container`);
      expect((await installSshConfig({ dryRun: false }, deps)).files.map(({ change }) => change)).toEqual([
        'unchanged',
        'unchanged',
      ]);
      await removeSshConfig({ dryRun: false }, deps);
      expect(readFileSync(config, 'utf8')).toBe(theUsers);
    }),
    { numRuns: 25, examples: [['%%'], ['a%%%b'], ['%h']] },
  );
});

/** As they are written in what `ssh -G` prints, where a `%` is doubled, and as they are meant: releases print one or the other. */
function pathsIn(printed: string, setting: string): readonly string[] {
  return [...printed.matchAll(new RegExp(`^${setting} (.*)$`, 'gm'))].flatMap(([, path = '']) => [
    path,
    path.replaceAll('%%', '%'),
  ]);
}

test('the words on command lines too: keys, host keys, agents and printed commands', {
  timeout: 120_000,
}, () => {
  fc.assert(
    fc.property(names, (name) => {
      const home = `/home/${name}`;
      if (unsayable.test(home)) return;
      const target = {
        ...{ host: '127.0.0.1', port: 12_000, user: 'work', hostKeyAlias: 'bai-x', nullDevice: '/dev/null' },
        identityFile: `${home}/%/id`,
        knownHosts: `${home}/known hosts`,
      };
      const agent = `${home}/agent`;
      const inherited = inheritedOptions(
        new Map([
          ['securitykeyprovider', [agent]],
          ['setenv', [`A=${name}`]],
        ]),
        [],
        { hasOwnKey: false },
      );
      const text = execFileSync('ssh', ['-G', ...sshArguments(target, [], inherited)], {
        encoding: 'utf8',
        stdio: 'pipe',
      });
      expect(pathsIn(text, 'userknownhostsfile')).toContain(`${home}/known hosts`);
      expect(pathsIn(text, 'identityfile')).toContain(`${home}/%/id`);
      expect(text).toContain(`\nsecuritykeyprovider ${agent}\n`);
      expect(text).toContain(`\nsetenv A=${name}\n`);
      const printed = execFileSync(
        'sh',
        ['-c', readyCommands(target, '/home/work', 'sh').ssh.replace(/^ssh /, 'ssh -G ')],
        { encoding: 'utf8', stdio: 'pipe' },
      );
      expect(pathsIn(printed, 'userknownhostsfile')).toContain(`${home}/known hosts`);
    }),
    { numRuns: 25, examples: [['%%'], ['a%%%b'], ['%h']] },
  );
});

test("the home of o'brien: one line of bai 0.1 broke all of the user's ssh, and goes with the next install", async () => {
  using folder = tempFolder();
  const home = join(folder.path, "o'brien");
  mkdirSync(join(home, '.ssh'), { recursive: true });
  const { deps } = depsIn(home);
  writeFileSync(deps.userFile, `Include ${deps.ownFile}\n${theUsers}`);
  expect(() => shown(deps.userFile, 'github.com')).toThrow();
  await installSshConfig({ dryRun: false }, deps);
  expect(readFileSync(deps.userFile, 'utf8')).toBe(`Include "${deps.ownFile}"\n${theUsers}`);
  expect(shown(deps.userFile, 'demo.bai')).toContain('\nhostkeyalias bai-');
});

test('a file that ssh could not read before stays as it is, and what is wrong is said', async () => {
  using folder = tempFolder();
  mkdirSync(join(folder.path, '.ssh'));
  const { deps } = depsIn(folder.path);
  const broken = 'Host *\n  NoSuchOption yes\n';
  writeFileSync(deps.userFile, broken);
  await expect(installSshConfig({ dryRun: false }, deps)).rejects.toThrow(
    /ssh cannot read .*config.*line 2.*nosuchoption/is,
  );
  expect(readFileSync(deps.userFile, 'utf8')).toBe(broken);
  expect(() => readFileSync(deps.ownFile)).toThrow();
});

test('a line that the user moved where it means nothing is told', async () => {
  using folder = tempFolder();
  mkdirSync(join(folder.path, '.ssh'));
  const { deps } = depsIn(folder.path);
  const moved = `Host a\n  User me\n  Include ${deps.ownFile}\n`;
  writeFileSync(deps.userFile, moved);
  await expect(installSshConfig({ dryRun: false }, deps)).rejects.toThrow(
    /includes bai's hosts where ssh does not take them from/,
  );
  expect(readFileSync(deps.userFile, 'utf8')).toBe(moved);
});

test('what ssh reads beside and not in its place is taken back', async () => {
  using folder = tempFolder();
  mkdirSync(join(folder.path, '.ssh'));
  let asked = 0;
  const askOnce: SshConfigTools['askSsh'] = async (words) => {
    asked += 1;
    return asked === 2 ? { problem: 'no' } : askSsh(words, { environment, signal });
  };
  const { deps } = depsIn(folder.path, { askSsh: askOnce });
  writeFileSync(deps.userFile, theUsers);
  await expect(installSshConfig({ dryRun: false }, deps)).rejects.toThrow(BaiError);
  expect(readFileSync(deps.userFile, 'utf8')).toBe(theUsers);
});

test('a home that is not the account’s is told, for ssh reads another file', async () => {
  using folder = tempFolder();
  const { deps, warnings } = depsIn(folder.path);
  await installSshConfig({ dryRun: false }, deps);
  expect(warnings).toEqual([expect.stringMatching(/ssh does not read .*\/\.ssh\/config on its own/)]);
});

test('without ssh nothing is checked, and all is written', async () => {
  using folder = tempFolder();
  const { deps } = depsIn(folder.path, { askSsh: async () => undefined });
  await installSshConfig({ dryRun: false }, deps);
  expect(readFileSync(deps.userFile, 'utf8')).toContain(`Include ${deps.ownFile}\n`);
});
