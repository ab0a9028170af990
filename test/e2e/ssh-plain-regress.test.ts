/**
 * Terminals with both clients, and plain ssh through the configuration that `bai ssh-config` writes, after the names of
 * OpenSSH's own regression scripts and on every server that a session may run.
 */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dial, freePort, take, until } from '../contract/app-bed.ts';
import { type BaiResult, cleanEnvironment, finished, launcher } from '../support/bai.ts';
import { managerKinds } from '../support/managers.ts';
import { generateKey } from '../support/sshd.ts';
import { openTerminal, type Terminal } from '../support/terminal.ts';
import { clients, type RegressBed, regressServers, why } from './regress-bed.ts';

for (const server of regressServers(managerKinds())) {
  const { name, missing } = server;
  describe.skipIf(missing !== undefined)(`on ${name}${why(missing)}`, () => {
    let opened: RegressBed;

    beforeAll(async () => {
      opened = await server.open();
      const { bed, env } = opened;
      const installed = await bed.bai(['ssh-config', 'install'], { env });
      if (installed.code !== 0) throw new Error(installed.stderr);
    }, 120_000);
    afterAll(async () => {
      await opened?.[Symbol.asyncDispose]();
    });

    const start = (words: readonly string[]): ChildProcessWithoutNullStreams => {
      const { home, env } = opened.bed;
      const all = ['-F', join(home, '.ssh/config'), ...words];
      return spawn('ssh', all, { env: cleanEnvironment({ home, env }), cwd: home });
    };
    const ssh = (words: readonly string[], input?: Uint8Array): Promise<BaiResult> => {
      const child = start(words);
      child.stdin.on('error', () => {});
      child.stdin.end(input);
      return finished(child);
    };
    const hosts = (): string[] => [`${opened.session}.bai`, `${opened.id}.bai`];

    test.each(clients)('ssh-tty with the %s client', async (client) => {
      const { bed, env, session } = opened;
      using terminal = openTerminal({ home: bed.home, env: { ...bed.env, ...env } });
      const before = await settings(terminal);
      const bai = `'${process.execPath}' '${launcher}' ssh ${session} --client ${client} --`;
      terminal.type(`${bai} -t 'tty; stty size; exit 7'; echo "status=$?"\r`);
      await terminal.see(/\/dev\/pts\/\d+\r\n30 100\r\n[\s\S]*status=7/);
      terminal.type(`${bai} -T 'tty; exit 8'; echo "status=$?"\r`);
      await terminal.see(/not a tty[\s\S]*status=8/);
      terminal.type(`${bai} -t 'exec env PS1="there> " sh'; echo "status=$?"\r`);
      await terminal.see(/there> $/);
      // Said by what Ctrl-C is to end: a shell that still starts it may keep the signal to itself.
      terminal.type('sh -c "echo \\$((6 * 7)) asleep; exec sleep 600"\r');
      await terminal.see(/42 asleep/);
      terminal.type('\x03');
      await terminal.see(/there> $/);
      terminal.type('exit 9\r');
      await terminal.see(/status=9/);
      expect(await settings(terminal)).toBe(before);
    });

    test('proxy-connect', async () => {
      const content = randomBytes(1 << 20);
      const sum = createHash('sha256').update(content).digest('hex');
      for (const [index, host] of hosts().entries()) {
        const compression = `Compression=${index === 0 ? 'no' : 'yes'}`;
        const ran = await ssh(['-o', compression, host, 'sha256sum; echo err >&2; exit 5'], content);
        expect([ran.code, ran.stdout, ran.stderr]).toEqual([5, `${sum}  -\n`, 'err\n']);
      }
    });

    test('multiplex', async () => {
      const [host = ''] = hosts();
      const path = join(opened.bed.home, 'master');
      const shared = (...words: string[]) => ssh(['-o', `ControlPath=${path}`, ...words]);
      await until(() => (opened.openTunnels?.() ?? 0) === 0, 'no tunnel is open');
      // The master keeps its stderr, so it gets one of its own.
      const master = ['-o', 'ControlMaster=yes', '-o', 'ControlPersist=600', '-N', '-f', '-E', `${path}.log`];
      expect((await shared(...master, host)).code).toBe(0);
      expect((await shared('-O', 'check', host)).stderr).toMatch(/Master running/);
      for (const status of [0, 1, 44]) {
        const ran = await shared(host, `echo $PPID; echo err >&2; exit ${status}`);
        expect([ran.code, ran.stderr]).toEqual([status, 'err\n']);
      }
      const target = createServer((socket) => socket.end('through\n')).listen(0, '127.0.0.1');
      await once(target, 'listening');
      const inner = await opened.seenThere((target.address() as AddressInfo).port);
      const port = await freePort();
      expect((await shared('-O', 'forward', '-L', `${port}:127.0.0.1:${inner}`, host)).code).toBe(0);
      expect((await take(await dial(port), 8)).toString()).toBe('through\n');
      if (opened.openTunnels) expect(opened.openTunnels()).toBe(1);
      expect((await shared('-O', 'exit', host)).code).toBe(0);
      await until(() => (opened.openTunnels?.() ?? 0) === 0, 'the tunnel is closed');
      target.close();
    });

    test('knownhosts', async () => {
      const { bed, env, session, id } = opened;
      const path = join(bed.home, '.local/share/bai/known_hosts');
      const learnt = readFileSync(path, 'utf8');
      expect(learnt).toMatch(new RegExp(`^bai-${id} \\S+ \\S+\\n$`));
      const [type = '', blob = ''] = generateKey().public.split(' ');
      const bai = (client: string) => bed.bai(['ssh', session, '--client', client, '--', 'echo in'], { env });
      const everyWay = async () =>
        Promise.all([...clients.map(bai), ...hosts().map((host) => ssh([host, 'echo in']))]);
      const outcomes = (all: readonly BaiResult[]) => all.map(({ code, stdout }) => [code, stdout]);
      expect(outcomes(await everyWay())).toEqual(Array(4).fill([0, 'in\n']));
      expect(readFileSync(path, 'utf8')).toBe(learnt);
      writeFileSync(path, `bai-${id} ${type} ${blob}\n`);
      expect(outcomes(await everyWay())).toEqual(Array(4).fill([255, '']));
      expect((await bed.bai(['host-key', 'forget', session])).code).toBe(0);
      const [byName = ''] = hosts();
      expect(await ssh([byName, 'echo in'])).toMatchObject({ code: 0, stdout: 'in\n' });
      expect(readFileSync(path, 'utf8')).toBe(learnt);
    });
  });
}

/** The terminal's, as `stty -g` prints them. */
async function settings(terminal: Terminal): Promise<string> {
  terminal.type('echo "<$(stty -g)>"\r');
  return (await terminal.see(/<([0-9a-f:]{20,})>/))[1] ?? '';
}
