/** The options bai gives OpenSSH, judged by OpenSSH itself: `ssh -G` prints what it understood. */

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readyCommands, type SshTarget, sshArguments } from '../../src/core/ssh/ssh-command.ts';
import { takeConfiguration, withoutWay } from '../../src/core/ssh/ssh-options.ts';
import { inheritedOptions, parseSshSettings } from '../../src/core/ssh/ssh-settings.ts';
import { tempFolder } from '../support/temp-folder.ts';

const plain: SshTarget = {
  host: '127.0.0.1',
  port: 12_000,
  user: 'work',
  identityFile: '/home/me/.ssh/id_container',
  knownHosts: '/home/me/.local/share/bai/known_hosts',
  hostKeyAlias: 'bai-5d1f',
  nullDevice: '/dev/null',
};

test('ssh understands host, port, account, key and pin, and asks nothing', () => {
  using folder = tempFolder();
  const identityFile = join(folder.path, 'id_container');
  writeFileSync(identityFile, 'ssh only looks whether it is there\n');
  expect(understood(sshArguments({ ...plain, identityFile }, []))).toMatchObject({
    hostname: '127.0.0.1',
    port: '12000',
    user: 'work',
    identityfile: identityFile,
    identitiesonly: 'yes',
    hostkeyalias: 'bai-5d1f',
    userknownhostsfile: plain.knownHosts,
    globalknownhostsfile: '/dev/null',
    stricthostkeychecking: 'true',
    updatehostkeys: 'false',
  });
});

test('the host key stays pinned whatever the user’s own options say later', () => {
  const later = [
    '-o',
    'StrictHostKeyChecking=no',
    '-o',
    'UserKnownHostsFile=/dev/null',
    '-o',
    'HostKeyAlias=x',
  ];
  expect(understood(sshArguments(plain, later))).toMatchObject({
    stricthostkeychecking: 'true',
    userknownhostsfile: plain.knownHosts,
    hostkeyalias: 'bai-5d1f',
  });
});

test('no configuration is read, not even one that the user names, whose wishes are passed on', () => {
  const named = [
    ['-F', 'mine'],
    ['-vFmine'],
    ['-o', 'Compression=yes', '-F', 'mine'],
    ['-N', '-F', 'mine', 'x', '-F', 'y'],
  ];
  for (const words of [[], ...named]) {
    const args = sshArguments(plain, words);
    expect([args.slice(0, 2), args.includes('mine')]).toEqual([['-F', 'none'], false]);
  }
  expect(named.map((words) => takeConfiguration(words))).toEqual([
    { file: 'mine', words: [] },
    { file: 'mine', words: ['-v'] },
    { file: 'mine', words: ['-o', 'Compression=yes'] },
    { file: 'mine', words: ['-N', 'x', '-F', 'y'] },
  ]);
});

test('how to come to a host is not for the user to say: the host is this machine', () => {
  const taken = [
    [['-6'], []],
    [
      ['-v6N', 'x', '-6'],
      ['-vN', 'x', '-6'],
    ],
    [
      ['-6L', '1:a:1', '-46'],
      ['-L', '1:a:1', '-4'],
    ],
    [['-6vL1:a:1'], ['-v', '-L', '1:a:1']],
    [['-Nb', '::1', '-B', 'lo'], ['-N']],
    [['-b'], []],
    [
      ['-o', 'AddressFamily=inet', '-oaddressfamily inet6', '-oHostName=x', '-o', 'User=y'],
      ['-o', 'AddressFamily=inet', '-o', 'User=y'],
    ],
    [
      ['-voProxyCommand=x y', 'nc', '-6'],
      ['-v', 'nc', '-6'],
    ],
    [
      ['--', '-6'],
      ['--', '-6'],
    ],
  ] as const;
  for (const [words, left] of taken) expect(withoutWay(words)).toEqual(left);
});

test('what the user says on the command line comes before what bai would say, but for the host key', () => {
  const own = [
    '-o',
    'PreferredAuthentications=password',
    '-o',
    'HostKeyAlgorithms=ssh-ed25519',
    '-o',
    'RequestTTY=force',
    '-o',
    'RemoteCommand=date',
  ];
  expect(understood(sshArguments(plain, own))).toMatchObject({
    preferredauthentications: 'password',
    hostkeyalgorithms: 'ssh-ed25519',
    requesttty: 'force',
    remotecommand: 'date',
  });
});

const settings = parseSshSettings(
  [
    'escapechar \\^]',
    'setenv A=b c',
    'setenv D="e',
    'sendenv LANG',
    'forwardagent yes',
    'identityagent /a "b/c d',
    'compression yes',
    'port 1',
    'proxycommand false',
    'addkeystoagent confirm 300',
    '',
  ].join('\n'),
);

test('of the user’s configuration ssh hears what is named one by one, as it was', () => {
  const inherited = inheritedOptions(settings, [], { hasOwnKey: true });
  const facts = understood(sshArguments(plain, [], inherited));
  expect(facts).toMatchObject({
    escapechar: '\\^]',
    forwardagent: 'yes',
    identityagent: '/a "b/c d',
    compression: 'yes',
    addkeystoagent: 'confirm 300',
    port: '12000',
    setenv: 'A=b c',
  });
  expect(inherited).toContain('SetEnv="D=\\"e"');
  expect(inherited.join(' ')).not.toMatch(/port|proxycommand/i);
  expect(inheritedOptions(settings, [], { hasOwnKey: false }).join(' ')).not.toContain('AddKeysToAgent');
});

test.each([
  [[], '15', '3'],
  [['-o', 'ServerAliveInterval=7'], '7', '3'],
  [['-o', 'ServerAliveCountMax=9'], '15', '9'],
])(
  'where no end is passed on ssh asks whether the server is there; %j of the user counts',
  (own, interval, count) => {
    // With all that ssh says by itself.
    const usual = execFileSync('ssh', ['-G', '-F', 'none', ...own, 'somewhere'], { encoding: 'utf8' });
    const inherited = inheritedOptions(parseSshSettings(usual), [], { hasOwnKey: false });
    expect(understood(sshArguments({ ...plain, hidesEnds: true }, [], inherited))).toMatchObject({
      serveraliveinterval: interval,
      serveralivecountmax: count,
    });
    const words = ['-o', 'ServerAliveInterval=0'];
    const typed = inheritedOptions(parseSshSettings(usual), words, { hasOwnKey: false });
    expect(understood(sshArguments({ ...plain, hidesEnds: true }, words, typed))).toMatchObject({
      serveraliveinterval: '0',
    });
  },
);

test('what stands on the command line is not taken from the configuration', () => {
  const words = ['-aC', '-e', 'none', '-o', 'SetEnv=X=y', 'uname', '-o', 'IdentityAgent=z'];
  const inherited = inheritedOptions(settings, words, { hasOwnKey: false });
  expect(inherited.filter((word) => word !== '-o').map((word) => word.replace(/=.*/, ''))).toEqual([
    'IdentityAgent',
    'SendEnv',
  ]);
});

test.each(['/home/my name', '/home/50% off', '/home/it’s', '/home/a#b', '/home/%d'])(
  'known hosts below %s are found',
  (home) => {
    const knownHosts = `${home}/known_hosts`;
    // ssh -G shows the value as it stands, with its percent signs doubled and its quotes gone.
    const seen = understood(sshArguments({ ...plain, knownHosts }, []))['userknownhostsfile'];
    expect(seen?.replaceAll('%%', '%')).toBe(knownHosts);
  },
);

test('the destination stands before the user’s arguments, which arrive as they are', () => {
  const args = sshArguments(plain, ['-p', '99', '-L', '8080:localhost:80', 'echo "a  b"', '$HOME', '']);
  const at = args.indexOf('work@127.0.0.1');
  expect(args.slice(at + 1)).toEqual(['-p', '99', '-L', '8080:localhost:80', 'echo "a  b"', '$HOME', '']);
  expect(args.slice(2, 4)).toEqual(['-p', '12000']);
});

test('ssh starts with bai’s options, so a port among the user’s cannot lead elsewhere', () => {
  expect(understood(sshArguments(plain, ['-p', '99']))['port']).toBe('12000');
});

test.each([
  '/home/my name',
  '/home/50% off',
  "/home/it's",
  '/home/$HOME',
  '/home/`id`',
  '/home/a;b',
  '/home/-x',
])('the printed commands survive a shell with %s in their paths', (home) => {
  const target = { ...plain, identityFile: `${home}/id`, knownHosts: `${home}/known_hosts` };
  const commands = readyCommands(target, '/home/work', 'sh');
  for (const [name, command] of Object.entries(commands)) {
    const words = shellWords(command);
    expect(words[0]).toBe(name);
    const inner = name === 'rsync' ? rsyncWords(words[words.indexOf('-e') + 1] ?? '') : words;
    expect(inner.join('\n')).toContain(`${home.replaceAll('%', '%%')}/known_hosts`);
    expect(words.some((word) => word.startsWith('work@127.0.0.1'))).toBe(true);
  }
});

test('rsync example lacked the port: every printed command has the port', () => {
  for (const command of Object.values(readyCommands(plain, '/home/work', 'sh')))
    expect(command).toContain('12000');
});

/** As rsync takes its `-e` apart: a doubled quote within quotes stands for one. */
function rsyncWords(text: string): string[] {
  const words = text.match(/(?:'(?:[^']|'')*'|[^\s'])+/g) ?? [];
  return words.map((word) => (word.startsWith("'") ? word.slice(1, -1).replaceAll("''", "'") : word));
}

/** What `ssh -G` makes of these arguments. */
function understood(args: readonly string[]): Record<string, string | undefined> {
  const text = execFileSync('ssh', ['-G', ...args], { encoding: 'utf8', stdio: 'pipe' });
  const facts: Record<string, string> = {};
  for (const line of text.trim().split('\n')) {
    const space = line.indexOf(' ');
    facts[line.slice(0, space)] ??= line.slice(space + 1);
  }
  return facts;
}

/** The words a POSIX shell makes of a command. */
function shellWords(command: string): string[] {
  const text = execFileSync('sh', ['-c', `for word in ${command}; do printf '%s\\0' "$word"; done`], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '', HOME: '/expanded' },
  });
  return text.split('\0').slice(0, -1);
}
