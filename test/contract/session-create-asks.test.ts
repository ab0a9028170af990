/** `session create` without an image on a terminal: what is asked, what is created, and that nothing is when somebody leaves. */

import { expect, test } from 'vitest';
import { launcher } from '../support/bai.ts';
import { openTerminal, type Terminal } from '../support/terminal.ts';
import { type EmulatorBed, openEmulator, until } from './app-bed.ts';

interface Ended extends Disposable {
  readonly terminal: Terminal;
  ended(): Promise<number>;
}

/** bai on a terminal, without a shell. */
function asking(bed: EmulatorBed, variables: readonly string[], args: readonly string[] = []): Ended {
  const command = ['/usr/bin/env', ...variables, process.execPath, launcher, 'session', 'create', ...args];
  const terminal = openTerminal(bed, command);
  let status: number | undefined;
  terminal.pty.onExit(({ exitCode }) => {
    status = exitCode;
  });
  return {
    terminal,
    async ended() {
      await until(() => status !== undefined, `bai ends; the screen: ${JSON.stringify(terminal.screen())}`);
      return status ?? -1;
    },
    [Symbol.dispose]: () => terminal[Symbol.dispose](),
  };
}

function creations({ emulator }: EmulatorBed): number {
  return emulator.requests.filter(({ method, target }) => method === 'POST' && target === '/session').length;
}

const hostile = 'cr.example.com/stable/evil\x1b[2J\x1b]0;owned\x07\u202e:1.0';
const images = ['cr.example.com/stable/python:3.11-ubuntu22.04', hostile, 'cr.example.com/stable/torch:2.5'];

test('on a capable terminal image, folders and size are chosen, the same line is printed and the session made', async () => {
  await using bed = await openEmulator({ images, folders: ['data', 'models'] });
  using run = asking(bed, [], ['--name', 'asked', '-e', "A=it's"]);
  const { terminal } = run;
  await terminal.see(/Image \(Enter takes [^)]*\)[\s\S]*to search/);
  terminal.type('torch');
  await terminal.see(/1 match/);
  terminal.type('\r');
  await terminal.see(/Folders to mount[\s\S]*data[\s\S]*models/);
  terminal.type('mod');
  await terminal.see(/1 match/);
  terminal.type('\t\r');
  await terminal.see(/Size; free in default: [\s\S]*own amounts/);
  terminal.type('own');
  await terminal.see(/1 match/);
  terminal.type('\r');
  await terminal.see(/Amounts, such as/);
  terminal.type('cpu=2 mem=512m\r');
  const [again = ''] = await terminal.see(/again: [^\n]*\r\n[^\n]*/);
  expect(again.replaceAll('\r\n', '')).toContain(
    `again: bai session create torch:2.5 --name asked -m models -e 'A=it'\\''s' -r cpu=2 -r mem=512m`,
  );
  expect(await run.ended(), terminal.screen()).toBe(0);
  const { spec, status } = bed.emulator.sessions.get('asked');
  expect(spec).toMatchObject({ cpu: 2, memory: 536_870_912, environ: { A: "it's" } });
  expect([spec.image.reference, Object.keys(spec.mounts), status]).toEqual([
    images[2],
    ['models'],
    'RUNNING',
  ]);
  for (const raw of ['\x1b[2J', '\x1b]0;', '\x07', '\u202e']) expect(terminal.screen()).not.toContain(raw);
  expect(terminal.screen()).toContain('evil\\x1b[2J\\x1b]0;owned\\x07\\u202e:1.0');

  // The last image is remembered, and Enter takes it; what is given is not asked.
  using second = asking(bed, [], ['--name', 'again', '-m', 'data', '-r', 'cpu=1', '-r', 'mem=256m']);
  await second.terminal.see(/Image \(Enter takes torch:2\.5\)[\s\S]*\(last used\)[\s\S]*to search/);
  second.terminal.type('\r');
  expect(await second.ended(), second.terminal.screen()).toBe(0);
  expect(second.terminal.screen()).not.toMatch(/Folders|Size/);
  expect(bed.emulator.sessions.get('again').spec.image.reference).toBe(images[2]);
});

test.each([[['TERM=dumb']], [['ACCESSIBLE=1']]])(
  'with %j there are numbered lists, and nothing is drawn',
  async (variables) => {
    await using bed = await openEmulator({ images, folders: ['data', 'models'] });
    using run = asking(bed, variables, ['--name', 'asked', '--no-wait', '--no-color']);
    const { terminal } = run;
    await terminal.see(/Image\r\n +1 {2}\S[\s\S]*\[1 .*\]: $/);
    terminal.type('torch\r');
    await terminal.see(/Folders to mount\r\n[\s\S]*\[none\]: /);
    terminal.type('1, models\r');
    await terminal.see(/Size; [\s\S]*\[1 .*\]: $/);
    terminal.type('\r');
    expect(await run.ended(), terminal.screen()).toBe(0);
    const whole = terminal.screen();
    const written = whole.slice(whole.indexOf('Image\r\n'), whole.indexOf('again:'));
    expect(written).not.toContain('\x1b');
    expect(written).toContain('evil\\x1b[2J');
    expect(bed.emulator.sessions.get('asked').spec).toMatchObject({ image: { reference: images[2] } });
  },
);

test('Ctrl-C at a later question ends with 130, and nothing is created', async () => {
  await using bed = await openEmulator({ images, folders: ['data'] });
  const questions = [/Image \(/, /Folders to mount/, /Size;/, /Amounts, such as/];
  for (let last = 1; last < questions.length; last += 1) {
    using run = asking(bed, []);
    for (const [index, question] of questions.slice(0, last + 1).entries()) {
      await run.terminal.see(question);
      await run.terminal.see(index === 3 ? /cpu=/ : /to search/);
      const next = index === 2 && last === 3 ? 'own\r' : '\r';
      run.terminal.type(index === last ? '\x03' : next);
    }
    expect(await run.ended(), run.terminal.screen()).toBe(130);
    expect(run.terminal.screen()).toMatch(/error:\S* interrupted/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the cursor is shown again.
    expect(run.terminal.screen()).toMatch(/\x1b\[\?25h(?![\s\S]*\x1b\[\?25l)/);
  }
  expect(creations(bed)).toBe(0);
});
