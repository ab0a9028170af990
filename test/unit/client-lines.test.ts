/** The lines for PuTTY and WinSCP, read back by a real shell where there is one, and by the rules of Windows where there is none. */

import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import {
  type ClientTarget,
  clientCommands,
  filezillaFields,
  type PuttyLike,
  winscpUrl,
} from '../../src/core/ssh/client-commands.ts';
import type { Shell } from '../../src/core/text/shells.ts';
import { cmdCommand, powershellCommand } from '../../src/core/text/windows-command.ts';

const sha256 = 'SHA256:ImOeAG4eFllS3lwCIY5A7+2oQ+5IoL4W2Vf1QcX/x6A';
const md5 = 'MD5:11:e8:1c:e5:ff:4d:c2:9d:81:ff:69:42:8d:17:1b:4f';
const plain: ClientTarget = {
  host: '127.0.0.1',
  port: 12_000,
  user: 'work',
  keyFile: '/home/me/.ssh/id_container.ppk',
  hostKeys: [{ type: 'ssh-rsa', sha256, md5 }],
  home: '/home/work',
};
const windows: ClientTarget = { ...plain, keyFile: 'C:\\Users\\me\\.ssh\\id_container.ppk' };

/** The words that a POSIX shell makes of a line. */
function wordsOf(line: string): string[] {
  const text = execFileSync('/bin/sh', ['-c', `printf '%s\\0' ${line}`], { encoding: 'utf8' });
  return text.split('\0').slice(0, -1);
}

const linesFor = (program: PuttyLike, target: ClientTarget, shell: Shell = 'sh') =>
  clientCommands(program, target, shell);

test('PuTTY gets port, key, pinned host key and account', () => {
  expect(linesFor('putty', plain)).toEqual([
    { line: `putty -ssh -P 12000 -i /home/me/.ssh/id_container.ppk -hostkey ${sha256} work@127.0.0.1` },
  ]);
});

test.each(['putty', 'plink', 'psftp', 'pscp'] as const)(
  '%s gets any key file through a shell in one piece',
  (program) => {
    const keyFile = `/home/it's "me" & $HOME/%PATH% \`id\`;.ppk`;
    const [ready] = linesFor(program, { ...plain, keyFile });
    const words = wordsOf(ready?.line ?? '');
    expect(words[0]).toBe(program);
    expect(words[words.indexOf('-i') + 1]).toBe(keyFile);
  },
);

test('every pinned host key is given', () => {
  const two = [...plain.hostKeys, { type: 'ssh-ed25519', sha256: 'SHA256:abc', md5 }];
  const words = wordsOf(linesFor('plink', { ...plain, hostKeys: two })[0]?.line ?? '');
  expect(words.filter((_, at) => words[at - 1] === '-hostkey')).toEqual([sha256, 'SHA256:abc']);
});

describe('WinSCP', () => {
  test('its URL names the host key in the alphabet of URLs', () => {
    expect(winscpUrl(plain)).toBe(
      'sftp://work;fingerprint=ssh-rsa-ImOeAG4eFllS3lwCIY5A7-2oQ-5IoL4W2Vf1QcX_x6A@127.0.0.1:12000/home/work/',
    );
  });

  test('an account with characters of a URL stays the account', () => {
    expect(winscpUrl({ ...plain, user: 'a@b;c:d/e' })).toContain('//a%40b%3Bc%3Ad%2Fe;fingerprint=');
  });

  test('a line for the window and one for scripts', () => {
    const [window, script] = linesFor('winscp', plain).map(({ line }) => wordsOf(line));
    expect(window).toEqual(['winscp.exe', winscpUrl(plain), '/privatekey=/home/me/.ssh/id_container.ppk']);
    expect(script).toEqual([
      'winscp.com',
      '/command',
      'open sftp://work@127.0.0.1:12000/home/work/ -privatekey=/home/me/.ssh/id_container.ppk ' +
        '-hostkey=ssh-rsa-ImOeAG4eFllS3lwCIY5A7-2oQ-5IoL4W2Vf1QcX_x6A',
    ]);
  });

  test('a key file with a space is in quotes of the script, doubled for cmd.exe and verbatim for PowerShell', () => {
    const keyFile = 'C:\\Users\\John Doe\\id.ppk';
    const script = linesFor('winscp', { ...windows, keyFile }, 'cmd').slice(1);
    const open =
      '"open sftp://work@127.0.0.1:12000/home/work/ -privatekey=""C:\\Users\\John Doe\\id.ppk"" ' +
      '-hostkey=ssh-rsa-ImOeAG4eFllS3lwCIY5A7-2oQ-5IoL4W2Vf1QcX_x6A"';
    expect(script).toEqual([
      { line: `winscp.com /command ${open}`, shell: 'cmd.exe' },
      { line: `winscp.com --% /command ${open}`, shell: 'PowerShell' },
    ]);
  });
});

describe('on Windows', () => {
  test('one line serves both shells while nothing needs quotes', () => {
    expect(linesFor('putty', windows, 'cmd')).toEqual([
      {
        line: `putty -ssh -P 12000 -i C:\\Users\\me\\.ssh\\id_container.ppk -hostkey ${sha256} work@127.0.0.1`,
      },
    ]);
  });

  test.each([
    ['John Doe', '"John Doe"', '"John Doe"'],
    ["O'Neil", '"O\'Neil"', '"O\'Neil"'],
    ['a%PATH%b', '"a"^%"PATH"^%"b"', "'a%PATH%b'"],
    ['a$HOME`b', '"a$HOME`b"', "'a$HOME`b'"],
    ['a&b|c>d^e', '"a&b|c>d^e"', '"a&b|c>d^e"'],
    ['a,b;c', '"a,b;c"', '"a,b;c"'],
    ['C:\\my folder\\', '"C:\\my folder\\\\"', "'C:\\my folder\\'"],
    ['', '""', "''"],
  ])('%j is one word for cmd.exe and for PowerShell', (word, cmd, powershell) => {
    expect(cmdCommand(['putty', word])).toBe(`putty ${cmd}`);
    expect(powershellCommand(['putty', word])).toBe(`putty ${powershell}`);
  });

  test('a quote inside a word is doubled', () => {
    expect(cmdCommand(['p', 'say "it"'])).toBe('p "say ""it"""');
    expect(powershellCommand(['p', 'say "it"'])).toBe('p --% "say ""it"""');
  });

  test('a word that PowerShell would splat is quoted', () => {
    expect(powershellCommand(['p', '@name'])).toBe('p "@name"');
  });
});

test('FileZilla’s dialog gets its fields by name, and no line', () => {
  expect(linesFor('filezilla', plain)).toEqual([]);
  expect(filezillaFields(plain)).toEqual({
    Protocol: 'SFTP - SSH File Transfer Protocol',
    Host: '127.0.0.1',
    Port: '12000',
    'Logon Type': 'Key file',
    User: 'work',
    'Key file': plain.keyFile,
    'Default remote directory': '/home/work',
    'Host key': `${sha256} (${md5})`,
  });
});
