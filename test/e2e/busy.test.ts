/** What a terminal shows while bai connects: what is waited for, after a moment, and nothing of it afterwards. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EmulatorBed, openEmulator, until } from '../contract/app-bed.ts';
import { hasTmux, openPane } from '../support/pane.ts';

let bed: EmulatorBed;
beforeAll(async () => {
  bed = await openEmulator();
  await bed.create('demo');
  await bed.bai(['ssh', 'demo', '--', 'true']);
});
afterAll(() => bed[Symbol.asyncDispose]());

test.skipIf(!hasTmux).each([
  ['system', ''],
  ['builtin', ''],
  ['system', ' -- -v'],
])(
  'bai ssh with the %s client%s: what is waited for, with seconds, and gone when the shell is there',
  async (client, more) => {
    using pane = openPane(bed, `${client}${more.length}`);
    using _slow = bed.emulator.faults.add({ kind: 'delay', route: 'GET /session/_/match', ms: 2_600 }, 1);
    using _slower = bed.emulator.faults.add(
      // The builtin client dials while it asks: what is longer is seen behind the other.
      { kind: 'delay', route: /^GET \/stream\/.*tcpproxy/, ms: 6_000 },
      1,
    );
    pane.type('clear\r');
    await until(() => pane.shown() === 'local$', 'the screen is clear');
    pane.type(`bai ssh demo --client ${client}${more}\r`);
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
    using pane = openPane(
      { ...bed, env: { ...bed.env, ...more } },
      `none${args.length}${Object.keys(more).join('')}`,
    );
    using slow = bed.emulator.faults.add({ kind: 'delay', route, ms: 1_800 }, 1);
    const dumb = 'TERM' in more ? 'TERM=dumb ' : '';
    pane.type(`clear; ${dumb}bai ${args}\r`);
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
