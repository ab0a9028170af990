/** What a terminal shows while bai connects: what is waited for, after a moment, and nothing of it afterwards. */

import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EmulatorBed, openEmulator, until } from '../contract/app-bed.ts';
import { cleanEnvironment, launcher } from '../support/bai.ts';

const hasTmux = spawnSync('tmux', ['-V']).status === 0;

let bed: EmulatorBed;
beforeAll(async () => {
  bed = await openEmulator();
  await bed.create('demo');
  await bed.bai(['ssh', 'demo', '--', 'true']);
});
afterAll(() => bed[Symbol.asyncDispose]());

interface Pane extends Disposable {
  type(text: string): void;
  /** What a person sees now, without blank lines. */
  shown(): string;
}

/** A shell in a terminal that is drawn as a real one is. */
function openPane(name: string, more: Record<string, string> = {}): Pane {
  const socket = join(bed.home, `${name}.tmux`);
  const tmux = (...args: string[]): string =>
    execFileSync('tmux', ['-S', socket, '-f', '/dev/null', ...args], {
      env: { ...cleanEnvironment({ home: bed.home, env: { ...bed.env, ...more } }), TERM: 'xterm-256color' },
      encoding: 'utf8',
    });
  tmux('new-session', '-d', '-x', '80', '-y', '24', "env PS1='local$ ' /bin/sh -i");
  return {
    type: (text) => void tmux('send-keys', '-l', text),
    shown: () => tmux('capture-pane', '-p').replace(/\n+$/, ''),
    [Symbol.dispose]: () => void spawnSync('tmux', ['-S', socket, 'kill-server']),
  };
}

const bai = (args: string): string => `'${process.execPath}' '${launcher}' ${args}`;

test.skipIf(!hasTmux).each([
  ['system', ''],
  ['builtin', ''],
  ['system', ' -- -v'],
])(
  'bai ssh with the %s client%s: what is waited for, with seconds, and gone when the shell is there',
  async (client, more) => {
    using pane = openPane(`${client}${more.length}`);
    using _slow = bed.emulator.faults.add({ kind: 'delay', route: 'GET /session/_/match', ms: 2_600 }, 1);
    using _slower = bed.emulator.faults.add(
      { kind: 'delay', route: /^GET \/stream\/.*tcpproxy/, ms: 2_600 },
      1,
    );
    pane.type('clear\r');
    await until(() => pane.shown() === 'local$', 'the screen is clear');
    pane.type(`${bai(`ssh demo --client ${client}${more}`)}\r`);
    await until(
      () => /waiting for 127\.0\.0\.1:\d+ to look for session demo \(\d s, at most 60\)/.test(pane.shown()),
      'it says what it waits for',
    );
    const second = /waiting for the sshd of session demo \(\d s/;
    if (more === '') await until(() => second.test(pane.shown()), 'and what next');
    await until(() => /work@.*[$#]$/m.test(pane.shown()), 'the shell is there');
    expect(pane.shown()).not.toMatch(/looking for|connecting to|waiting for/);
    pane.type('exit\r');
    await until(() => pane.shown().endsWith('local$'), 'it has ended');
  },
);

test.skipIf(!hasTmux)('in CI, with --quiet and in a pipe there is none', async () => {
  const route = 'GET /session/_/match';
  for (const [args, more] of [
    ['ssh demo -- echo in', { CI: 'true' }],
    ['--quiet ssh demo -- echo in', {}],
    ['ssh demo -- echo in 2>&1 | cat', {}],
    ['ssh demo -- echo in', { TERM: 'dumb' }],
  ] as const) {
    using pane = openPane(`none${args.length}${Object.keys(more).join('')}`, more);
    using slow = bed.emulator.faults.add({ kind: 'delay', route, ms: 1_800 }, 1);
    const dumb = 'TERM' in more ? 'TERM=dumb ' : '';
    pane.type(`clear; ${dumb}${bai(args)}\r`);
    let seen = '';
    await until(() => {
      seen += `${pane.shown()}\n`;
      return /^in$/m.test(seen) && slow.hits === 1;
    }, `${args} has printed`).catch((error: unknown) => {
      throw new Error(`${String(error)} ${slow.hits} ${pane.shown()}`);
    });
    expect(seen).not.toMatch(/looking for/);
  }
});
