/** Lines that people paste, read back by the rules of the shells of Windows. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readyCommands } from '../../src/core/ssh/ssh-command.ts';
import {
  fromFile,
  intoFile,
  lineFor,
  linesFor,
  shellOf,
  shells,
  unsetLine,
  variableLines,
} from '../../src/core/text/shells.ts';
import { agentAdd, agentStart } from '../../src/core/text/typed.ts';
import { cmdVariable, cmdWords, powershellWords } from '../support/windows-shells.ts';

const letters = 'aB7 "\'%^&|<>()!$`@-.:,;=#~*?[]{}+/\\éß한’“”‘';
const word = fc.oneof(
  fc.string({ unit: fc.constantFrom(...letters.split('')), maxLength: 8 }),
  fc.constantFrom(
    '--',
    '-L8080:host:80',
    '-oKey=a.b',
    '10m',
    '0600',
    '1e3',
    '.5',
    '%PATH%',
    'a%PATH%b',
    '@x',
    '-x:',
    '-.',
  ),
);
const words = fc.array(word, { minLength: 1, maxLength: 5 });

test('cmd.exe gives a program the words that were meant', () => {
  fc.assert(
    fc.property(words, (some) => {
      expect(cmdWords(lineFor('cmd', ['bai', ...some]))).toEqual(['bai', ...some]);
    }),
    { numRuns: 2_000 },
  );
});

test('PowerShell gives a script the words that were meant, a -- among them', () => {
  fc.assert(
    fc.property(words, (some) => {
      expect(powershellWords(lineFor('powershell', ['bai', ...some]))).toEqual(['bai', ...some]);
    }),
    { numRuns: 2_000 },
  );
});

test('PowerShell gives a program the words that were meant; a quote in one and a percent sign cannot be said together', () => {
  fc.assert(
    fc.property(words, (some) => {
      fc.pre(!some.some((each) => each.includes('"')) || !some.some((each) => /%/.test(each)));
      expect(powershellWords(lineFor('powershell', ['putty', ...some]))).toEqual(['putty', ...some]);
    }),
    { numRuns: 2_000 },
  );
});

test('a path of Windows is one line for both shells, with blanks and without', () => {
  for (const path of ['C:\\Users\\me\\.ssh\\id', "C:\\Users\\John O'Neil (x86)\\a&b\\id"]) {
    expect(linesFor('cmd', ['bai', 'key', 'show', path])).toHaveLength(1);
  }
  expect(linesFor('powershell', ['bai', 'key', 'show', 'C:\\50%\\id'])).toEqual([
    { line: 'bai key show "C:\\50"^%"\\id"', shell: 'cmd.exe' },
    { line: "bai key show 'C:\\50%\\id'", shell: 'PowerShell' },
  ]);
});

test('variables are set in each shell as they are', () => {
  const value = fc.string({ unit: fc.constantFrom(...letters.split('')), minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(value, (text) => {
      expect(cmdVariable(variableLines('cmd', { BACKEND_X: text })[0] ?? '')).toEqual(['BACKEND_X', text]);
      const [, quoted = ''] =
        /^\$env:BACKEND_X = (.*)$/s.exec(variableLines('powershell', { BACKEND_X: text })[0] ?? '') ?? [];
      expect(powershellWords(quoted)).toEqual([text]);
    }),
    { numRuns: 1_000 },
  );
  expect(shells.map((shell) => variableLines(shell, { BACKEND_X: 'a b' }))).toEqual([
    ["export BACKEND_X='a b'"],
    ['set "BACKEND_X=a b"'],
    ["$env:BACKEND_X = 'a b'"],
  ]);
  expect(shells.map((shell) => unsetLine(shell, 'X'))).toEqual(['unset X', 'set X=', 'Remove-Item Env:X']);
});

test('what a command prints goes into a file as bytes, not as UTF-16', () => {
  expect(shells.map((shell) => intoFile(shell, ['bai', 'key', 'show', 'a b'], 'a b.pub'))).toEqual([
    "bai key show 'a b' > 'a b.pub'",
    'bai key show "a b" > "a b.pub"',
    'bai key show "a b" | Set-Content -Encoding ascii "a b.pub"',
  ]);
});

test('a command that reads a file is given it without a < in PowerShell', () => {
  expect(shells.map((shell) => fromFile(shell, ['bai', 'ssh', 'demo', 'bash', '-s'], 'a b.sh'))).toEqual([
    "bai ssh demo bash -s < 'a b.sh'",
    'bai ssh demo bash -s < "a b.sh"',
    'Get-Content -Raw "a b.sh" | bai ssh demo bash -s',
  ]);
});

const machine = { ProgramFiles: 'C:\\Program Files', SystemRoot: 'C:\\Windows' };
const ofAll =
  'C:\\Program Files\\WindowsPowerShell\\Modules;C:\\WINDOWS\\system32\\WindowsPowerShell\\v1.0\\Modules';

test.each([
  ['linux', {}, 'sh'],
  ['darwin', { PSModulePath: '/home/me/.local/share/powershell/Modules' }, 'sh'],
  ['win32', { PSModulePath: ofAll }, 'cmd'],
  ['win32', {}, 'cmd'],
  ['win32', { PSModulePath: `C:\\Users\\me\\Documents\\WindowsPowerShell\\Modules;${ofAll}` }, 'powershell'],
  [
    'win32',
    { PSModulePath: `\\\\home\\me\\PowerShell\\Modules;c:\\program files\\powershell\\7\\Modules;${ofAll}` },
    'powershell',
  ],
  ['win32', { MSYSTEM: 'MINGW64', SHELL: '/usr/bin/bash', PSModulePath: ofAll }, 'sh'],
] as const)('on %s with %j it was started from %s', (platform, environment, shell) => {
  expect(shellOf({ platform, environment: { ...machine, ...environment } })).toBe(shell);
});

const target = {
  ...{ host: '127.0.0.1', port: 12_000, user: 'work', hostKeyAlias: 'bai-x', nullDevice: 'NUL' },
  identityFile: 'C:\\Users\\John Doe\\.ssh\\id_container',
  knownHosts: 'C:\\Users\\John Doe\\AppData\\Local\\bai\\Data\\known_hosts',
  platform: 'win32',
} as const;

test('the lines of app forward on Windows are read by both shells, and name known_hosts with slashes', () => {
  const [cmd, powershell] = [
    readyCommands(target, '/home/work', 'cmd'),
    readyCommands(target, '/home/work', 'powershell'),
  ];
  for (const name of ['ssh', 'sftp', 'scp'] as const) {
    const found = cmdWords(cmd[name]);
    expect(powershellWords(powershell[name])).toEqual(found);
    expect(found[found.indexOf('-i') + 1]).toBe(target.identityFile);
    expect(found).toContain('UserKnownHostsFile="C:/Users/John Doe/AppData/Local/bai/Data/known_hosts"');
    expect(found.join(' ')).not.toContain("'");
  }
});

test('an agent is started, and given a key, as the system has it', () => {
  expect(agentStart('linux')).toContain('eval "$(ssh-agent)"');
  expect(agentStart('win32')).toMatch(/Pageant.*Start-Service ssh-agent/);
  expect([agentAdd('', 'linux'), agentAdd('FILE', 'darwin'), agentAdd('', 'win32')]).toEqual([
    'ssh-add',
    'ssh-add --apple-use-keychain FILE',
    'ssh-add',
  ]);
});
