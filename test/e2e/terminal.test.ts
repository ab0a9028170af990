/** `bai app ssh` on a terminal, with both clients: it is the remote’s while ssh runs, and as before when ssh has ended. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { childrenOf, type EmulatorBed, isAlive, openEmulator, until } from '../contract/app-bed.ts';
import { launcher } from '../support/bai.ts';
import { openTerminal, type Terminal } from '../support/terminal.ts';

let bed: EmulatorBed;

beforeAll(async () => {
  bed = await openEmulator();
  await bed.create('demo');
  await bed.bai(['app', 'ssh', 'demo', '--', 'true']);
});

afterAll(() => bed?.[Symbol.asyncDispose]());

/** Set for each client in turn. */
let client = 'system';
const bai = (args: string): string =>
  `'${process.execPath}' '${launcher}' app ssh demo --client ${client}${args}`;

/** The terminal's settings as `stty -g` prints them. */
async function settings(terminal: Terminal): Promise<string> {
  terminal.type('echo "<$(stty -g)>"\r');
  return (await terminal.see(/<([0-9a-f:]{20,})>/))[1] ?? '';
}

async function logIn(terminal: Terminal): Promise<void> {
  terminal.type(`${bai('')}; echo "status=$?"\r`);
  await terminal.see(/work@\S+:.*[$#] $/);
}

describe.each(['system', 'builtin'])('with the %s client', (which) => {
  beforeAll(() => {
    client = which;
  });

  test('after a normal exit the terminal is as before, and the status is the shell’s', async () => {
    using terminal = openTerminal(bed);
    const before = await settings(terminal);
    await logIn(terminal);
    terminal.type('exit 7\r');
    await terminal.see(/status=7/);
    expect(await settings(terminal)).toBe(before);
  });

  test('Ctrl-C interrupts the remote command, not bai', async () => {
    using terminal = openTerminal(bed);
    await logIn(terminal);
    terminal.type('sleep 600; echo "remote=$?"\r');
    await until(() => childrenOf(terminal.pty.pid).length > 0, 'bai runs');
    await terminal.see(/sleep 600/);
    terminal.type('\x03');
    await terminal.see(/\^C[\s\S]*work@\S+:.*[$#] $/);
    terminal.type('echo still "here"\r');
    await terminal.see(/still here/);
    terminal.type('exit\r');
    await terminal.see(/status=(0|130)/);
  });

  test('the size of the terminal is the remote’s, also when it changes', async () => {
    using terminal = openTerminal(bed);
    await logIn(terminal);
    terminal.type('echo "<$(stty size)>"\r');
    await terminal.see(/<30 100>/);
    terminal.pty.resize(80, 24);
    await until(async () => {
      terminal.type('echo "<$(stty size)>"\r');
      return (await terminal.see(/<(\d+ \d+)>/))[1] === '24 80';
    }, 'the new size has arrived');
    terminal.type('exit\r');
    await terminal.see(/status=0/);
  });

  test.each([
    ['sh', ''],
    ['bash', 'exec bash --norc -i'],
    ['a program between it and the shell, as npx is', 'between'],
  ])('~^Z stops bai and gives the terminal to %s; fg goes on in the session', async (_, how) => {
    using terminal = openTerminal(bed);
    if (how.startsWith('exec')) terminal.type(`${how}\r`);
    const before = await settings(terminal);
    terminal.type(how === 'between' ? `sh -c "${bai('')}; true"; echo "status=$?"\r` : `${bai('')}\r`);
    await terminal.see(/work@\S+:.*[$#] $/);
    terminal.type('\r~\x1a');
    await terminal.see(/[Ss]topped/);
    expect(await settings(terminal)).toBe(before);
    terminal.type('echo local "shell"\r');
    await terminal.see(/local shell/);
    terminal.type('fg\r');
    terminal.type('\recho back "again"\r');
    await terminal.see(/back again/);
    // As often as one likes.
    terminal.type('\r~\x1a');
    await terminal.see(/[Ss]topped/);
    terminal.type('fg; echo "over=$?"\r');
    terminal.type('\rexit\r');
    await terminal.see(/over=\d/);
    expect(await settings(terminal)).toBe(before);
  });

  test.each(['SIGTERM', 'SIGHUP'] as const)('after %s to bai the terminal is as before', async (signal) => {
    using terminal = openTerminal(bed);
    const before = await settings(terminal);
    await logIn(terminal);
    const pid = childrenOf(terminal.pty.pid)[0] ?? 0;
    const [ssh = 0] = childrenOf(pid);
    process.kill(pid, signal);
    await terminal.see(/status=[1-9]\d*/);
    expect([isAlive(pid), ssh > 0 && isAlive(ssh)]).toEqual([false, false]);
    expect(await settings(terminal)).toBe(before);
  });

  test('after the server was killed the terminal is as before', async () => {
    using terminal = openTerminal(bed);
    const before = await settings(terminal);
    await logIn(terminal);
    await bed.emulator.sessions.get('demo').stopSshd();
    try {
      await terminal.see(/status=255/);
      expect(await settings(terminal)).toBe(before);
    } finally {
      await bed.emulator.sessions.get('demo').restartSshd();
      await bed.bai(['host-key', 'forget', 'demo']);
    }
  });

  test('Ctrl-C before ssh has the terminal ends bai with 130, and the cursor is back', async () => {
    using terminal = openTerminal(bed);
    const before = await settings(terminal);
    const fault = bed.emulator.faults.add({ kind: 'delay', route: '* /session/*/download*', ms: 4_000 });
    terminal.type(`${bai('')}; echo "status=$?"\r`);
    await until(() => fault.hits > 0, 'the key is asked for');
    terminal.type('\x03');
    // A shell that was told of the Ctrl-C as well may not go on with the list.
    await terminal.see(/status=130|\^C[\s\S]*\$ /);
    fault[Symbol.dispose]();
    expect(await settings(terminal)).toBe(before);
    const screen = terminal.screen();
    expect(screen.lastIndexOf('\x1b[?25h')).toBeGreaterThanOrEqual(screen.lastIndexOf('\x1b[?25l'));
  });

  test('a remote program that uses the whole screen gets every key', async () => {
    using terminal = openTerminal(bed);
    await logIn(terminal);
    terminal.type(`read -r -s -n 3 keys; printf '<%s>' "$keys" | od -c | head -1\r`);
    await terminal.see(/head -1\r\n/);
    terminal.type('\x1b[A');
    await terminal.see(/033 +\[ +A/);
    terminal.type('exit\r');
    await terminal.see(/status=0/);
  });

  test('what a program that was cut off had switched on is off again', async () => {
    using terminal = openTerminal(bed);
    const before = await settings(terminal);
    await logIn(terminal);
    terminal.type("printf '\\033[?1049h\\033[?1000h\\033[?2004h\\033[?25l<full>'\r");
    await terminal.see(/25l<full>/);
    await bed.emulator.sessions.get('demo').stopSshd();
    try {
      await terminal.see(/status=255/);
      const screen = terminal.screen();
      for (const mode of ['1000', '2004'])
        expect(screen.lastIndexOf(`\x1b[?${mode}l`)).toBeGreaterThan(screen.lastIndexOf(`\x1b[?${mode}h`));
      expect(screen.lastIndexOf('\x1b[?1047l')).toBeGreaterThan(screen.lastIndexOf('\x1b[?1049h'));
      expect(screen.lastIndexOf('\x1b[?25h')).toBeGreaterThan(screen.lastIndexOf('\x1b[?25l'));
      expect(await settings(terminal)).toBe(before);
    } finally {
      await bed.emulator.sessions.get('demo').restartSshd();
      await bed.bai(['host-key', 'forget', 'demo']);
    }
  });

  test('~. at the start of a line leaves a shell that hangs, and ~~ is a tilde', async () => {
    using terminal = openTerminal(bed);
    const before = await settings(terminal);
    await logIn(terminal);
    terminal.type('echo a~.b\r');
    await terminal.see(/\ra~\.b\r\n/);
    terminal.type('~~ 2>&1 | cat; echo "tilde" done\r');
    await terminal.see(/tilde done/);
    terminal.type('exec sleep 600\r');
    await terminal.see(/sleep 600/);
    terminal.type('\r~.');
    await terminal.see(/status=255/);
    expect(await settings(terminal)).toBe(before);
  });
});

describe('with the system client only', () => {
  beforeAll(() => {
    client = 'system';
  });

  test('progress and warnings do not write into ssh’s screen', async () => {
    using terminal = openTerminal(bed);
    const { createServer } = await import('node:net');
    const taken = createServer().listen(0, '127.0.0.1');
    await until(() => taken.listening, 'a port is taken');
    const address = taken.address();
    const port = typeof address === 'object' ? address?.port : 0;
    terminal.type(`${bai(` -p ${port}`)}; echo "status=$?"\r`);
    await terminal.see(/is not free; using \d+/);
    await terminal.see(/work@\S+:.*[$#] $/);
    const start = terminal.screen().length;
    bed.emulator.faults.add({ kind: 'tunnel', code: 1011 }, 1);
    const used = /using (\d+)/.exec(terminal.screen())?.[1];
    const { readPort } = await import('../contract/app-bed.ts');
    // Another connection through the same forwarder breaks while ssh has the screen.
    const stranger = readPort(Number(used));
    terminal.type('echo quiet "here"\r');
    await terminal.see(/quiet here[\s\S]*[$#] $/);
    expect(terminal.screen().slice(start)).not.toMatch(/warning|tunnel|connecting/);
    terminal.type('exit\r');
    await terminal.see(/status=0/);
    await stranger;
    taken.close();
  });

  test('after ssh itself was killed the terminal is as before', async () => {
    using terminal = openTerminal(bed);
    const before = await settings(terminal);
    await logIn(terminal);
    const [ssh = 0] = childrenOf(childrenOf(terminal.pty.pid)[0] ?? 0);
    process.kill(ssh, 'SIGKILL');
    await terminal.see(/status=137/);
    expect(await settings(terminal)).toBe(before);
  });
});

describe('with the builtin client only', () => {
  beforeAll(() => {
    client = 'builtin';
  });

  test('~. leaves at once, with 255, a program that does not end', async () => {
    using terminal = openTerminal(bed);
    const before = await settings(terminal);
    await logIn(terminal);
    terminal.type("trap '' HUP; printf '\\033[?1000h'; echo deaf; sleep 60\r");
    await terminal.see(/h?deaf\r\n/);
    terminal.type('\r~.');
    await terminal.see(/status=255/);
    expect(await settings(terminal)).toBe(before);
    const screen = terminal.screen();
    expect(screen.lastIndexOf('\x1b[?1000l')).toBeGreaterThan(screen.lastIndexOf('\x1b[?1000h'));
  });

  test('~? tells of the escapes', async () => {
    using terminal = openTerminal(bed);
    await logIn(terminal);
    terminal.type('~?');
    await terminal.see(/Supported escape sequences/);
    terminal.type('\rexit\r');
    await terminal.see(/status=0/);
  });
});
