/** What stands in ssh's configuration on Windows, read back by ssh's own rules and by those of Windows. */

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, win32 } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { literalPattern } from '../../src/core/ssh/config-word.ts';
import { choosesAlike, readInstalled } from '../../src/core/ssh/installed-ssh-config.ts';
import { setOption, startCommand, takeVariables } from '../../src/core/ssh/proxy-command.ts';
import { listHosts, type SshConfigFacts, sshConfigText } from '../../src/core/ssh/ssh-config.ts';
import {
  encodingProblem,
  hasInclude,
  includeSpellings,
  withInclude,
  withoutInclude,
} from '../../src/core/ssh/ssh-include.ts';
import { parseSshSettings } from '../../src/core/ssh/ssh-settings.ts';
import { backendAi } from '../../src/providers/backend-ai/provider.ts';
import { facts, idOf, session } from '../support/ssh-config-facts.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { windowsWords } from '../support/windows-shells.ts';

const windows = (home: string, program = 'C:\\Program Files\\nodejs\\node.exe'): SshConfigFacts => ({
  ...facts,
  platform: 'win32',
  nullDevice: 'NUL',
  identityFile: win32.join(home, '.ssh\\id_container'),
  knownHosts: win32.join(home, 'AppData\\Local\\bai\\Data\\known_hosts'),
  hostsFolder: win32.join(home, 'AppData\\Local\\bai\\Data\\ssh-hosts'),
  bai: startCommand({
    platform: 'win32',
    program: [program, win32.join(home, 'AppData\\Roaming\\npm\\node_modules\\bai-cli\\bin\\bai.cjs')],
    variables: { BAI_HOME: win32.join(home, 'of bai'), BAI_PROFILE: 'default' },
    options: ['--env-file', win32.join(home, 'my.env')],
  }),
});

test('a usual account: slashes, quotes around blanks alone, and nothing that a shell would have to read', () => {
  const text = sshConfigText(windows('C:\\Users\\me'), listHosts([session('demo')], backendAi));
  const start =
    '"C:/Program Files/nodejs/node.exe" C:/Users/me/AppData/Roaming/npm/node_modules/bai-cli/bin/bai.cjs ' +
    '--set-env "BAI_HOME=C:/Users/me/of bai" --set-env BAI_PROFILE=default --env-file C:/Users/me/my.env app ssh --stdio';
  expect(text.match(/^ {2}(?:ProxyCommand|UserKnownHostsFile|IdentityFile) .*$/gm)).toEqual([
    '  UserKnownHostsFile C:/Users/me/AppData/Local/bai/Data/known_hosts',
    `  ProxyCommand ${start} --ssh-host demo.bai -- ${idOf('1')}`,
    '  IdentityFile C:/Users/me/.ssh/id_container',
    '  IdentityFile C:/Users/me/AppData/Local/bai/Data/ssh-hosts/%n.key',
    '  UserKnownHostsFile C:/Users/me/AppData/Local/bai/Data/ssh-hosts/%n',
    `  ProxyCommand ${start} --ssh-host %n -- %n`,
  ]);
  expect(text).toContain('\nHost *.bai "!* *" "!*\t*"\n');
  expect(text).not.toMatch(/\\|'%n|\/usr\/bin\/env/);
});

test('where another word has quotes the program has them, too; else none has', () => {
  const line = (program: readonly string[]): string =>
    /^ {2}ProxyCommand (.*)$/m.exec(sshConfigText({ ...facts, platform: 'win32', bai: program }, []))?.[1] ??
    '';
  expect(line(['C:\\node\\node.exe', 'C:\\my files\\bai.cjs'])).toMatch(
    /^"C:\/node\/node\.exe" "C:\/my files\/bai\.cjs" app /,
  );
  expect(line(['C:\\node\\node.exe', '\\\\server\\share\\bai.cjs'])).toMatch(
    /^C:\/node\/node\.exe \/\/server\/share\/bai\.cjs app /,
  );
});

/** Whatever Windows allows in the name of a folder, and what ssh, a shell or the line would take for something else. */
const names = fc
  .oneof(
    fc.string({
      unit: fc.constantFrom(...`ab' %#~$&()[]{}=,;!^-.@é한Ω`.split('')),
      minLength: 1,
      maxLength: 10,
    }),
    fc.constantFrom(
      "O'Brien",
      'my home',
      '50% off',
      '%h',
      '%%n',
      '#a',
      '$HOME',
      'R&D',
      'Zoë',
      '한국어',
      'a(x86)',
    ),
  )
  .filter((name) => !/[. ]$/.test(name) && !name.includes(['$', '{'].join('')));

test('ssh reads every path back, and Windows every word, whatever folders are called', () => {
  using folder = tempFolder();
  const path = join(folder.path, 'config');
  fc.assert(
    fc.property(names, names, (user, place) => {
      const own = windows(`C:\\Users\\${user}`, `D:\\${place}\\node.exe`);
      writeFileSync(path, sshConfigText(own, []));
      const settings = parseSshSettings(
        execFileSync('ssh', ['-G', '-F', path, 'demo.bai'], { encoding: 'utf8', stdio: 'pipe' }),
      );
      const meant = (value = ''): string =>
        value.replaceAll(/%[%n]/g, (token) => (token === '%%' ? '%' : 'demo.bai')).replaceAll('/', '\\');
      // Some releases print what stands in the file, and some what it means.
      const either = (value = ''): string[] => [value.replaceAll('/', '\\'), meant(value)];
      expect(either(settings.get('identityfile')?.[0])).toContain(own.identityFile);
      expect(either(settings.get('identityfile')?.[1])).toContain(`${own.hostsFolder}\\demo.bai.key`);
      expect(either(settings.get('userknownhostsfile')?.[0])).toContain(`${own.hostsFolder}\\demo.bai`);
      const words = windowsWords(meant(settings.get('proxycommand')?.[0]).replaceAll('\\', '/'));
      expect(words).toEqual([
        ...own.bai.map((word) => word.replaceAll('\\', '/')),
        ...['app', 'ssh', '--stdio', '--ssh-host', 'demo.bai', '--', 'demo.bai'],
      ]);
      expect(takeVariables(words.slice(2)).variables).toEqual({
        BAI_HOME: `C:/Users/${user}/of bai`,
        BAI_PROFILE: 'default',
      });
    }),
    { numRuns: 60 },
  );
});

test('the ssh that comes with Git, which asks a shell, starts the same words where no $ is in a path', () => {
  const own = windows("C:\\Users\\O'Brien & 50% of (R)", 'D:\\my #1\\node.exe');
  const line = /^ {2}ProxyCommand (.*) --ssh-host %n -- %n$/m.exec(sshConfigText(own, []))?.[1] ?? '';
  const shell = execFileSync('/bin/sh', ['-c', `printf '%s\\0' ${line.replaceAll('%%', '%')}`]);
  expect(shell.toString().split('\0').slice(0, -1)).toEqual(windowsWords(line.replaceAll('%%', '%')));
});

test('a name that would be two words is no host of sessions', () => {
  using folder = tempFolder();
  const path = join(folder.path, 'config');
  writeFileSync(path, sshConfigText(windows('C:\\Users\\me'), []));
  for (const host of ['a b.bai', 'a\tb.bai']) {
    const outcome = ((): string => {
      try {
        return execFileSync('ssh', ['-G', '-F', path, host], { encoding: 'utf8', stdio: 'pipe' });
      } catch (error) {
        // Newer releases refuse such a name before they read anything.
        return String(error);
      }
    })();
    expect(outcome).not.toContain('--ssh-host');
  }
});

test('what was installed is read back, and chooses as before', () => {
  const own = windows('C:\\Users\\John Doe');
  const installed = readInstalled(sshConfigText(own, listHosts([session('demo')], backendAi)));
  expect(installed?.choice).toEqual(['--env-file', 'C:/Users/John Doe/my.env']);
  expect([...(installed?.listed ?? [])]).toEqual([['demo.bai', idOf('1')]]);
  expect(installed !== undefined && choosesAlike(installed, own)).toBe(true);
});

test('only names of bai’s own that hold no secret can be set by a word, and only before all others', () => {
  const argv = [setOption, 'BAI_HOME=C:/a=b', 'ssh', setOption, 'BAI_PROFILE=x'];
  expect(takeVariables(argv)).toEqual({
    words: ['ssh', setOption, 'BAI_PROFILE=x'],
    variables: { BAI_HOME: 'C:/a=b' },
  });
  for (const word of ['BACKEND_SECRET_KEY=x', 'NODE_OPTIONS=x', 'PATH=x', 'BAI_HOME']) {
    expect(takeVariables([setOption, word, 'ssh'])).toEqual({
      words: [setOption, word, 'ssh'],
      variables: {},
    });
  }
});

test('an Include names the file with ~ and slashes, and hides a bracket by a bracket', () => {
  const spellings = includeSpellings({
    file: 'C:\\Users\\me\\AppData\\Local\\bai\\Data\\ssh_config',
    sshFolder: 'C:\\Users\\me\\.ssh',
    home: 'C:\\Users\\me',
    platform: 'win32',
  });
  expect(spellings).toEqual([
    '~/AppData/Local/bai/Data/ssh_config',
    'C:/Users/me/AppData/Local/bai/Data/ssh_config',
  ]);
  const line = `Include ${literalPattern('C:/a[1]/x', 'win32')}`;
  expect(line).toBe('Include C:/a[[]1]/x');
  expect(hasInclude(`${line}\r\n`, ['C:/a[1]/x'])).toBe(true);
});

test.each(['', 'Host a\r\n  User b\r\n', '# mine\r\n', '\r\n'])(
  'a byte order mark before %j stays the first of the file, and is said to be unreadable for ssh',
  (text) => {
    const marked = `\u00ef\u00bb\u00bf${text}`;
    const line = 'Include ~/x';
    const added = withInclude(marked, line);
    expect(added).toMatch(/^\u00ef\u00bb\u00bfInclude ~\/x\r?\n/);
    expect(hasInclude(added, ['~/x'])).toBe(true);
    expect(withoutInclude(added, ['~/x'])).toBe(marked);
    expect(encodingProblem(marked)).toContain('byte order mark');
    expect(encodingProblem(text)).toBeUndefined();
  },
);

test('on macOS the passphrase of a key of one’s own comes from the keychain, and what the user ignores is ignored', () => {
  const own: SshConfigFacts = { ...facts, platform: 'darwin', hasOwnKey: true };
  const text = sshConfigText({ ...own, ofAllHosts: new Map([['ignoreunknown', ['Foo*,Bar']]]) }, []);
  expect(text).toContain('  IgnoreUnknown "UseKeychain,Foo*,Bar"\n  UseKeychain yes\n');
  using folder = tempFolder();
  const path = join(folder.path, 'config');
  writeFileSync(path, `${text}Host *\n  FooBar x\n  Bar y\n`);
  expect(() => execFileSync('ssh', ['-G', '-F', path, 'demo.bai'], { stdio: 'pipe' })).not.toThrow();
  expect(sshConfigText({ ...own, hasOwnKey: false }, [])).not.toContain('Keychain');
  expect(sshConfigText({ ...own, platform: 'linux' }, [])).toBe(
    sshConfigText({ ...facts, hasOwnKey: true }, []),
  );
});
