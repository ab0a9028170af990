/** Whose each word of `bai ssh` and `bai exec` is. */

import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withoutDoubt } from '../../src/commands/words.ts';
import { lineFor } from '../../src/core/text/shells.ts';
import { createProgram } from '../../src/main.ts';
import { createContext } from '../../src/wiring/context.ts';
import { openProvider } from '../../src/wiring/providers.ts';
import { powershellWords } from '../support/windows-shells.ts';

interface Heard {
  readonly session: string;
  /** For ssh or, of `exec`, the command. */
  readonly words: readonly string[];
  readonly flags: Readonly<Record<string, unknown>>;
}

/** What the action of the command is given; throws as commander does. */
async function hear(argv: readonly string[]): Promise<Heard> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const context = createContext(
    {
      ...{ stdin, stdout, stderr },
      stdioForChild: () => ({ stdio: [], [Symbol.dispose]: () => {} }),
      environment: {},
      version: '0',
      signal: new AbortController().signal,
      leaveInterruptsToChild: () => ({ [Symbol.dispose]: () => {} }),
      takeTimeToEnd: () => ({ [Symbol.dispose]: () => {} }),
    },
    openProvider,
  );
  const program = await createProgram(context, argv);
  const path = argv[0] === 'app' ? ['app', 'ssh'] : [argv.find((word) => /^(ssh|exec)$/.test(word)) ?? ''];
  const command = path.reduce(
    (parent, name) => parent.commands.find((each) => each.name() === name) ?? parent,
    program,
  );
  let heard: Heard | undefined;
  command.action((session: string, words: string[]) => {
    heard = { session, words, flags: command.optsWithGlobals() };
  });
  await program.parseAsync(withoutDoubt(argv, program), { from: 'user' });
  if (heard === undefined) throw new Error('the command was not run');
  return heard;
}

const words = (text: string): string[] => text.split(' ').filter((word) => word !== '');

/** Options of ssh, and what ssh is to get of them; with a value behind or attached. */
const ofSsh = {
  '': '',
  '-v': '-v',
  '-N': '-N',
  '-tt': '-tt',
  '-NT': '-NT',
  '-L 8080:localhost:80': '-L 8080:localhost:80',
  '-L8080:localhost:80': '-L8080:localhost:80',
  '-NL 8080:localhost:80': '-NL 8080:localhost:80',
  '-o ServerAliveInterval=5': '-o ServerAliveInterval=5',
  '-oServerAliveInterval=5': '-oServerAliveInterval=5',
  '-L 1:a:1 -R 2:b:2 -D 3': '-L 1:a:1 -R 2:b:2 -D 3',
  '-o --create': '-o --create',
  '-q': '-q',
  '-qN': '-qN',
};

/** bai's own options, and what they mean. */
const ofBai: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  '': {},
  '--node sub1': { node: 'sub1' },
  '--node=sub1': { node: 'sub1' },
  '--create python:3.11': { create: 'python:3.11' },
  '--client builtin': { client: 'builtin' },
  '--persist': { persist: true },
  '-p 2222': { port: '2222' },
  '-p2222': { port: '2222' },
  '--port 2222 --strict-port': { port: '2222', strictPort: true },
  '-i key': { identity: 'key' },
  '-ikey': { identity: 'key' },
  '-l bob': { user: 'bob' },
  '--json': { json: true },
  '--json=events': { jsonEvents: true },
  '--profile one --node sub1': { profile: 'one', node: 'sub1' },
};

const commands = ['', 'uname -s', 'ls --json', 'git checkout -- file', 'sh -c --node -p 1'];

describe('bai ssh', () => {
  const cases = Object.entries(ofBai).flatMap(([own, flags]) =>
    Object.entries(ofSsh).map(([option, forSsh]) => ({ own, flags, option, forSsh })),
  );

  test.each(cases)('with "$own" of bai and "$option" of ssh', async ({ own, flags, option, forSsh }) => {
    for (const command of commands) {
      const lines = [
        `ssh ${own} demo ${option} ${command}`,
        `ssh ${own} demo -- ${option} ${command}`,
        `ssh demo ${own} ${option} ${command}`,
        `ssh demo ${own} -- ${option} ${command}`,
        `ssh ${option} demo ${own} ${command}`,
        `ssh ${own} ${option} demo ${command}`,
        `ssh ${option} ${own} demo -- ${command}`,
        `ssh demo ${option} ${own} ${command}`,
        `app ssh demo ${own} ${option} ${command}`,
        `${own.startsWith('--json') ? own : ''} ssh demo ${own} ${option} ${command}`,
      ];
      for (const line of lines) {
        const heard = await hear(words(line));
        expect([line, heard.session, heard.words.join(' ')]).toEqual([
          line,
          'demo',
          words(`${forSsh} ${command}`).join(' '),
        ]);
        expect([line, heard.flags]).toEqual([line, expect.objectContaining(flags)]);
        expect([line, heard.flags['quiet'] === true]).toEqual([line, option.startsWith('-q')]);
      }
    }
  });

  test.each([
    ['ssh demo -Np 2222', ['-N'], { port: '2222' }],
    ['ssh demo -Np2222', ['-N'], { port: '2222' }],
    ['ssh demo -vi key -N', ['-v', '-N'], { identity: 'key' }],
    ['ssh demo -i one -i two', ['-i', 'two'], { identity: 'one' }],
    ['ssh --identity one demo -itwo', ['-itwo'], { identity: 'one' }],
    ['ssh demo -o User=bob -o IdentityFile=key uname', ['uname'], { user: 'bob', identity: 'key' }],
    ['ssh demo -oUser=bob', [], { user: 'bob' }],
    ['ssh demo -No User=bob', ['-N'], { user: 'bob' }],
    ['ssh demo -o IdentityFile=none', ['-o', 'IdentityFile=none'], {}],
    ['ssh bob@demo uname', ['uname'], { user: 'bob' }],
    ['ssh -l al bob@demo', [], { user: 'al' }],
    ['ssh demo -V', ['-V'], {}],
    // A profile of bai's before the session, a tag of ssh's behind it.
    ['ssh -P work demo -N', ['-N'], { profile: 'work' }],
    ['ssh -NPwork demo', ['-N'], { profile: 'work' }],
    ['ssh demo -P tag', ['-P', 'tag'], {}],
    ['ssh -P work demo -Ptag', ['-Ptag'], { profile: 'work' }],
    ['-P work ssh demo uname -P x', ['uname', '-P', 'x'], { profile: 'work' }],
    ['ssh demo -- -p 2222 -l bob -i key', [], { port: '2222', user: 'bob', identity: 'key' }],
    // A second one is ssh's own, in front of a command that looks like an option.
    ['ssh demo -- -- -x', ['--', '-x'], {}],
    ['ssh demo -N -- -- -x', ['-N', '--', '-x'], {}],
    ['ssh -- demo -N', ['-N'], {}],
    ['ssh -- demo -- uname', ['--', 'uname'], {}],
    ['ssh --stdio --ssh-host x.bai -- x.bai', [], { stdio: true, sshHost: 'x.bai' }],
    ['ssh demo --no-client --for putty', [], { client: false, for: 'putty' }],
    ['ssh demo -L', ['-L'], {}],
    ['ssh --env-file ssh demo uname', ['uname'], { envFile: 'ssh' }],
  ])('%s', async (line, forSsh, flags) => {
    const heard = await hear(words(line));
    expect(heard.words).toEqual(forSsh);
    expect(heard.flags).toEqual(expect.objectContaining(flags));
  });

  test.each([
    ['ssh demo --crate x', /unknown option '--crate'\s+\(Did you mean --create\?\)/],
    ['ssh --crate x demo', /Did you mean --create\?/],
    ['ssh demo -N --crate x', /Did you mean --create\?/],
    ['ssh demo --presist uname', /Did you mean --persist\?/],
    ['ssh demo -z', /unknown option '-z'/],
    ['ssh demo -Nz', /unknown option '-z'/],
    ['ssh demo --create', /argument missing/],
    ['ssh demo -p', /argument missing/],
    ['ssh demo -- --create x', /--create comes after "--"/],
    ['ssh demo -- -N --persist', /--persist comes after "--"/],
    ['ssh -N', /missing required argument 'session'/],
  ])('%s is refused', async (line, message) => {
    await expect(hear(words(line))).rejects.toThrow(message);
  });

  test('a command is never changed, whatever it is', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.stringMatching(/^[^-\0][^\0]*$/),
        fc.array(
          fc.oneof(
            fc.string(),
            fc.constantFrom('--', '-p', '--json', '-n', '--node=x', '-h', '--help', '-V'),
          ),
        ),
        async (first, more) => {
          for (const line of [
            ['ssh', 'demo'],
            ['ssh', 'demo', '--'],
            ['exec', 'demo'],
            ['exec', 'demo', '--'],
          ])
            expect((await hear([...line, first, ...more])).words).toEqual([first, ...more]);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('bai exec', () => {
  const ofExec: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
    '': { stdin: true },
    '-n': { stdin: false },
    '--node sub1 --node sub2': { node: ['sub1', 'sub2'] },
    '--all-nodes': { allNodes: true },
    '-l bob -i key': { user: 'bob', identity: 'key' },
    '-nl bob': { user: 'bob', stdin: false },
    '--json': { json: true },
  };

  test.each(Object.entries(ofExec))('with "%s"', async (own, flags) => {
    for (const command of ['ls -l', 'ls --json -n', 'git checkout -- file']) {
      const lines = [
        `exec ${own} demo ${command}`,
        `exec demo ${own} ${command}`,
        `exec demo ${own} -- ${command}`,
        `exec ${own} -- demo ${command}`,
      ];
      for (const line of lines) {
        const heard = await hear(words(line));
        expect([line, heard.session, heard.words]).toEqual([line, 'demo', words(command)]);
        expect([line, heard.flags]).toEqual([line, expect.objectContaining(flags)]);
      }
    }
  });

  test('behind dashes even an option is the command', async () => {
    expect((await hear(words('exec demo -- -n --json'))).words).toEqual(['-n', '--json']);
  });

  test.each([
    ['exec demo --all-node ls', /Did you mean --all-nodes\?/],
    ['exec demo -t bash', /unknown option '-t'/],
    ['exec demo -L 1:a:1 ls', /unknown option '-L'/],
  ])('%s is refused', async (line, message) => {
    await expect(hear(words(line))).rejects.toThrow(message);
  });
});

describe('typed in PowerShell, which drops the first -- before npm’s script', () => {
  test.each([
    'ssh demo -- uname -s',
    'ssh demo uname -s',
    'ssh demo --node sub1 -- -tt uname -s',
    'app ssh demo -- ls -la',
    'exec demo -- ls -la',
    'exec demo ls -la',
    'exec demo --node sub1 -- sh -c true',
    'exec demo -- git checkout -- file',
  ])('bai %s is what it is in other shells', async (line) => {
    const arrived = powershellWords(`bai ${line}`).slice(1);
    expect(arrived).toHaveLength(words(line).length - (line.includes(' -- ') ? 1 : 0));
    expect(await hear(arrived)).toEqual(await hear(words(line)));
  });

  test('a command that begins like an option of bai’s needs the -- in quotes', async () => {
    const quoted = powershellWords('bai exec demo "--" --json=x').slice(1);
    expect((await hear(quoted)).words).toEqual(['--json=x']);
    expect(lineFor('powershell', ['bai', 'exec', 'demo', '--', '--json=x'])).toBe(
      'bai exec demo "--" --json=x',
    );
  });
});
