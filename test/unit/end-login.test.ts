/** What keeps a login in use is ended before the login: only what is known for certain, and what stays is said. */

import { expect, test } from 'vitest';
import type { LoginHolder } from '../../src/config/login-holders.ts';
import { endStoredLogin } from '../../src/services/sign-in/end-login.ts';
import type { SignInTools, StoredLogin } from '../../src/services/sign-in/sign-in-tools.ts';

function bed(holders: readonly LoginHolder[], end: StoredLogin['end']) {
  const told: string[] = [];
  const reporter = {
    info: (text: string) => void told.push(text),
    warn: (text: string, hint = '') => void told.push(`${text} (${hint})`),
    wait: () => ({ [Symbol.dispose]() {} }),
  } as unknown as SignInTools['reporter'];
  const login = { end, holders: async () => holders, stop: (pid: number) => void told.push(`stop ${pid}`) };
  const { signal } = new AbortController();
  return { told, tools: { reporter, signal, storedLogin: async () => login } };
}

function holder(pid: number, what: string, fates: LoginHolder['fate']): LoginHolder {
  const process = { host: 'lab2', space: '', pid, started: '1' };
  return { what, process, fate: fates, forget: async () => {} };
}

test('one that ends is waited for, one of another machine is left alone and named, and one that does not end is told', async () => {
  const looks: ('alive' | 'ended')[] = ['alive', 'alive', 'ended'];
  const { told, tools } = bed(
    [
      holder(11, 'ssh to demo', async () => looks.shift() ?? 'ended'),
      holder(12, 'sftp to demo', async () => 'unknown'),
      holder(13, 'forward of demo on port 12345', async () => 'alive'),
    ],
    async (hadTunnels) => {
      told.push(`end ${hadTunnels}`);
      return false;
    },
  );
  const [ended, left] = [
    [{ pid: 11, what: 'ssh to demo' }],
    [
      { pid: 13, what: 'forward of demo on port 12345' },
      { pid: 12, what: 'sftp to demo' },
    ],
  ];
  expect(await endStoredLogin(undefined, tools)).toEqual({ loginEnded: false, ended, left });
  expect(told).toEqual([
    'stop 11',
    'stop 13',
    'sftp to demo (process 12 on lab2) may still go by this login (end it there, where it still runs)',
    'ended: ssh to demo',
    'forward of demo on port 12345 (process 13) does not end (`kill -9 13` ends it)',
    'end true',
    'the web console still takes the login (it counts as long as a program goes through it, such as forward of demo on port 12345 (process 13), sftp to demo (process 12): end that, then sign out at the console itself)',
  ]);
});
