import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openEmulator, until } from '../contract/app-bed.ts';
import { cleanEnvironment, finished, launcher, untilPrinted } from '../support/bai.ts';
import { freePort } from '../support/free-port.ts';

const isMissing = ((): boolean => {
  try {
    execFileSync('strace', ['-V'], { stdio: 'ignore' });
    return false;
  } catch {
    return true;
  }
})();

test.skipIf(isMissing).each(['a random port', 'a preferred port', 'a strict port'])(
  'in search of %s bai never listens on anything but 127.0.0.1, be it for a moment',
  async (wish) => {
    await using bed = await openEmulator();
    await bed.create('demo');
    const trace = join(bed.home, 'trace');
    const port = ['--port', String(await freePort())];
    const words = { 'a random port': [], 'a preferred port': port }[wish] ?? [...port, '--strict-port'];
    const strace = ['-D', '-f', '-e', 'trace=bind', '-o', trace, process.execPath];
    const options = { cwd: bed.home, env: cleanEnvironment({ home: bed.home, env: bed.env }) };
    const child = spawn('strace', [...strace, launcher, 'app', 'forward', 'demo', ...words], options);
    const ended = finished(child);
    await untilPrinted(child, 'stdout', /Port\s+\d+/);
    child.kill('SIGINT');
    await ended;
    const first = new RegExp(`^${child.pid} .*exited`, 'm');
    await until(() => first.test(readFileSync(trace, 'utf8')), 'all is written down');
    const bound = readFileSync(trace, 'utf8')
      .split('\n')
      .filter((line) => /AF_INET6?/.test(line));
    expect(bound.length).toBeGreaterThan(0);
    expect(bound.filter((line) => !line.includes('inet_addr("127.0.0.1")'))).toEqual([]);
  },
);
