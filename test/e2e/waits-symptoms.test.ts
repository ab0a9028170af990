/** What people met while bai waited, each by its symptom. */

import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { cleanEnvironment, finished, launcher } from '../support/bai.ts';
import { inNamespace } from '../support/namespace.ts';
import { startRelay } from '../support/relay.ts';
import { sessionDropbearMissing, sshdMissing, startSessionDropbear, startSshd } from '../support/sshd.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { inTime, until } from '../support/until.ts';
import { openTrap } from './traps-bed.ts';

describe.skipIf(sessionDropbearMissing !== undefined)(
  'a start-up file of the shell that waits for something',
  () => {
    test('"bai sftp is silent for ever": after its limit it names the file', async () => {
      await using trap = await openTrap(startSessionDropbear);
      writeFileSync(trap.there('.bashrc'), 'read -r _ < <(sleep 1000)\n');
      const { code, stdout, stderr } = await trap.in('sftp', { env: { BAI_ANSWER_TIMEOUT: '4' } });
      expect([code, stdout]).toEqual([5, '']);
      expect(stderr).toMatch(
        /session demo did not start its file server in 4 s\nhint: a start-up file of the login shell/,
      );
      const guard = /put `([^`]+)`/.exec(stderr)?.[1];
      writeFileSync(trap.there('.bashrc'), `${guard}\nread -r _ < <(sleep 1000)\n`);
      expect((await trap.in('sftp')).code).toBe(0);
    });

    test('"the first Ctrl-C does nothing": it ends the wait', async () => {
      await using trap = await openTrap(startSessionDropbear);
      writeFileSync(trap.there('.bashrc'), 'touch ~/reached; read -r _ < <(sleep 1000)\n');
      const child = trap.bed.start(['sftp', 'ls', 'demo:.']);
      const ended = finished(child);
      await until(() => exists(trap.there('reached')), 'the shell has started');
      child.kill('SIGINT');
      expect(await ended).toMatchObject({
        code: 130,
        stdout: '',
        stderr: expect.stringContaining('interrupted'),
      });
    });
  },
);

function exists(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(sshdMissing !== undefined)('a computer whose lid is closed in the middle of a put', () => {
  test('"exit 5 without one try to reconnect": the transfer goes on when it is open again', async () => {
    await using server = await startSshd();
    await using relay = await startRelay(server.port);
    const behind = { ...server, port: relay.port, async [Symbol.asyncDispose]() {} };
    await using trap = await openTrap(async () => behind);
    const content = randomBytes(48 * 1024 * 1024);
    writeFileSync(trap.here('large.bin'), content);
    const env = { BAI_USER: server.user, BAI_ANSWER_TIMEOUT: '2' };
    let stop = (): void => {};
    const half = new Promise<void>((resolve) => {
      stop = resolve;
    });
    relay.after(content.length / 2, () => stop(), 'up');
    const child = trap.bed.start(['sftp', 'put', 'large.bin', 'demo:'], { env, cwd: trap.bed.home });
    const ended = finished(child);
    await half;
    child.kill('SIGSTOP');
    // Longer than bai tries to connect again without a byte in between, which is twice the limit above.
    await delay(Number(process.env['BAI_TEST_LID_MS'] ?? 6_000));
    relay.cut();
    child.kill('SIGCONT');
    const { code, stderr } = await ended;
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/trying again: /);
    expect(readFileSync(join(server.home, 'large.bin')).equals(content)).toBe(true);
  });
});

const ownNetwork = [...inNamespace, '--net'];
const canHaveNetwork = ((): boolean => {
  try {
    execFileSync('unshare', [...ownNetwork, 'ip', 'link', 'set', 'lo', 'up'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

/** Its name server takes every question and answers none, until stdin ends. bai takes the place of the shell. */
const besideSilentNameServer = `ip link set lo up
printf 'nameserver 127.0.0.1\\noptions timeout:30 attempts:5\\n' > "$HOME/resolv.conf"
mount --bind "$HOME/resolv.conf" /etc/resolv.conf
exec 3<&0 < /dev/null
"$1" -e "$2" > "$HOME/log" 2>&1 &
shift 2
exec "$@" 3<&-`;
const silentNameServer = `const server = require('dgram').createSocket('udp4').bind(53, '127.0.0.1');
server.once('message', () => require('fs').writeFileSync(process.env.HOME + '/asked', ''));
new (require('net').Socket)({ fd: 3 }).on('end', () => process.exit()).resume();`;
const unknownHost = {
  BACKEND_ENDPOINT: 'http://manager.example.com',
  BACKEND_ACCESS_KEY: 'AKIATEST',
  BACKEND_SECRET_KEY: 'a-secret',
};

describe.skipIf(!canHaveNetwork)('a name server that does not answer', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    '"interrupted", and it goes on for minutes: %s ends it',
    async (signal) => {
      using home = tempFolder();
      const words = [process.execPath, silentNameServer, process.execPath, launcher, 'session', 'list'];
      const child = spawn('unshare', [...ownNetwork, 'sh', '-c', besideSilentNameServer, 'sh', ...words], {
        env: cleanEnvironment({ home: home.path, env: unknownHost }),
      });
      const ended = finished(child);
      const exited = once(child, 'exit');
      await until(() => exists(join(home.path, 'asked')), 'it has asked for the name');
      child.kill(signal);
      // A thread asks on, so that it is the signal itself that ends it.
      expect(await inTime(exited, 'it has ended', 60_000)).toEqual([null, signal]);
      child.stdin.end();
      expect((await ended).stderr).toBe('error: interrupted\n');
    },
  );
});
