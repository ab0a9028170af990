/** What somebody with a screen reader gets of the daily commands: whole lines, each once, and nothing that moves the cursor. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import stringWidth from 'string-width';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EmulatorBed, openEmulator } from '../contract/app-bed.ts';
import { bai, launcher } from '../support/bai.ts';
import { openConsole } from '../support/consoles.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { openTerminal, type Terminal } from '../support/terminal.ts';

let bed: EmulatorBed;
beforeAll(async () => {
  bed = await openEmulator({ images: ['cr.example.com/stable/python:3.11', '파이썬:세션'] });
});
afterAll(() => bed[Symbol.asyncDispose]());

function onTerminal(words: readonly string[], env: Readonly<Record<string, string>>): Terminal {
  const where = { home: bed.home, env: { ...bed.env, NO_COLOR: '1', ...env } };
  return openTerminal(where, [process.execPath, launcher, ...words]);
}

const accessible = { ACCESSIBLE: '1' };

/** Whole lines of text; whatever moves a cursor, or writes over what stands there, fails it. */
function linesOf(screen: string): string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
  expect(screen).not.toMatch(/[\x00-\x08\x0b\x0c\x0e-\x1f]|\r(?!\r*\n)/);
  return screen.split(/\r*\n/);
}

test('create: the question is a numbered list, each state one line', async () => {
  using run = onTerminal(
    ['session', 'create', '--name', 'spoken', '-r', 'cpu=1', '-r', 'mem=256m'],
    accessible,
  );
  await run.see(/Image\r\n[\s\S]*\[1 .*\]: $/);
  run.type('python\r');
  expect(await run.ended, run.screen()).toBe(0);
  const lines = linesOf(run.screen());
  expect(lines.filter((line) => line.startsWith('spoken: RUNNING'))).toHaveLength(1);
  expect(lines.filter((line) => /^ {3}\d {2}/.test(line))).toHaveLength(2);
});

test('put: a line now and then tells how far it is', async () => {
  await bed.create('moved');
  writeFileSync(join(bed.home, 'data.bin'), Buffer.alloc(3_200_000, 7));
  using run = onTerminal(['sftp', 'put', 'data.bin', 'moved:', '--limit', '400K'], accessible);
  expect(await run.ended, run.screen()).toBe(0);
  expect(linesOf(run.screen()).join('\n')).toMatch(/^0 files? done, .* of 3\.1 MiB \(\d+%\), .*\/s.* left/m);
});

test('ssh: nothing but what the command prints', async () => {
  await bed.create('entered');
  using run = onTerminal(['ssh', 'entered', '--client', 'builtin', 'echo', 'hello'], accessible);
  expect(await run.ended, run.screen()).toBe(0);
  expect(linesOf(run.screen())).toContain('hello');
});

test('login: typed lines, the password unseen, and Ctrl-C leaves the question on its line', async () => {
  await using place = await openConsole({});
  using home = tempFolder();
  // Stored, for those who cannot set a variable.
  await bai(['config', 'set', 'accessible', 'yes'], { home: home.path });
  const login = [process.execPath, launcher, 'login'];
  using left = openTerminal({ home: home.path, env: { NO_COLOR: '1' } }, login);
  await left.see(/Address .*: /);
  left.type('\x03');
  expect(await left.ended, left.screen()).toBe(130);
  expect(linesOf(left.screen())).toContain('error: interrupted');
  using run = openTerminal({ home: home.path, env: { NO_COLOR: '1' } }, login);
  await run.see(/Address .*: /);
  run.type(`${place.endpoint}\r`);
  await run.see(/E-mail: /);
  run.type(`${place.email}\r`);
  await run.see(/Password of .*: /);
  run.type(`${place.password}\r`);
  expect(await run.ended, run.screen()).toBe(0);
  expect(linesOf(run.screen()).join('\n')).toContain('signed in to');
  expect(run.screen()).not.toContain(place.password);
});

test('in 20 columns lists, questions and errors end, and no row is wider', async () => {
  await bed.create('narrow');
  const narrow = async (
    words: readonly string[],
    typed?: readonly [RegExp, string],
  ): Promise<[number, string[]]> => {
    using run = onTerminal(words, { TERM: 'xterm' });
    run.pty.resize(20, 10);
    if (typed !== undefined) {
      await run.see(typed[0]);
      run.type(typed[1]);
    }
    const status = await run.ended;
    return [status, run.screen().split(/\r*\n/)];
  };
  const [listed, rows] = await narrow(['session', 'list']);
  expect([listed, rows.filter((row) => stringWidth(row) > 20)]).toEqual([0, []]);
  const [asked, questions] = await narrow(
    ['session', 'create', '--no-wait', '-r', 'cpu=1', '-r', 'mem=256m'],
    [/\]: /, 'python\r'],
  );
  expect(asked, questions.join('\n')).toBe(0);
  expect(questions.filter((row) => /^ {3}\d {2}/.test(row) && stringWidth(row) > 20)).toEqual([]);
  const [failed, said] = await narrow(['session', 'info', '없는-세션-이름']);
  expect(failed).not.toBe(0);
  expect(said.join(' ')).toContain('error:');
});
