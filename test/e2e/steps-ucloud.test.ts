/** The steps of UCloud's document on SSH, one after another, by one person on one terminal. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launcher } from '../support/bai.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';
import { openTerminal, type Terminal } from '../support/terminal.ts';
import { openUcloud, type UcloudBed } from '../support/uclouds.ts';

const passphrase = 'säcret words';
let bed: UcloudBed;
let home: TempFolder;
let shell: Terminal;

beforeAll(async () => {
  bed = await openUcloud();
  home = tempFolder();
  const env = {
    BAI_PROVIDER: 'ucloud',
    BAI_ENDPOINT: bed.endpoint,
    BAI_TOKEN: bed.token,
    BAI_HOST_KEY_CHECKING: 'ask',
  };
  shell = openTerminal({ home: home.path, env });
});
afterAll(async () => {
  shell?.[Symbol.dispose]();
  home?.[Symbol.dispose]();
  await bed?.[Symbol.asyncDispose]();
});

const inSsh = (name: string): string => join(home.path, '.ssh', name);

/** Types a line of bai; its exit status comes on the screen. */
const type = (words: string, before = ''): void =>
  shell.type(`${before} ${process.execPath} ${launcher} ${words}; echo "status $?"\r`);

test('look for existing keys: there are none, and it is said how to make one', async () => {
  type('key list');
  await shell.see(/bai key generate[\s\S]*status \d/);
});

test('make a key with a comment and a passphrase', async () => {
  type('key generate -C me@laptop');
  await shell.see(/New passphrase/);
  shell.type(`${passphrase}\r`);
  await shell.see(/Same passphrase again/);
  shell.type(`${passphrase}\r`);
  await shell.see(/SHA256:[\s\S]*status 0/);
  expect(readFileSync(inSsh('id_ed25519.pub'), 'utf8')).toMatch(/^ssh-ed25519 \S+ me@laptop\n$/);
  expect(shell.screen()).not.toContain(passphrase);
});

test('copy the public half', async () => {
  type('key show --copy', "SSH_CONNECTION='192.0.2.1 5000 192.0.2.2 22'");
  await shell.see(/\]52;c;[\s\S]*status 0/);
  expect(shell.screen()).toContain(readFileSync(inSsh('id_ed25519.pub'), 'utf8').trim().slice(0, 60));
});

test('a job with SSH wants a key in the account: it is said before the job is made', async () => {
  type('session create terminal-ubuntu --product u1-small/u1-small-1 --time 2h --name steps');
  await shell.see(/bai key upload[\s\S]*status 4/);
  expect(bed.emulator.jobs.all()).toEqual([]);
});

test('add the public half to the account', async () => {
  type('key upload ~/.ssh/id_ed25519.pub --title laptop');
  await shell.see(/jobs that start from now on[\s\S]*status 0/);
  type('key list --account');
  await shell.see(/laptop[\s\S]*status 0/);
});

test('start a job with SSH', async () => {
  type('session create terminal-ubuntu --product u1-small/u1-small-1 --time 2h --name steps');
  await shell.see(/status 0/);
});

test('log in without pasting an address: the host key is asked about, then the passphrase; exit', async () => {
  type('ssh steps');
  await shell.see(/ED25519 SHA256:[A-Za-z0-9+/]{43}/);
  await shell.see(/\[y\/N\]/);
  shell.type('y\r');
  await shell.see(/assphrase/);
  shell.type(`${passphrase}\r`);
  await shell.see(/ucloud@\S+# /);
  shell.type('echo I am $USER, $((6*7))\r');
  await shell.see(/I am ucloud, 42/);
  shell.type('exit 3\r');
  await shell.see(/status 3/);
  expect(shell.screen()).not.toContain(passphrase);
});

test('the next login asks for the passphrase alone', async () => {
  const before = shell.screen().length;
  type('ssh steps -- echo back');
  await shell.see(/assphrase/);
  shell.type(`${passphrase}\r`);
  await shell.see(/\nback[\s\S]*status 0/);
  expect(shell.screen().slice(before)).not.toContain('[y/N]');
});

test('files: bai itself asks for the passphrase', async () => {
  writeFileSync(join(home.path, 'data.txt'), 'content');
  type('sftp put data.txt steps:');
  await shell.see(/Passphrase of \S+id_ed25519: /);
  shell.type(`${passphrase}\r`);
  await shell.see(/status 0/);
  type('exec steps cat data.txt');
  await shell.see(/Passphrase of \S+id_ed25519: /);
  shell.type(`${passphrase}\r`);
  await shell.see(/content[\s\S]*status 0/);
  expect(shell.screen()).not.toContain(passphrase);
});

test('end the job', async () => {
  type('session terminate steps --yes');
  await shell.see(/status 0/);
  type('ssh steps');
  await shell.see(/status 4/);
  expect(existsSync(inSsh('id_ed25519'))).toBe(true);
});
