/** `session list` with its flags, and `session logs --follow`, against managers; the rules themselves have unit tests. */

import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { finished, launcher, untilPrinted } from '../support/bai.ts';
import { managerKinds } from '../support/managers.ts';
import { openTerminal } from '../support/terminal.ts';
import { openEmulator, openSession, until } from './app-bed.ts';

const words = (line: string): readonly string[] => line.split(' ');
const rowsOf = (stdout: string): string[][] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t'));

for (const kind of managerKinds()) {
  test(`${kind.name}: the list in columns, in order and filtered; its changes; the log to its end`, async () => {
    await using bed = await openSession(kind);
    const { session, id } = bed;
    const mine = `--filter name=${session}`;
    const listed = await bed.bai([
      ...words(`session list ${mine} --filter id=${id.slice(0, 8)} --filter status=run* --sort -age,name`),
      ...words('--columns id,name,resources.cpu,STATUS'),
    ]);
    expect(listed).toMatchObject({ code: 0, stdout: `${id}\t${session}\t1\tRUNNING\n` });
    expect(await bed.bai(words(`session list ${mine} --filter type=batch`))).toMatchObject({
      ...{ code: 0, stdout: '' },
      stderr: 'no session fits the filter\n',
    });

    const watch = bed.start(words(`session list --watch --json ${mine}`));
    const changes = finished(watch);
    const logs = bed.start(words(`session logs --follow ${session}`));
    const followed = finished(logs);
    await untilPrinted(watch, 'stdout', /"added"/);
    // Listened for before: it may come while the command still waits for the end.
    const removed = untilPrinted(watch, 'stdout', /"removed"/);
    await Promise.all([removed, bed.bai(words(`session terminate ${session}`))]);
    watch.kill('SIGINT');
    const { code, stdout } = await changes;
    const told = stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
    expect([code, told[0], told.at(-1)?.event]).toMatchObject([
      130,
      { event: 'added', session: { id, name: session, status: 'RUNNING' } },
      'removed',
    ]);

    const whole = await followed;
    expect(whole).toMatchObject({ code: 0, stderr: expect.stringContaining(`session ${session} has ended`) });
    expect((await bed.bai(words(`session logs ${id}`))).stdout).toBe(whole.stdout);
    const lines = whole.stdout.split('\n').slice(0, -1);
    const last = await bed.bai(words(`session logs ${id} -n 1`));
    expect(last.stdout).toBe(lines.length === 0 ? '' : `${lines.at(-1)}\n`);
    const ended = await bed.bai(words(`session list ${mine} --filter status=terminated --columns name`));
    expect(rowsOf(ended.stdout)).toEqual([[session]]);
  });
}

test.each(['26.9.6', '23.09.10'])(
  '%s: the lines of a batch session come as it prints them',
  async (release) => {
    await using bed = await openEmulator({ release });
    const command = 'echo begun 세션; until test -e go; do sleep 0.05; done; printf "done 😀"';
    await bed.bai([
      'session',
      'create',
      'python',
      '--name',
      'work',
      '--type',
      'batch',
      '-c',
      command,
      '--no-wait',
    ]);
    const logs = bed.start(words('session logs work -f'));
    const end = finished(logs);
    await untilPrinted(logs, 'stdout', /begun 세션\n$/);
    expect(bed.emulator.sessions.get('work').status).toBe('RUNNING');
    const home = bed.emulator.sessions.get('work').home ?? '';
    writeFileSync(join(home, 'go'), '');
    const { code, stdout } = await end;
    expect([code, stdout.endsWith('begun 세션\ndone 😀\n')]).toEqual([0, true]);
  },
);

test('Ctrl-C ends the log of a session that goes on', async () => {
  await using bed = await openEmulator();
  await bed.create('demo');
  const logs = bed.start(words('session logs demo -f'));
  const end = finished(logs);
  await untilPrinted(logs, 'stdout', /Kernel started/);
  logs.kill('SIGINT');
  expect(await end).toMatchObject({ code: 130 });
});

/** Of the clock, since 1970. */
const second = (): number => Math.floor(Date.now() / 1_000);

test.each(['26.9.6', '23.09.10'])(
  '%s: when a session ends is in the list, its details and --json',
  async (release) => {
    await using bed = await openEmulator({ release, sessionLifetimeSeconds: 7_000 });
    await bed.create('demo');
    const session = bed.emulator.sessions.get('demo');
    const [row = []] = rowsOf((await bed.bai(words('session list'))).stdout);
    expect(row.at(-1)).toMatch(/^in 11\dm$/);
    session.otherChecks = {
      network_timeout: { remaining: 300, remaining_time_type: 'expire_after', extra: null },
    };
    const before = second();
    const [only] = JSON.parse((await bed.bai(words('session list --json'))).stdout);
    const after = second();
    expect(only.endsBecause).toBe('idle');
    // Five minutes from a moment at which the list was asked for.
    const asked = Math.round(Date.parse(only.endsAt) / 1_000) - 300;
    expect({ asked, isThen: asked >= before && asked <= after + 1 }).toEqual({ asked, isThen: true });
    expect((await bed.bai(words('session info demo'))).stdout).toMatch(
      /^ends +\d{4}-\d\d-\d\d [\d:]{8} [+-][\d:]{5} \(in \dm, unless somebody uses it\)$/m,
    );
  },
);

test('who opens a shell hears that the session is over soon, and nobody waits for that', async () => {
  await using bed = await openEmulator({ sessionLifetimeSeconds: 500 });
  await bed.create('demo');
  using terminal = openTerminal({ home: bed.home, env: bed.env });
  using _slow = bed.emulator.faults.add({ kind: 'delay', route: /^GET \/stream\/.*tcpproxy/, ms: 700 });
  const bai = `'${process.execPath}' '${launcher}'`;
  for (const client of ['builtin', 'system']) {
    terminal.type(`${bai} ssh demo --client ${client} -- echo in-$((40+2))\r`);
    await terminal.see(/session demo ends in \dm, when its lifetime is over[\s\S]*in-42/);
  }
  using silent = bed.emulator.faults.add({ kind: 'hang', route: 'POST /admin/gql' });
  terminal.type(`${bai} ssh demo -- echo in-$((41+2))\r`);
  await terminal.see(/in-43/);
  expect(silent.hits).toBeGreaterThan(0);
  const piped = await bed.bai(words('ssh demo -- true'));
  expect(piped).toMatchObject({ code: 0, stderr: '' });
});

test('a watched list says once that the manager is away, once that it is back, and goes on', async () => {
  await using bed = await openEmulator();
  await bed.create('demo');
  const watch = bed.start(words('session list --watch'));
  const end = finished(watch);
  await untilPrinted(watch, 'stdout', /added/);
  const isAway = untilPrinted(watch, 'stderr', /looking again/);
  const away = bed.emulator.faults.add({ kind: 'answer', route: 'POST /admin/gql', status: 502 });
  await isAway;
  const isBack = untilPrinted(watch, 'stderr', /there is an answer again/);
  away[Symbol.dispose]();
  await isBack;
  const isListed = untilPrinted(watch, 'stdout', /^\w+\tlate\tRUNNING/m);
  await Promise.all([isListed, bed.create('late')]);
  watch.kill('SIGINT');
  const { code, stderr } = await end;
  expect([code, stderr.match(/looking again|again$/gm)]).toEqual([130, ['looking again', 'again']]);
});

test('--watch on a terminal draws the list in place, and Ctrl-C leaves it there', async () => {
  await using bed = await openEmulator();
  await bed.create('demo');
  using terminal = openTerminal({ home: bed.home, env: bed.env });
  terminal.type(`'${process.execPath}' '${launcher}' session list --watch\r`);
  await terminal.see(/NAME +STATUS[\s\S]*\bdemo +RUNNING/);
  const name = `other-${randomBytes(2).toString('hex')}`;
  await bed.bai(['session', 'create', 'python', '--name', name, '--no-wait']);
  // One line up to the header, and no scrolling.
  await terminal.see(new RegExp(`\\u001b\\[1A[^\\n]*NAME[\\s\\S]*${name} +\\w+[\\s\\S]*\\bdemo +RUNNING`));
  await bed.emulator.faults.refuseConnections(true);
  await terminal.see(/looking again: cannot reach the manager/);
  await bed.emulator.faults.refuseConnections(false);
  await until(() => terminal.screen().split('\n').at(-1)?.includes('demo') === true, 'the list is back');
  terminal.type('\x03');
  // It is how one ends it, so nothing is said of it.
  await terminal.see(/RUNNING[^$]*local\$/);
  terminal.type('echo status-$?\r');
  await terminal.see(/status-130/);
  expect(terminal.screen()).not.toContain('interrupted');
});

test.each(['26.9.6', '23.09.10'])(
  '%s: who extends an idle session hears what came of it',
  async (release) => {
    await using bed = await openEmulator({ release, sessionIdleSeconds: 3_600 });
    await bed.create('demo');
    const session = bed.emulator.sessions.get('demo');
    const counts = release === '26.9.6';
    session.usedAt = new Date(Date.now() - (counts ? 3_500_000 : 0));
    const left = async (): Promise<number> => {
      const { endsAt, endsBecause } = JSON.parse((await bed.bai(words('session info demo --json'))).stdout);
      expect(endsBecause).toBe('idle');
      return Date.parse(endsAt) - Date.now();
    };
    if (!counts) {
      const extending = bed.start(words('session extend demo'));
      const end = finished(extending);
      await untilPrinted(extending, 'stderr', /demo: was used; waiting/);
      extending.kill('SIGINT');
      expect(await end).toMatchObject({ code: 130, stdout: '' });
      return;
    }
    expect(await left()).toBeLessThan(200_000);
    const { code, stdout } = await bed.bai(words('session extend demo --json'));
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { id: session.id, name: 'demo' }]);
    expect(Date.parse(JSON.parse(stdout).expiresAt) - Date.now()).toBeGreaterThan(3_000_000);
    expect(await left()).toBeGreaterThan(3_000_000);
  },
);

test('what ends for its lifetime cannot be extended, and there is no call for a time', async () => {
  await using bed = await openEmulator({ sessionLifetimeSeconds: 500, sessionIdleSeconds: 3_600 });
  await bed.create('demo');
  expect(await bed.bai(words('session extend demo'))).toMatchObject({
    ...{ code: 1, stdout: '' },
    stderr: expect.stringMatching(/when its lifetime is over; that somebody uses it does not help/),
  });
  expect(await bed.bai(words('session extend demo --time 2h'))).toMatchObject({
    ...{ code: 2, stdout: '' },
    stderr: expect.stringMatching(/no call that gives a session more time[\s\S]*max_session_lifetime/),
  });
});
