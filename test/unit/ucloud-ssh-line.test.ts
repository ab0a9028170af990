import { describe, expect, test } from 'vitest';
import { type JobUpdate, sshLineOf } from '../../src/providers/ucloud/ssh-line.ts';

const line = (address: string): string => `SSH: Connected! Available at: ssh ${address}`;
const said = (status: string, timestamp = 1): JobUpdate => ({ timestamp, state: undefined, status });
const went = (state: string, timestamp: number, status = ''): JobUpdate => ({ timestamp, state, status });
const at = (user: string, host: string, port: number) => ({ kind: 'address', user, host, port }) as const;

test.each([
  [line('ucloud@ssh.cloud.sdu.dk -p 2417'), at('ucloud', 'ssh.cloud.sdu.dk', 2417)],
  [line('ucloud@127.0.0.1 -p 65535'), at('ucloud', '127.0.0.1', 65_535)],
  // On Slurm there is no port when it is 22, and the account is the user's own.
  [line('u123_tomas.e-x@login'), at('u123_tomas.e-x', 'login', 22)],
  [line('ucloud@2001:db8::7 -p 22'), at('ucloud', '2001:db8::7', 22)],
  [line('ucloud@[2001:db8::7] -p 22'), at('ucloud', '2001:db8::7', 22)],
  ['SSH Access: ssh ucloud@130.225.1.2 -p 8022', at('ucloud', '130.225.1.2', 8022)],
  ['SSH Access: ssh ubuntu@130.225.1.2', at('ubuntu', '130.225.1.2', 22)],
  [`one\n${line('work@127.0.0.1 -p 18222')}\nthree`, at('work', '127.0.0.1', 18_222)],
  [`one\r\n${line('work@h -p 1')}\r\nthree`, at('work', 'h', 1)],
  [`  ${line('work@h -p 1')}  `, at('work', 'h', 1)],
  ['SSH: Failure! no port is left', { kind: 'failed', reason: 'no port is left' }],
  ['SSH: Failure!', { kind: 'failed', reason: '' }],
])('%j', (status, expected) => {
  expect(sshLineOf([said(status)])).toEqual(expected);
});

test.each([
  'ssh ucloud@host -p 2417',
  'Your job is now in the queue',
  'SSH: pending',
  `he said: ${line('ucloud@host -p 1')}`,
  '',
])('%j says nothing of an address', (status) => {
  expect(sshLineOf([said(status)])).toBeUndefined();
});

describe('nothing is taken from a line of another form', () => {
  test.each([
    '-oProxyCommand=touch$IFS@host -p 22',
    'ucloud@-oProxyCommand=id -p 22',
    'ucloud@host -p 22 -o ProxyCommand=id',
    'ucloud@host -o ProxyCommand=id',
    'ucloud@host;id -p 22',
    'ucloud@host -p 22; id',
    'uc loud@host -p 22',
    'ucloud@ho st -p 22',
    'ucloud@host\t-p 22',
    'ucloud@ho\u0000st -p 22',
    'ucloud@ho\u001b[2Jst -p 22',
    'uc\u0007loud@host -p 22',
    'ucloud@host\u2028x -p 22',
    'ucloud@hóst -p 22',
    '@host -p 22',
    'ucloud@ -p 22',
    'ucloud -p 22',
    'ucloud@host -p',
    'ucloud@host -p 0',
    'ucloud@host -p 65536',
    'ucloud@host -p 100000',
    'ucloud@host -p -22',
    'ucloud@host -p 0x16',
    'ucloud@host -P 22',
    'ucloud@host:22',
    'ucloud@host- -p 22',
    'ucloud@a..b -p 22',
    'ucloud@[host] -p 22',
    'ucloud@[2001:db8::7 -p 22',
    'ucloud@2001:db8::7::1 -p 22',
    'a@b@c -p 22',
    '$(id)@host -p 22',
    `${'a'.repeat(65)}@host -p 22`,
    `ucloud@${'a.'.repeat(130)}b -p 22`,
    '',
  ])('%j', (address) => {
    expect(sshLineOf([said(line(address))])).toMatchObject({ kind: 'unreadable' });
  });
});

describe('the newest line counts', () => {
  test('of those in a row', () => {
    expect(sshLineOf([said(line('u@h -p 1'), 1), said(line('u@h -p 2'), 2)])).toEqual(at('u', 'h', 2));
  });

  test('of one status, the last', () => {
    expect(sshLineOf([said(`${line('u@h -p 1')}\n${line('u@h -p 2')}`)])).toEqual(at('u', 'h', 2));
  });

  test('by its time, in whatever order they come', () => {
    expect(sshLineOf([said(line('u@h -p 2'), 2), said(line('u@h -p 1'), 1)])).toEqual(at('u', 'h', 2));
  });

  test('of one moment, the later in the list', () => {
    expect(sshLineOf([said(line('u@h -p 1'), 5), said(line('u@h -p 2'), 5)])).toEqual(at('u', 'h', 2));
  });

  test('also when it cannot be read: the one before may be another job’s by now', () => {
    const updates = [said(line('u@h -p 1'), 1), said(line('-x@h -p 2'), 2)];
    expect(sshLineOf(updates)).toMatchObject({ kind: 'unreadable' });
  });

  test('a failure takes the address back, and an address the failure', () => {
    const [address, failure] = [line('u@h -p 1'), 'SSH: Failure! no'];
    expect(sshLineOf([said(address, 1), said(failure, 2)])).toMatchObject({ kind: 'failed' });
    expect(sshLineOf([said(failure, 1), said(address, 2)])).toEqual(at('u', 'h', 1));
  });
});

describe('a line from before the port was given up no longer counts', () => {
  test.each(['SUSPENDED', 'SUCCESS', 'FAILURE', 'EXPIRED'])('%s', (state) => {
    const before = [said(line('u@h -p 1'), 1), went('RUNNING', 2), went(state, 3, 'over')];
    expect(sshLineOf(before)).toBeUndefined();
    expect(sshLineOf([...before, went('IN_QUEUE', 4)])).toBeUndefined();
    expect(sshLineOf([...before, said(line('u@h -p 2'), 5)])).toEqual(at('u', 'h', 2));
  });

  test('nor does one in the very update that gives it up', () => {
    expect(sshLineOf([went('SUSPENDED', 1, line('u@h -p 1'))])).toBeUndefined();
  });

  test('other states keep it', () => {
    expect(sshLineOf([said(line('u@h -p 1'), 1), went('RUNNING', 2), went('DANCING', 3)])).toEqual(
      at('u', 'h', 1),
    );
  });
});
