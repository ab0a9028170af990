/**
 * Paths as people write them. Every option, argument, setting and variable stands in one of two lists; each that is a path is
 * given as `~/…` where no shell reads it, and as a relative one.
 */

import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Command } from 'commander';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { commands } from '../../src/commands/index.ts';
import { definitionOf, settingNames } from '../../src/core/settings/settings.ts';
import { type BaiResult, bai, cleanEnvironment, launcher } from '../support/bai.ts';
import { openRescaleBed } from '../support/rescale-bed.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';
import { type EmulatorBed, filesIn, openEmulator } from './app-bed.ts';

/** Of this machine. What some commands share stands with one of them. */
const paths: readonly string[] = [
  '* --env-file',
  '* --identity',
  'session create --bootstrap-script',
  'session create --authorize',
  'session create --public-key',
  'sftp put paths',
  'sftp get paths',
  'sftp sync source',
  'sftp sync target',
  'sftp shell --batch',
  'sftp site --filezilla',
  'doctor --bundle',
  'key generate --output',
  'key convert --output',
  'key convert key',
  'key fetch --output',
  'key show key',
  'key upload key',
  'key authorize pubkey',
  'key deauthorize key',
  'config set value',
];

/** Names, numbers, words, and paths of the session. */
const others =
  /^(session create (image|what|--(product|time|param|folder|nodes|analysis-version|core-type|cores|hours|command|cidr|name|mount|volume|env|resources|resource-opts|cluster-size|cluster-mode|type|scaling-group|project|domain|arch|startup-command|tag|priority|preopen|timeout|group|client-token|like))|session list --(status|access-key|filter|sort|columns)|session logs --tail|session rename name|session terminate sessions|session (wait --timeout|extend --time)|.* session|.* --(user|accept-host-key|title|provider|key-store|key-lifetime|node|port|release|for|client|create|persist-name|ssh-host|exclude|include|via|allow-from|if-exists|limit|seconds|type|bits|comment|to|ppk-version|owner)|(app ssh|ssh) ssh-arguments|exec command|app forward app|forward (start (specs|--(remote|idle))|stop names|logs (name|--tail)|open (name|app))|open (program|path)|sftp (ls|stat) path|sftp (mkdir|rm|mv) paths|config (get|set|unset) name|key remove key|login (address|--(email|otp|access-key))|profile (show|use|rename|remove) name|profile rename new-name|profile remove --use|image list words|resource list --(project|scaling-group|group)|local up --shell|completion shell|schema name|help-topic topic|__complete (words|--line))$/;

test('whether it is a path is known of every option that takes a value, and of every argument', async () => {
  const known = new Set(paths);
  const unknown: string[] = [];
  for (const entry of commands) {
    const command = new Command(entry.path);
    // Nothing is asked of the context before the action.
    (await entry.load()).define(command, {} as never);
    const options = command.options.filter(({ required, optional }) => required || optional);
    const words = [
      ...options.map(({ long, short }) => `${entry.path} ${long ?? short}`),
      ...command.registeredArguments.map((argument) => `${entry.path} ${argument.name()}`),
    ];
    const isKnown = (word: string): boolean =>
      known.has(word) || known.has(word.replace(entry.path, '*')) || others.test(word);
    unknown.push(...words.filter((word) => !isKnown(word)));
  }
  expect(unknown, 'say in the lists above whether it is a path').toEqual([]);
});

test('the settings that are paths are marked as such', () => {
  const marked = settingNames.filter((name) => definitionOf(name).path === true);
  expect(marked).toEqual(['identity', 'sshDir']);
  const sounding = settingNames.filter((name) =>
    /\b(file|folder|key of your own)\b/.test(definitionOf(name).summary),
  );
  expect(sounding.filter((name) => !marked.includes(name))).toEqual([
    'secretStore',
    'keyStore',
    'answerTimeout',
  ]);
});

describe('each path', () => {
  let bed: EmulatorBed;
  let elsewhere: TempFolder;
  let sessionHome: string;
  let key: string;
  const home = (...parts: string[]): string => join(bed.home, ...parts);
  /** From a folder that is not the home: a `~` that is not replaced would be made there. */
  const run = (
    args: readonly string[],
    more: { env?: Record<string, string>; input?: string } = {},
  ): Promise<BaiResult> => bed.bai(args, { ...more, cwd: elsewhere.path });

  beforeAll(async () => {
    bed = await openEmulator({ release: '26.9.6' });
    const id = await bed.create('demo');
    sessionHome = bed.emulator.sessions.get(id).home ?? '';
    key = readFileSync(join(sessionHome, 'id_container'), 'utf8');
    mkdirSync(home('in', 'tree'), { recursive: true });
    writeFileSync(home('in', 'tree', 'a'), 'tree');
    writeFileSync(home('in', 'file'), 'local');
    writeFileSync(join(sessionHome, 'far'), 'remote');
    writeFileSync(home('in', 'batch'), 'mkdir by-batch\n');
    writeFileSync(home('in', 'variables'), 'BAI_DOMAIN=of-the-file\n');
    writeFileSync(home('in', 'script'), 'true\n');
    expect(
      (
        await bed.bai([
          'key',
          'generate',
          '--no-passphrase',
          '-t',
          'rsa',
          '-b',
          '2048',
          '-o',
          home('in', 'mine'),
        ])
      ).code,
    ).toBe(0);
  });
  afterAll(() => bed?.[Symbol.asyncDispose]());
  beforeEach(() => {
    elsewhere = tempFolder();
    return () => {
      // Nothing of all this was meant for here.
      expect(filesIn(elsewhere.path)).toEqual([]);
      elsewhere[Symbol.dispose]();
    };
  });

  async function expectOk(args: readonly string[], more: Parameters<typeof run>[1] = {}): Promise<BaiResult> {
    const result = await run(args, more);
    expect(result.code, result.stderr).toBe(0);
    return result;
  }

  /** Node looks for an option --env-file of its own behind the program too, and ends where that file is not there. */
  async function pastNode(args: readonly string[], more: Record<string, string> = {}): Promise<string> {
    const env = cleanEnvironment({ home: bed.home, env: { ...bed.env, ...more } });
    return (
      await promisify(execFile)(process.execPath, ['--', launcher, ...args], { env, cwd: elsewhere.path })
    ).stdout;
  }

  const rows: Readonly<Record<string, () => Promise<void>>> = {
    '* --env-file': async () => {
      const listed = await pastNode(['--env-file=~/in/variables', 'config', 'get', 'domain']);
      expect(listed).toBe('of-the-file\n');
    },
    '* --identity': async () => {
      const line = readFileSync(home('in', 'mine.pub'), 'utf8');
      await expectOk(['key', 'authorize', 'demo', line]);
      const said = await expectOk([
        'ssh',
        'demo',
        '--client',
        'builtin',
        '--identity=~/in/mine',
        '--',
        'echo in',
      ]);
      expect(said.stdout).toBe('in\n');
    },
    'session create --bootstrap-script': async () => {
      await expectOk(['session', 'create', 'python', '--name', 'boot', '--bootstrap-script=~/in/script']);
    },
    'session create --authorize': async () => {
      await expectOk(['session', 'create', 'python', '--name', 'auth', '--authorize=~/in/mine.pub']);
    },
    'session create --public-key': async () => {
      await using rescale = await openRescaleBed();
      const { address: BAI_ENDPOINT, apiKey: BAI_TOKEN, jobs } = rescale.emulator;
      const create = ['session', 'create', 'user_included', '--core-type', 'emerald', '--no-wait', '--yes'];
      const env = { BAI_PROVIDER: 'rescale', BAI_ENDPOINT, BAI_TOKEN };
      const made = await run([...create, '--public-key=~/in/mine.pub'], { env });
      expect([made.code, made.stderr]).toEqual([0, expect.any(String)]);
      const [type, blob] = readFileSync(home('in', 'mine.pub'), 'utf8').split(' ');
      expect(jobs.all().map(({ spec }) => spec.publicKey)).toEqual([
        expect.stringContaining(`${type} ${blob}`),
      ]);
    },
    'sftp put paths': async () => {
      await expectOk(['sftp', 'put', '~/in/file', 'demo:put-file']);
      expect(readFileSync(join(sessionHome, 'put-file'), 'utf8')).toBe('local');
      await expectOk(['sftp', 'put', '~/in/f*e', 'demo:put-glob/']);
      expect(readFileSync(join(sessionHome, 'put-glob', 'file'), 'utf8')).toBe('local');
      // Spelt as written: what is in the folder is meant, not the folder.
      await expectOk(['sftp', 'put', '-r', '~/in/tree/.', 'demo:put-tree']);
      expect(readFileSync(join(sessionHome, 'put-tree', 'a'), 'utf8')).toBe('tree');
    },
    'sftp get paths': async () => {
      await expectOk(['sftp', 'get', 'demo:far', '~/out/']);
      expect(readFileSync(home('out', 'far'), 'utf8')).toBe('remote');
    },
    'sftp sync source': async () => {
      await expectOk(['sftp', 'sync', '~/in/tree', 'demo:synced']);
      expect(readFileSync(join(sessionHome, 'synced', 'a'), 'utf8')).toBe('tree');
    },
    'sftp sync target': async () => {
      mkdirSync(join(sessionHome, 'to-sync'), { recursive: true });
      writeFileSync(join(sessionHome, 'to-sync', 'b'), 'far');
      await expectOk(['sftp', 'sync', 'demo:to-sync', '~/synced']);
      expect(readFileSync(home('synced', 'b'), 'utf8')).toBe('far');
    },
    'sftp shell --batch': async () => {
      await expectOk(['sftp', 'demo', '--batch=~/in/batch']);
      expect(existsSync(join(sessionHome, 'by-batch'))).toBe(true);
    },
    'sftp site --filezilla': async () => {
      await expectOk(['sftp', 'site', 'demo', '--filezilla=~/site.xml']);
      expect(existsSync(home('site.xml'))).toBe(true);
    },
    'doctor --bundle': async () => {
      await expectOk(['doctor', '--bundle=~/doctor.json']);
      expect(existsSync(home('doctor.json'))).toBe(true);
    },
    'key generate --output': async () => {
      const made = await expectOk(['key', 'generate', '--no-passphrase', '--output=~/made/new']);
      expect(made.stdout).toBe(`${home('made', 'new')}\n`);
      expect(existsSync(home('made', 'new'))).toBe(true);
    },
    'key convert --output': async () => {
      await expectOk(['key', 'convert', home('in', 'mine'), '--to', 'ppk', '--output=~/converted.ppk']);
      expect(existsSync(home('converted.ppk'))).toBe(true);
    },
    'key convert key': async () => {
      await expectOk(['key', 'convert', '~/in/mine', '--to', 'pem']);
      expect(existsSync(home('in', 'mine.pem'))).toBe(true);
    },
    'key fetch --output': async () => {
      await expectOk(['key', 'fetch', 'demo', '--output=~/fetched']);
      expect(readFileSync(home('fetched'), 'utf8')).toBe(key);
    },
    'key show key': async () => {
      const shown = await expectOk(['key', 'show', '~/in/mine']);
      expect(readFileSync(home('in', 'mine.pub'), 'utf8')).toContain(shown.stdout.trim());
    },
    'key upload key': async () => {
      await expectOk(['key', 'upload', '~/in/mine', '--yes', '--allow-http']);
    },
    'key authorize pubkey': async () => {
      await expectOk(['key', 'authorize', 'demo', '~/in/mine.pub']);
    },
    'key deauthorize key': async () => {
      await expectOk(['key', 'authorize', 'demo', '~/in/mine.pub']);
      await expectOk(['key', 'deauthorize', 'demo', '~/in/mine.pub']);
    },
    'config set value': async () => {
      const env = { BAI_HOME: home('own') };
      for (const [name, value, stored] of [
        ['identity', '~/in/mine', home('in', 'mine')],
        ['sshDir', '~/in', home('in')],
        ['identity', 'relative', join(elsewhere.path, 'relative')],
        ['identity', 'agent', 'agent'],
        ['identity', './agent', join(elsewhere.path, 'agent')],
      ] as const) {
        await expectOk(['config', 'set', name, value], { env });
        expect((await bed.bai(['config', 'get', name], { env })).stdout).toBe(`${stored}\n`);
      }
    },
  };

  test('has a row', () => {
    expect(Object.keys(rows).sort()).toEqual([...paths].sort());
  });

  test.each(paths)('%s: a ~ is the home folder, also where no shell has read it', async (path) => {
    await rows[path]?.();
  });

  test.each(['BAI_HOME', 'BAI_SSH_DIR', 'BAI_IDENTITY'])('%s: a ~ is the home folder', async (variable) => {
    const env = { [variable]: variable === 'BAI_IDENTITY' ? '~/in/mine' : '~/v' };
    if (variable === 'BAI_HOME') {
      await expectOk(['config', 'set', 'user', 'me'], { env });
      expect(existsSync(home('v', 'config.json'))).toBe(true);
    } else if (variable === 'BAI_SSH_DIR') {
      await expectOk(['key', 'fetch', 'demo'], { env });
      expect(readFileSync(home('v', 'id_container'), 'utf8')).toBe(key);
    } else {
      const listed = await expectOk(['key', 'list', '--json'], { env });
      expect(listed.stdout).toContain(`"${home('in', 'mine')}"`);
    }
  });

  test('a variable of an environment file is one too, which no shell has read', async () => {
    writeFileSync(home('in', 'ssh-dir'), 'BAI_SSH_DIR=~/from-file\n');
    await expectOk(['--env-file', home('in', 'ssh-dir'), 'key', 'fetch', 'demo']);
    expect(readFileSync(home('from-file', 'id_container'), 'utf8')).toBe(key);
  });

  test('the prompt of bai sftp knows the home folder', async () => {
    writeFileSync(home('in', 'lines'), 'lcd ~/in\nput file by-prompt\nget far ~/by-prompt\nlls ~/in/tree\n');
    const shell = await expectOk(['sftp', 'demo', '-b', home('in', 'lines')]);
    expect(shell.stdout).toBe('a\n');
    expect(readFileSync(join(sessionHome, 'by-prompt'), 'utf8')).toBe('local');
    expect(readFileSync(home('by-prompt'), 'utf8')).toBe('remote');
  });

  test('ssh’s configuration has whole paths, whatever was written', async () => {
    const env = { BAI_HOME: '~/own-ssh', BAI_IDENTITY: '~/in/mine' };
    const printed = await pastNode(['--env-file=~/in/variables', 'ssh-config', 'print'], env);
    expect(printed).toContain(home('own-ssh', 'known_hosts'));
    expect(printed).toContain(`BAI_HOME=${home('own-ssh')}`);
    expect(printed).toContain(home('in', 'variables'));
    expect(printed).toContain(home('in', 'mine'));
    expect(printed).not.toMatch(/[ "=]~\/(in|own-ssh)/);
  });

  test('a file of the name ~ is ./~', async () => {
    using folder = tempFolder();
    writeFileSync(join(folder.path, '~'), 'tilde');
    const put = await bed.bai(['sftp', 'put', './~', 'demo:tilde'], { cwd: folder.path });
    expect(put.code, put.stderr).toBe(0);
    expect(readFileSync(join(sessionHome, 'tilde'), 'utf8')).toBe('tilde');
  });

  test('without a home a ~ is an error that says so', async () => {
    const refused = await bai(['key', 'show', '~/x', '--json'], { home: '', cwd: elsewhere.path });
    expect(JSON.parse(refused.stderr)).toMatchObject({ error: { code: 'no-home' } });
  });
});
