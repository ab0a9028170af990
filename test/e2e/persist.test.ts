/** `bai ssh --persist` on a terminal: the shell is the same one after each loss, with both clients and on every server. */

import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defaultAccount } from '../../src/emulator/model/accounts.ts';
import { childrenOf, type EmulatorBed, freePort, openEmulator, until } from '../contract/app-bed.ts';
import { launcher } from '../support/bai.ts';
import { endKeptShell, endTmux } from '../support/kept-shells.ts';
import { type Relay, startRelay } from '../support/relay.ts';
import { sshdMissing, sshServers, startSessionDropbear, startSshd, type TestSshd } from '../support/sshd.ts';
import { openTerminal, type Terminal } from '../support/terminal.ts';

const clients = ['system', 'builtin'] as const;
const emulated = { name: 'the embedded manager', missing: undefined, start: undefined };
const why = (missing: string | undefined): string => (missing === undefined ? '' : ` (${missing})`);

/** A session whose manager is reached through a line that can be cut. */
interface Kept extends AsyncDisposable {
  readonly bed: EmulatorBed;
  readonly relay: Relay;
  readonly server: TestSshd | undefined;
  /** While it is down, nothing is let through and nothing is connected. */
  setLine(state: 'up' | 'down'): void;
  /** A terminal on which `bai ssh … --persist` has been typed. */
  open(client: string, more?: string): Terminal;
}

async function openKept(start?: () => Promise<TestSshd>): Promise<Kept> {
  // The key of the account opens every container of a session.
  const bed = await openEmulator({ accounts: [{ ...defaultAccount, sshKeypair: 'made' }] });
  await bed.create('demo');
  const server = await start?.();
  if (server !== undefined) {
    const app = { name: 'sshd', protocol: 'tcp', containerPort: 2200, hostPort: server.port } as const;
    bed.emulator.sessions.get('demo').addApp(app);
  }
  const managerPort = Number(new URL(bed.emulator.endpoint).port);
  let isUp = true;
  // Nothing listens on port 1.
  const relay = await startRelay(() => (isUp ? managerPort : 1));
  const env = {
    BACKEND_ENDPOINT: `http://127.0.0.1:${relay.port}`,
    ...(server && { BAI_USER: server.user, BAI_IDENTITY: server.privateKeyPath }),
  };
  return {
    bed: { ...bed, env: { ...bed.env, ...env } },
    relay,
    server,
    setLine(state) {
      isUp = state === 'up';
      if (!isUp) relay.cut();
    },
    open(client, more = '') {
      const terminal = openTerminal({ home: bed.home, env: { ...bed.env, ...env } });
      terminal.type(typed('demo', client, more));
      return terminal;
    },
    async [Symbol.asyncDispose]() {
      await relay[Symbol.asyncDispose]();
      await bed[Symbol.asyncDispose]();
      await server?.[Symbol.asyncDispose]();
    },
  };
}

/** Typed on a terminal, it ends with its status. */
const typed = (session: string, client: string, more: string): string =>
  `'${process.execPath}' '${launcher}' ssh ${session} --client ${client} ${more}; echo "status=$?"\r`;

/** tmux shows at most ten characters of it. */
const newName = (): string => `t${randomBytes(3).toString('hex')}`;

/** The last line of the screen, which tmux draws when somebody is attached. */
const attached = (name: string): RegExp => new RegExp(`\\[${name}\\]`);

const detach = '\x02d';

/** What the terminal is set to. */
async function settings(terminal: Terminal): Promise<string> {
  terminal.type('echo "<$(stty -g)>"\r');
  return (await terminal.see(/<([0-9a-f:]{20,})>/))[1] ?? '';
}

/** Sets a variable in the shell, to be known again. */
async function mark(terminal: Terminal, value: string): Promise<void> {
  terminal.type(`V=${value}; echo "set:$V:"\r`);
  await terminal.see(new RegExp(`set:${value}:`));
}

async function expectMark(terminal: Terminal, value: string): Promise<void> {
  terminal.type('echo "is:$V:"\r');
  await terminal.see(new RegExp(`is:${value}:`));
}

async function expectShippedTmux(terminal: Terminal): Promise<void> {
  terminal.type('readlink "/proc/$(echo $TMUX | cut -d, -f2)/exe"\r');
  await terminal.see(/\/opt\/kernel\/tmux/);
}

for (const { name: serverName, missing, start } of [emulated, ...sshServers]) {
  describe.skipIf(missing !== undefined)(`on ${serverName}${why(missing)}`, () => {
    let kept: Kept;
    const names: string[] = [];
    const open = (client: string, name: string): Terminal => {
      names.push(name);
      return kept.open(client, `--persist-name ${name}`);
    };

    beforeAll(async () => {
      kept = await openKept(start);
    });
    afterAll(async () => {
      await kept?.[Symbol.asyncDispose]();
      for (const name of names) endKeptShell(name);
    });

    test.each(clients)('with the %s client the shell is the same after the line was cut', async (client) => {
      const name = newName();
      using terminal = open(client, name);
      await terminal.see(attached(name));
      await mark(terminal, 'before');
      if (start === startSessionDropbear) await expectShippedTmux(terminal);
      kept.relay.cut();
      await terminal.see(/warning:.*the connection to session demo was lost/);
      await terminal.see(attached(name));
      await expectMark(terminal, 'before');
      terminal.type(detach);
      await terminal.see(
        /the shell keeps running in the session; `bai ssh demo --persist-name \w+ --client \w+` returns to it/,
      );
      await terminal.see(/status=0/);
    });

    test.each(clients)(
      'with the %s client it is the same when bai was killed and runs again',
      async (client) => {
        const name = newName();
        {
          using terminal = open(client, name);
          await terminal.see(attached(name));
          await mark(terminal, 'kill');
          for (const pid of childrenOf(terminal.pty.pid)) process.kill(pid, 'SIGKILL');
          await terminal.see(/status=137/);
        }
        using terminal = open(client, name);
        await terminal.see(attached(name));
        await expectMark(terminal, 'kill');
        terminal.type('exit\r');
        await terminal.see(/status=0/);
        using again = open(client, name);
        await again.see(attached(name));
        await expectMark(again, '');
        again.type(detach);
        await again.see(/status=0/);
      },
    );

    test.skipIf(start === undefined).each(clients)(
      'with the %s client it is the same after the process that served it was killed',
      async (client) => {
        const name = newName();
        using terminal = open(client, name);
        await terminal.see(attached(name));
        await mark(terminal, 'server');
        for (const pid of childrenOf(kept.server?.pid ?? 0)) process.kill(pid, 'SIGKILL');
        await terminal.see(/the connection to session demo was lost/);
        await terminal.see(attached(name));
        await expectMark(terminal, 'server');
        terminal.type('exit\r');
        await terminal.see(/status=0/);
      },
    );
  });
}

describe('with the embedded manager', () => {
  let kept: Kept;

  beforeAll(async () => {
    kept = await openKept();
  });
  afterAll(() => kept?.[Symbol.asyncDispose]());

  describe.each(clients)('and the %s client', (client) => {
    /** In the waiting for a line that does not come back. */
    async function loseLine(session: string): Promise<Terminal> {
      await kept.bed.create(session);
      const terminal = openTerminal(kept.bed);
      terminal.type(typed(session, client, '--persist'));
      await terminal.see(attached('bai'));
      kept.setLine('down');
      await terminal.see(/reconnecting to \S+ in \d+ s; Ctrl-C stops it/);
      return terminal;
    }

    test('Ctrl-C in the waiting ends it with 130 and says how to come back', async () => {
      using terminal = await loseLine(`stop-${client}`);
      try {
        await terminal.see(/cannot reach the manager/);
        terminal.type('\x03');
        await terminal.see(
          new RegExp(
            `interrupted[\\s\\S]*\`bai ssh stop-${client} --persist --client ${client}\` returns to the shell`,
          ),
        );
        terminal.type('echo "status=$?"\r');
        await terminal.see(/status=130/);
      } finally {
        kept.setLine('up');
      }
    });

    test('a session that was terminated in the meantime ends the waiting, and the reason is told', async () => {
      const session = `gone-${client}`;
      using terminal = await loseLine(session);
      await kept.bed.emulator.sessions.get(session).end('TERMINATED', 'user-requested');
      kept.setLine('up');
      await terminal.see(/error:.*session \S+ has ended \(TERMINATED\)/);
      await terminal.see(/status=4/);
    });

    test('a shell that ended in the meantime is not begun again', async () => {
      const session = `over-${client}`;
      using terminal = await loseLine(session);
      const { TMUX_TMPDIR } = kept.bed.emulator.sessions.get(session).environment();
      endTmux(['-L', 'bai'], { ...process.env, TMUX_TMPDIR });
      kept.setLine('up');
      await terminal.see(/there is no shell to return to/);
      await terminal.see(/status=255/);
    });

    test('the terminal is as before after a loss, in the waiting and at the end', async () => {
      using terminal = openTerminal(kept.bed);
      const before = await settings(terminal);
      terminal.type(typed('demo', client, '--persist'));
      await terminal.see(attached('bai'));
      terminal.type("printf '\\033[?1000h\\033[?2004h'; echo 'mou''se'\r");
      await terminal.see(/mouse/);
      kept.relay.cut();
      await terminal.see(/was lost/);
      const screen = terminal.screen();
      for (const mode of screenModes) expect(isOn(screen, mode), `mode ${mode} in the waiting`).toBe(false);
      await terminal.see(attached('bai'));
      terminal.type('\x04');
      await terminal.see(/status=0/);
      expect(await settings(terminal)).toBe(before);
      for (const mode of screenModes) expect(isOn(terminal.screen(), mode), `mode ${mode}`).toBe(false);
      expect(isOn(terminal.screen(), '25')).toBe(true);
    });

    test('without tmux it says so and gives a shell, whose status it ends with', async () => {
      await kept.bed.create(`bare-${client}`, '--env', `PATH=${toolsWithoutTmux(kept.bed.home)}`);
      using terminal = openTerminal(kept.bed);
      const command = typed(`bare-${client}`, client, '--persist');
      terminal.type(command);
      await terminal.see(/bai: there is no tmux in this session; this shell ends with its connection/);
      terminal.type('exit 7\r');
      await terminal.see(/status=7/);
      terminal.type(command);
      await terminal.see(/there is no tmux/);
      await terminal.see(/[$#] $/);
      kept.relay.cut();
      await terminal.see(/there is no shell to return to/);
      await terminal.see(/status=255/);
    });

    test('a configuration that begins shells and ends them with their terminal leaves one, and it is kept', async () => {
      const session = `conf-${client}`;
      await kept.bed.create(session);
      const { home = '' } = kept.bed.emulator.sessions.get(session);
      writeFileSync(join(home, '.tmux.conf'), 'new-session -n first\nset -g destroy-unattached on\n');
      using terminal = openTerminal(kept.bed);
      terminal.type(typed(session, client, '--persist'));
      await terminal.see(attached('bai'));
      await mark(terminal, 'conf');
      terminal.type('tmux list-sessions | sed "s/^/only:/"\r');
      await terminal.see(/only:bai: 1 windows[^\r]*\r\n(?!only)/);
      kept.relay.cut();
      await terminal.see(/was lost/);
      await terminal.see(attached('bai'));
      await expectMark(terminal, 'conf');
      terminal.type('exit\r');
      await terminal.see(/status=0/);
    });

    test('a kind of terminal that the session does not know is taken for a plainer one', async () => {
      using terminal = openTerminal(kept.bed);
      terminal.type(`TERM=no-such-terminal ${typed('demo', client, '--persist-name odd')}`);
      await terminal.see(attached('odd'));
      terminal.type('exit\r');
      await terminal.see(/status=0/);
    });

    test('another host key ends it', async () => {
      using terminal = await loseLine(`other-${client}`);
      await kept.bed.emulator.sessions.get(`other-${client}`).restartSshd();
      kept.setLine('up');
      await terminal.see(client === 'system' ? /HOST IDENTIFICATION HAS CHANGED/ : /error:.*host key/);
      await terminal.see(/status=255/);
    });

    test('~. on a line that lives ends it with 255, and the shell goes on', async () => {
      using terminal = openTerminal(kept.bed);
      const command = typed('demo', client, '--persist-name tilde');
      terminal.type(command);
      await terminal.see(attached('tilde'));
      await mark(terminal, 'tilde');
      terminal.type('\r~.');
      await terminal.see(/status=255/);
      terminal.type(command);
      await terminal.see(attached('tilde'));
      await expectMark(terminal, 'tilde');
      terminal.type('exit\r');
      await terminal.see(/status=0/);
    });

    test('a second terminal takes the shell over in its own size, and the first ends with 0', async () => {
      const command = typed('demo', client, '--persist-name both');
      using first = openTerminal(kept.bed);
      first.type(command);
      await first.see(attached('both'));
      await mark(first, 'mine');
      using second = openTerminal(kept.bed);
      second.pty.resize(70, 20);
      second.type(command);
      await second.see(attached('both'));
      await first.see(/status=0/);
      await expectMark(second, 'mine');
      await until(async () => {
        second.type('echo "<$(stty size)>"\r');
        return (await second.see(/<(\d+ \d+)>/))[1] === '19 70';
      }, 'the size is that of the newest client');
      second.type('exit\r');
      await second.see(/status=0/);
    });

    test('the shell of another container is kept as well', async () => {
      const session = `duo-${client}`;
      await kept.bed.create(session, '--cluster-size', '2');
      using terminal = openTerminal(kept.bed);
      terminal.type(typed(session, client, '--node sub1 --persist-name far'));
      await terminal.see(attached('far'));
      await mark(terminal, 'far');
      kept.relay.cut();
      await terminal.see(/was lost/);
      await terminal.see(attached('far'));
      await expectMark(terminal, 'far');
      terminal.type('echo "on:$BACKENDAI_CLUSTER_HOST:"; exit\r');
      await terminal.see(/on:sub1:/);
      await terminal.see(/status=0/);
    });

    test('forwards are made again with the connection', async () => {
      const { port: target } = kept.relay;
      const port = await freePort();
      using terminal = openTerminal(kept.bed);
      terminal.type(typed('demo', client, `--persist-name lane -- -L ${port}:127.0.0.1:${target}`));
      await terminal.see(attached('lane'));
      const answers = async (): Promise<boolean> =>
        await fetch(`http://127.0.0.1:${port}/`).then(
          () => true,
          () => false,
        );
      await until(answers, 'the forward works');
      kept.relay.cut();
      await terminal.see(/was lost/);
      await terminal.see(attached('lane'));
      await until(answers, 'the forward works again');
      terminal.type('exit\r');
      await terminal.see(/status=0/);
    });
  });

  test('with the system client a line that is silent is given up, and made again', async () => {
    using terminal = openTerminal(kept.bed);
    const alive = '-o ServerAliveInterval=1 -o ServerAliveCountMax=3';
    terminal.type(typed('demo', 'system', `--persist-name still -- ${alive}`));
    await terminal.see(attached('still'));
    await mark(terminal, 'still');
    for (const way of ['up', 'down'] as const) kept.relay.stall(way);
    await terminal.see(/was lost/);
    kept.relay.heal();
    await terminal.see(attached('still'));
    await expectMark(terminal, 'still');
    terminal.type('exit\r');
    await terminal.see(/status=0/);
  });

  test.each(clients)(
    'the line goes silent under the %s client: 57 to 64 s without a sign, here it is said within 15 s, and made again',
    async (client) => {
      using terminal = openTerminal(kept.bed);
      const name = newName();
      terminal.type(typed('demo', client, `--persist-name ${name}`));
      await terminal.see(attached(name));
      await mark(terminal, 'silent');
      for (const way of ['up', 'down'] as const) kept.relay.stall(way);
      terminal.type('echo lost\r');
      // It waits for as long as it may take.
      await terminal.see(/was lost; what was typed last may not have arrived/);
      terminal.type('echo "kept:$((40+2)):"\r');
      kept.relay.heal();
      await terminal.see(attached(name));
      await terminal.see(/kept:42:/);
      await expectMark(terminal, 'silent');
      terminal.type('exit\r');
      await terminal.see(/status=0/);
    },
  );

  test.skipIf(sshdMissing !== undefined).each(clients)(
    'the way from the manager to the session goes silent under the %s client: said within 15 s, and made again',
    async (client) => {
      await using server = await startSshd();
      await using behind = await startRelay(server.port);
      const session = `far-${client}`;
      await kept.bed.create(session);
      const app = { name: 'sshd', protocol: 'tcp', containerPort: 2200, hostPort: behind.port } as const;
      kept.bed.emulator.sessions.get(session).addApp(app);
      const own = { BAI_USER: server.user, BAI_IDENTITY: server.privateKeyPath };
      using terminal = openTerminal({ ...kept.bed, env: { ...kept.bed.env, ...own } });
      const name = newName();
      terminal.type(typed(session, client, `--persist-name ${name}`));
      await terminal.see(attached(name));
      await mark(terminal, 'silent');
      for (const way of ['up', 'down'] as const) behind.stall(way);
      await terminal.see(/was lost; what was typed last may not have arrived/);
      behind.heal();
      await terminal.see(attached(name));
      await expectMark(terminal, 'silent');
      terminal.type('exit\r');
      await terminal.see(/status=0/);
    },
  );

  test('with the system client a forward that ssh insists on and does not get ends it', async () => {
    using terminal = openTerminal(kept.bed);
    const { port } = kept.relay;
    const insist = `-o ExitOnForwardFailure=yes -L 127.0.0.1:${port}:localhost:80`;
    terminal.type(typed('demo', 'system', `--persist -- ${insist}`));
    await terminal.see(/status=255/);
    expect(terminal.screen()).not.toContain('was lost');
  });

  test('what cannot be kept is a wrong command line', async () => {
    for (const [words, why] of [
      [['--persist'], /needs|stdin is not one/],
      [['--persist', '--', 'uname'], /a command leaves none/],
      [['--persist', '--', '-N', '-L', '1:localhost:1'], /-N of ssh leaves none/],
      [['--persist', '--no-client'], /--persist cannot be used with --no-client/],
      [['--persist', '--stdio'], /--persist/],
      [['--persist-name', 'a b'], /is not a valid name for a kept shell/],
      [['--persist-name', 'default'], /own tmux server/],
    ] as const) {
      const { code, stderr } = await kept.bed.bai(['ssh', 'demo', ...words]);
      expect([code, stderr]).toEqual([2, expect.stringMatching(why)]);
    }
  });
});

/** Reports of the mouse, pasting in brackets, the other screen. */
const screenModes = ['1000', '2004', '1049'];

/** Whether a mode of the terminal is on, after all that was written to it. */
function isOn(screen: string, mode: string): boolean {
  const off = mode === '1049' ? ['1049l', '1047l'] : [`${mode}l`];
  const last = Math.max(...off.map((end) => screen.lastIndexOf(`\x1b[?${end}`)));
  return screen.lastIndexOf(`\x1b[?${mode}h`) > last;
}

/** A folder for PATH with what a shell needs, and no tmux. */
function toolsWithoutTmux(folder: string): string {
  const path = join(folder, 'tools');
  mkdirSync(path, { recursive: true });
  for (const tool of ['bash', 'sh', 'env', 'tty', 'stty', 'printf', 'uname', 'id'])
    if (!existsSync(join(path, tool)))
      symlinkSync(execFileSync('which', [tool], { encoding: 'utf8' }).trim(), join(path, tool));
  return path;
}
