/** `bai key` on a real terminal: hidden questions, Ctrl-C, the table, and the clipboard over ssh. */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { filesIn } from '../contract/app-bed.ts';
import { launcher } from '../support/bai.ts';
import { useKeyHome } from '../support/key-home.ts';
import { publicLineBySshKeygen, puttygen } from '../support/key-programs.ts';
import { openTerminal } from '../support/terminal.ts';

const home = useKeyHome();
const { at, key } = home;

const command = (words: string): string => `${process.execPath} ${launcher} key ${words}; echo status $?\r`;

test('generate asks twice, unseen, and again when the two differ', async () => {
  using shell = openTerminal({ home: home.path });
  shell.type(command('generate --ppk'));
  for (const [first, second] of [
    ['one word', 'another'],
    ['séçret words', 'séçret words'],
  ]) {
    await shell.see(/New passphrase \(empty for none\): /);
    shell.type(`${first}\r`);
    await shell.see(/Same passphrase again: /);
    shell.type(`${second}\r`);
  }
  await shell.see(/SHA256:[\s\S]*\+--\[ED25519 256\]--\+[\s\S]*status 0/);
  expect(shell.screen()).toContain('do not match');
  expect(shell.screen()).not.toMatch(/one word|another\r|séçret/);
  const line = readFileSync(at('id_ed25519.pub'), 'utf8');
  expect(line).toContain(await publicLineBySshKeygen(readFileSync(at('id_ed25519')), 'séçret words'));
  const ppk = await puttygen(readFileSync(at('id_ed25519.ppk')), 'séçret words', '-L');
  expect(ppk.toString()).toBe(line);
});

test.each([1, 2])('Ctrl-C at question %i leaves nothing', async (question) => {
  using shell = openTerminal({ home: home.path });
  shell.type(command('generate'));
  await shell.see(/New passphrase/);
  if (question === 2) {
    shell.type('words\r');
    await shell.see(/Same passphrase again/);
  }
  shell.type('\x03');
  await shell.see(/status 130/);
  expect(existsSync(home.ssh)).toBe(false);
});

test('an empty passphrase is none', async () => {
  using shell = openTerminal({ home: home.path });
  shell.type(command('generate'));
  await shell.see(/New passphrase/);
  shell.type('\r');
  await shell.see(/Same passphrase again/);
  shell.type('\r');
  await shell.see(/status 0/);
  expect(readFileSync(at('id_ed25519.pub'), 'utf8')).toContain(
    await publicLineBySshKeygen(readFileSync(at('id_ed25519')), undefined),
  );
});

test('convert asks for the passphrase once and keeps it; --new-passphrase asks for another', async () => {
  mkdirSync(home.ssh, { mode: 0o700 });
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'old words', '-C', 'me', '-f', at('mine')]);
  const line = readFileSync(at('mine.pub'), 'utf8');
  using shell = openTerminal({ home: home.path });
  shell.type(command(`convert ${at('mine')} --to ppk`));
  await shell.see(/Passphrase of .*mine: /);
  shell.type('old words\r');
  await shell.see(/status 0/);
  expect((await puttygen(readFileSync(at('mine.ppk')), 'old words', '-L')).toString()).toBe(line);
  shell.type(command(`convert ${at('mine.ppk')} --to openssh --new-passphrase -o ${at('other')}`));
  await shell.see(/Passphrase of .*mine\.ppk: /);
  shell.type('old words\r');
  await shell.see(/New passphrase/);
  shell.type('new words\r');
  await shell.see(/Same passphrase again/);
  shell.type('new words\r');
  await shell.see(/status 0/);
  expect(line).toContain(await publicLineBySshKeygen(readFileSync(at('other')), 'new words'));
  shell.type(command(`convert ${at('mine')} --to pkcs8`));
  await shell.see(/Passphrase of/);
  shell.type('wrong\r');
  await shell.see(/wrong passphrase for[\s\S]*status 3/);
  expect(filesIn(home.ssh)).toEqual(['mine', 'mine.ppk', 'mine.pub', 'other']);
});

test('a format that has no place for the key is said before the passphrase is asked for', async () => {
  mkdirSync(home.ssh, { mode: 0o700 });
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'words', '-f', at('mine')]);
  using shell = openTerminal({ home: home.path });
  shell.type(command(`convert ${at('mine')} --to pem`));
  await shell.see(/no form for Ed25519[\s\S]*status 2/);
  expect(shell.screen()).not.toContain('Passphrase of');
});

test('over ssh the terminal is handed the line for its clipboard (OSC 52)', async () => {
  await key(['generate', '--no-passphrase']);
  using shell = openTerminal({
    home: home.path,
    env: { SSH_CONNECTION: '192.0.2.1 5000 192.0.2.2 22', DISPLAY: ':9' },
  });
  shell.type(command('show --copy'));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence is what it looks for.
  const [, base64 = ''] = await shell.see(/\x1b\]52;c;([A-Za-z0-9+/=]+)\x07/);
  expect(Buffer.from(base64, 'base64').toString()).toBe(readFileSync(at('id_ed25519.pub'), 'utf8').trim());
  await shell.see(/OSC 52[\s\S]*status 0/);
});

test('list is a table on a terminal', async () => {
  await key(['generate', '--no-passphrase']);
  using shell = openTerminal({ home: home.path });
  shell.pty.resize(300, 30);
  shell.type(command('list'));
  await shell.see(/KEY +KIND +TYPE +PASSPHRASE +MODE +ACCEPTED +PROBLEMS +COMMENT +FINGERPRINT/);
  await shell.see(
    /~\/\.ssh\/id_ed25519 +private +ED25519 256 +no +0600 +- +- +\S+@\S+ +SHA256:[A-Za-z0-9+/]{43}\s/,
  );
  await shell.see(/status 0/);
});
