/** Logging in with keys of the user's own: files, those of an agent, and where a session hands out no key. */

import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { filesIn, openEmulator } from '../contract/app-bed.ts';
import { launcher } from '../support/bai.ts';
import { startDeviceAgent } from '../support/device-agent.ts';
import { makeKey, startAgent } from '../support/ssh-agent.ts';
import {
  dropbearMissing,
  sessionDropbearMissing,
  sshdMissing,
  startDropbear,
  startSessionDropbear,
  startSshd,
} from '../support/sshd.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { openTerminal } from '../support/terminal.ts';
import { openTrap, type TrapBed, ways } from './traps-bed.ts';

const servers = [
  { name: 'dropbear', missing: dropbearMissing, start: startDropbear },
  { name: 'the dropbear of sessions', missing: sessionDropbearMissing, start: startSessionDropbear },
];

describe.each(servers)('$name', ({ missing, start }) => {
  describe.skipIf(missing !== undefined)(missing ?? 'with keys of the user', () => {
    let bed: TrapBed;
    const list = (): string => bed.there('.ssh/authorized_keys');
    const ssh = (...parts: string[]): string => bed.here('.ssh', ...parts);

    beforeAll(async () => {
      bed = await openTrap(start);
      copyFileSync(list(), bed.here('authorized_keys'));
      copyFileSync(bed.there('id_container'), bed.here('issued'));
    });

    beforeEach(() => {
      copyFileSync(bed.here('authorized_keys'), list());
      copyFileSync(bed.here('issued'), bed.there('id_container'));
      for (const name of ['.ssh', 'own', 'own.pub']) rmSync(bed.here(name), { recursive: true, force: true });
    });

    afterAll(() => bed?.[Symbol.asyncDispose]());

    function authorize(path: string): void {
      appendFileSync(list(), readFileSync(`${path}.pub`));
    }

    test.each([
      ['ed25519', ['-t', 'ed25519']],
      ['RSA', ['-t', 'rsa', '-b', '2048']],
      ['ECDSA', ['-t', 'ecdsa']],
    ])(
      '--identity agent logs in with an %s key of the agent; nothing is fetched, nothing written',
      async (_, kind) => {
        await using agent = await startAgent();
        makeKey(bed.here('own'), kind);
        authorize(bed.here('own'));
        agent.add(bed.here('own'));
        rmSync(bed.there('id_container'));
        const env = { SSH_AUTH_SOCK: agent.socket, BAI_IDENTITY: 'agent' };
        for (const way of ways)
          expect(await bed.in(way, { env }), way).toMatchObject({ code: 0, stderr: '' });
        expect(existsSync(ssh())).toBe(false);
      },
    );

    test('of the keys of an agent the one that fits is found', async () => {
      await using agent = await startAgent();
      using folder = tempFolder();
      for (const name of ['1', '2', '3', '4', '5']) {
        makeKey(join(folder.path, name));
        agent.add(join(folder.path, name));
      }
      makeKey(bed.here('own'), ['-t', 'rsa', '-b', '2048']);
      authorize(bed.here('own'));
      agent.add(bed.here('own'));
      const env = { SSH_AUTH_SOCK: agent.socket, BAI_IDENTITY: 'agent' };
      for (const way of ways) expect(await bed.in(way, { env }), way).toMatchObject({ code: 0 });
      rmSync(list());
      for (const way of ways) {
        const refused = await bed.in(way, { env });
        expect(refused.stderr, way).toMatch(/refused 6 keys of the SSH agent[\s\S]*hint: /);
      }
    });

    test('the twentieth key of an agent gets in', async () => {
      await using agent = await startAgent();
      using folder = tempFolder();
      for (let number = 1; number < 20; number += 1) {
        makeKey(join(folder.path, String(number)));
        agent.add(join(folder.path, String(number)));
      }
      makeKey(bed.here('own'));
      authorize(bed.here('own'));
      agent.add(bed.here('own'));
      const env = { SSH_AUTH_SOCK: agent.socket, BAI_IDENTITY: 'agent' };
      for (const way of ways) expect(await bed.in(way, { env }), way).toMatchObject({ code: 0, stderr: '' });
    });

    test('a key in a FIDO device logs in through the agent, in every way', async () => {
      await using agent = await startDeviceAgent();
      appendFileSync(list(), agent.publicLine);
      const env = { SSH_AUTH_SOCK: agent.socket, BAI_IDENTITY: 'agent' };
      for (const way of ways) expect(await bed.in(way, { env }), way).toMatchObject({ code: 0, stderr: '' });
    });

    test('no agent, and an agent without a key, are said before anything is dialled', async () => {
      await using agent = await startAgent();
      for (const [socket, code] of [
        ['', 'there is no SSH agent to log in with'],
        [join(bed.here(), 'nobody'), 'there is no SSH agent to log in with'],
        [agent.socket, 'the SSH agent holds no key'],
      ] as const) {
        const failed = await bed.in('builtin', { env: { SSH_AUTH_SOCK: socket, BAI_IDENTITY: 'agent' } });
        expect(failed.stderr).toContain(code);
        expect(failed.stdout).toBe('');
      }
    });

    test('a session that hands out no key: the agent and the usual files are tried, and that is told', async () => {
      rmSync(bed.there('id_container'));
      await using agent = await startAgent();
      mkdirSync(ssh(), { mode: 0o700 });
      makeKey(ssh('id_ed25519'));
      const env = { SSH_AUTH_SOCK: agent.socket };
      for (const way of ways) {
        const refused = await bed.in(way, { env });
        expect(refused.stderr, way).toMatch(/hands out no id_container.*; trying .*id_ed25519/);
        expect(refused.stderr, way).toMatch(/refused .*id_ed25519.*none of them\nhint: .*bai key authorize/);
      }
      authorize(ssh('id_ed25519'));
      for (const way of ways) {
        const there = await bed.in(way, { env });
        expect(there.code, there.stderr).toBe(0);
        expect(there.stderr).toMatch(/trying .*id_ed25519/);
      }
      expect(filesIn(ssh())).toEqual(['id_ed25519', 'id_ed25519.pub']);
    });
  });
});

test.skipIf(sshdMissing !== undefined)(
  'a server that hangs up after six keys: it is said which one came too late',
  async () => {
    await using agent = await startAgent();
    using folder = tempFolder();
    await using bed = await openEmulator();
    const id = await bed.create('demo');
    const session = bed.emulator.sessions.get(id);
    await using server = await startSshd({ home: session.home ?? '' });
    session.addApp({ name: 'sshd', protocol: 'tcp', containerPort: 2200, hostPort: server.port });
    for (let number = 1; number < 10; number += 1) {
      const path = join(folder.path, String(number));
      makeKey(path);
      agent.add(path);
    }
    agent.add(server.privateKeyPath);
    const env = { SSH_AUTH_SOCK: agent.socket, BAI_IDENTITY: 'agent', BAI_USER: server.user };
    for (const [way, words] of [
      ['sftp', ['sftp', 'ls', 'demo:.']],
      ['builtin', ['ssh', 'demo', '--client', 'builtin', '--', 'echo in']],
      ['system', ['ssh', 'demo', '--client', 'system', '--', 'echo in']],
    ] as const) {
      const failed = await bed.bai(words, { env });
      expect([failed.code, failed.stdout], way).toEqual([way === 'sftp' ? 3 : 255, '']);
      expect(failed.stderr, way).toMatch(
        /session demo hung up while it was offered 10 keys of the SSH agent: it lists SHA256:\S+, which came too late\nhint: name that key/,
      );
    }
  },
);

describe.skipIf(sessionDropbearMissing !== undefined)('a key with a passphrase', () => {
  let bed: TrapBed;
  const words = "it's a secret";

  beforeAll(async () => {
    bed = await openTrap(startSessionDropbear);
  });

  afterAll(() => bed?.[Symbol.asyncDispose]());

  const kinds: readonly (readonly [string, readonly string[]])[] = [
    ['OpenSSH ed25519', ['-t', 'ed25519']],
    ['PEM RSA', ['-t', 'rsa', '-b', '2048', '-m', 'PEM']],
    ['PKCS#8 ECDSA', ['-t', 'ecdsa', '-m', 'PKCS8']],
  ];

  test.each(kinds)(
    '%s: the builtin client and sftp ask on the terminal, unseen, once',
    async (name, kind) => {
      const own = bed.here(name.replaceAll(/\W/g, ''));
      makeKey(own, kind, words);
      appendFileSync(bed.there('.ssh/authorized_keys'), readFileSync(`${own}.pub`));
      using terminal = openTerminal({ home: bed.here(), env: { ...bed.bed.env, BAI_IDENTITY: own } });
      const bai = `'${process.execPath}' '${launcher}'`;
      terminal.type(`${bai} ssh demo --client builtin -- 'echo $((40+2))'\r`);
      await terminal.see(/Passphrase of .*: /);
      terminal.type('wrong\r');
      await terminal.see(/Passphrase of .*: /);
      terminal.type(`${words}\r`);
      await terminal.see(/42\r[\s\S]*local\$ /);
      terminal.type(`${bai} sftp ls demo:.ssh\r`);
      await terminal.see(/Passphrase of .*: /);
      terminal.type(`${words}\r`);
      await terminal.see(/authorized_keys/);
      await terminal.see(/local\$ /);
      expect(terminal.screen()).not.toContain(words);
      expect(terminal.screen()).not.toContain('wrong');
      expect(existsSync(bed.here('.ssh/id_container'))).toBe(false);
    },
  );

  test('a wrong one is refused after three; without a terminal it is said what to do', async () => {
    const own = bed.here('wrong');
    makeKey(own, ['-t', 'ed25519'], words);
    using terminal = openTerminal({ home: bed.here(), env: { ...bed.bed.env, BAI_IDENTITY: own } });
    terminal.type(`'${process.execPath}' '${launcher}' sftp ls demo:.\r`);
    for (const guess of ['one', 'two', 'three']) {
      await terminal.see(/Passphrase of .*: /);
      terminal.type(`${guess}\r`);
    }
    await terminal.see(/was not opened: that is not its passphrase/);
    const failed = await bed.in('sftp', { env: { BAI_IDENTITY: own } });
    expect(failed.code).toBe(2);
    expect(failed.stderr).toMatch(/hint: .*--identity agent/);
  });

  test('a key of PuTTY is refused in every way in, with what converts it', async () => {
    const own = bed.here('own.ppk');
    writeFileSync(own, 'PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n');
    for (const way of ways) {
      const failed = await bed.in(way, { env: { BAI_IDENTITY: own } });
      expect([failed.code, failed.stdout], way).toEqual([2, '']);
      expect(failed.stderr).toMatch(/a key of PuTTY.*\nhint: convert it: bai key convert .* --to openssh/);
    }
  });
});
