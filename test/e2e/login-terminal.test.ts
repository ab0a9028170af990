/** Signing in on a terminal: what happens when a login runs out, and at Ctrl-C. The whole way is in login-recording.test.ts. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { bai, launcher } from '../support/bai.ts';
import { type OpenedConsole, openConsole, totpSecret } from '../support/consoles.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';
import { openTerminal } from '../support/terminal.ts';

let place: OpenedConsole;
let home: TempFolder;
beforeAll(async () => {
  place = await openConsole({ signIn: { totpSecret } });
  using folder = tempFolder();
  const create = ['session', 'create', 'python', '--name', 'demo'];
  await bai(create, { home: folder.path, env: await place.env() });
});
afterAll(() => place[Symbol.asyncDispose]());
beforeEach(() => {
  home = tempFolder();
  return () => home[Symbol.dispose]();
});

const command = (words: string): string => `${process.execPath} ${launcher} ${words}; echo status $?\r`;
const configFile = (): string => join(home.path, '.config', 'bai', 'config.json');
const loginId = (): string => JSON.parse(readFileSync(configFile(), 'utf8')).profiles.default.loginId;

/** What somebody types who is asked. */
async function signIn(shell: ReturnType<typeof openTerminal>): Promise<void> {
  shell.type(command('login'));
  await shell.see(/Address .*: /);
  // What cannot be right is asked for again.
  shell.type('ftp://nothing\r');
  await shell.see(/not an address of a server[\s\S]*Address .*: /);
  shell.type(`${place.endpoint}\r`);
  await shell.see(/a Backend\.AI web console \(26\.9\.6\)[\s\S]*E-mail: /);
  shell.type(`${place.email}\r`);
  await shell.see(/Password of .*: /);
  shell.type(`${place.password}\r`);
  await shell.see(/Code of the second factor: /);
  shell.type(`${await place.otp?.()}\r`);
  await shell.see(/signed in to [\s\S]*next: [\s\S]*status 0/);
}

test('a login that has run out is asked for, and the command goes on', async () => {
  using shell = openTerminal({ home: home.path });
  await signIn(shell);
  const before = loginId();
  place.console.endLogins(place.email);
  shell.type(command('session list --name-only'));
  await shell.see(/your login at .* has ended[\s\S]*Password of .*: /);
  shell.type('not the password\r');
  await shell.see(/the password is wrong[\s\S]*Password of .*: /);
  shell.type(`${place.password}\r`);
  await shell.see(/Code of the second factor: /);
  shell.type(`${await place.otp?.()}\r`);
  await shell.see(/demo[\s\S]*status 0/);
  expect(loginId()).not.toBe(before);
  expect(shell.screen()).not.toMatch(/not the password\r/);
});

test('of two that find a login run out one asks for the password, and the other takes the new login', async () => {
  using first = openTerminal({ home: home.path });
  using second = openTerminal({ home: home.path });
  await signIn(first);
  place.console.endLogins(place.email);
  first.type(command('session list --name-only'));
  await first.see(/has ended[\s\S]*Password of .*: /);
  second.type(command('session list --name-only'));
  await second.see(/another bai is signing in/);
  first.type(`${place.password}\r`);
  await first.see(/Code of the second factor: /);
  first.type(`${await place.otp?.()}\r`);
  await Promise.all([first, second].map((shell) => shell.see(/demo[\s\S]*status 0/)));
  expect(second.screen()).not.toContain('Password of');
});

test.each([
  ['the address', /Address .*: /],
  ['the e-mail', /E-mail: /],
  ['the password', /Password of .*: /],
  ['the code', /Code of the second factor: /],
] as const)('Ctrl-C at the question for %s ends it, and stores nothing', async (_what, question) => {
  using shell = openTerminal({ home: home.path });
  shell.type(command('login'));
  const answers = [place.endpoint, place.email, place.password];
  for (const [index, each] of [/Address .*: /, /E-mail: /, /Password of .*: /, question].entries()) {
    await shell.see(each);
    if (each.source === question.source) break;
    shell.type(`${answers[index]}\r`);
  }
  shell.type('\x03');
  await shell.see(/status 130/);
  expect(existsSync(configFile())).toBe(false);
});
