/** `bai ssh` and `bai exec` typed as ssh is, without `--`. */

import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dial, type EmulatorBed, freePort, openEmulator, take, until } from '../contract/app-bed.ts';

let bed: EmulatorBed;

beforeAll(async () => {
  bed = await openEmulator();
  await bed.create('demo');
  await bed.bai(['ssh', 'demo', '--client', 'system', '--', 'true']);
});
afterAll(() => bed[Symbol.asyncDispose]());

describe.each([[['ssh']], [['app', 'ssh']]])('bai %s', (command) => {
  test.each([
    [['demo', 'uname', '-s']],
    [['demo', '--', 'uname', '-s']],
    [['demo', '--client', 'builtin', 'uname', '-s']],
    [['--client', 'system', 'demo', '-T', 'uname', '-s']],
    [['-T', 'demo', 'uname', '-s']],
    [['demo', '-l', 'work', 'uname', '-s']],
    [['work@demo', 'uname', '-s']],
  ])('%s runs the command', async (words) => {
    expect(await bed.bai([...command, ...words])).toMatchObject({ code: 0, stdout: 'Linux\n', stderr: '' });
  });

  test.each(['builtin', 'system'])(
    '-L and -N behind the session forward, with the %s client',
    async (client) => {
      const target = createServer((socket) => socket.end('there\n')).listen(0, '127.0.0.1');
      await once(target, 'listening');
      const port = await freePort();
      const words = ['demo', '-L', `${port}:127.0.0.1:${(target.address() as AddressInfo).port}`, '-N'];
      const child = bed.start([...command, '--client', client, ...words]);
      await until(async () => {
        const socket = await dial(port).catch(() => undefined);
        return socket !== undefined && (await take(socket, 6)).toString() === 'there\n';
      }, 'the forward leads there');
      child.kill('SIGTERM');
      await once(child, 'close');
      target.close();
    },
  );

  test('-v is for ssh, which says what it does', async () => {
    const { code, stderr } = await bed.bai([...command, 'demo', '-v', 'true']);
    expect([code, stderr]).toEqual([0, expect.stringContaining('debug1: ')]);
  });

  test('-q quiets bai and ssh', async () => {
    const { code, stderr } = await bed.bai([...command, 'demo', '-q', '-L', '1:localhost:1', 'true']);
    expect([code, stderr]).toEqual([0, '']);
  });

  test('another account is told by -l, by USER@ and by -o User, and is refused where there is none', async () => {
    for (const words of [['-l', 'bob', 'demo'], ['bob@demo'], ['demo', '-o', 'User=bob']]) {
      const { code, stderr } = await bed.bai([...command, ...words, 'true']);
      expect([code, stderr]).toEqual([255, expect.stringMatching(/bob|account|refused/)]);
    }
  });

  test('a mistake in an option of bai’s own is no word for ssh', async () => {
    const { code, stderr } = await bed.bai([...command, 'demo', '--crate', 'python']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('--create')]);
    expect(stderr).not.toMatch(/^usage: ssh/m);
  });
});

test.each([
  [['demo', 'ls', '-d', '.']],
  [['demo', '--', 'ls', '-d', '.']],
  [['demo', '--node', 'main1', 'ls', '-d', '.']],
  [['--node', 'main1', 'demo', 'ls', '-d', '.']],
])('bai exec %s', async (words) => {
  expect(await bed.bai(['exec', ...words])).toMatchObject({ code: 0, stdout: '.\n', stderr: '' });
});

test('a command that looks like options of bai’s own gets them', async () => {
  expect((await bed.bai(['exec', 'demo', 'echo', '--json', '-n', '--', '--help'])).stdout).toBe(
    '--json -n -- --help\n',
  );
  expect((await bed.bai(['ssh', 'demo', 'echo', '--json', '-p', '--', '-h'])).stdout).toBe(
    '--json -p -- -h\n',
  );
});
