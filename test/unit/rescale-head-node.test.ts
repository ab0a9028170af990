import { expect, test } from 'vitest';
import { headNodeAddress } from '../../src/providers/rescale/head-node.ts';
import { phaseOf } from '../../src/providers/rescale/phase.ts';
import { type Instance, instanceSchema } from '../../src/providers/rescale/schema.ts';

function instance(fields: Readonly<Record<string, unknown>> = {}): Instance {
  return instanceSchema.parse({
    ...{
      role: 'CUSTOM',
      username: 'uprod_AbCdE',
      publicIp: '203.0.113.7',
      publicHostname: 'node.example.invalid',
    },
    ...{ sshPort: 32_100, supportedServices: ['ssh'], tenancy: 'default', ...fields },
  });
}

const found = { user: 'uprod_AbCdE', host: '203.0.113.7', port: 32_100 };

test.each<[string, readonly Instance[], unknown]>([
  ['the only machine, whatever its role', [instance()], found],
  ['the only machine without a role', [instance({ role: null })], found],
  ['port 22', [instance({ sshPort: 22 })], { ...found, port: 22 }],
  [
    'the master, behind others',
    [instance({ role: 'MPI_SLAVE', publicIp: '203.0.113.8' }), instance({ role: 'MPI_MASTER' })],
    found,
  ],
  ['no list of services, as older answers have it', [instance({ supportedServices: undefined })], found],
  [
    'a name when there is no address',
    [instance({ publicIp: null })],
    { ...found, host: 'node.example.invalid' },
  ],
  ['IPv6', [instance({ publicIp: '2001:db8::7' })], { ...found, host: '2001:db8::7' }],
])('the head node: %s', (_what, instances, address) => {
  expect(headNodeAddress('OsKBd', instances)).toEqual(address);
});

test.each<[string, readonly Instance[], string, number, string]>([
  ['no machine', [], 'ssh-not-ready', 5, 'job OsKBd has no machine yet'],
  [
    'no public address',
    [instance({ publicIp: null, publicHostname: '' })],
    'ssh-not-ready',
    5,
    'job OsKBd has no public address',
  ],
  [
    'several, and none is the master',
    [instance({ role: 'CUSTOM' }), instance({ role: '' })],
    'no-head-node',
    1,
    'Rescale lists 2 machines of job OsKBd and not which one is the head node (roles: CUSTOM, none)',
  ],
  [
    'several masters',
    [instance({ role: 'MPI_MASTER' }), instance({ role: 'MPI_MASTER' })],
    'no-head-node',
    1,
    'Rescale lists 2 machines of job OsKBd and not which one is the head node (roles: MPI_MASTER)',
  ],
  [
    'SSH is off',
    [instance({ supportedServices: ['dcv'] })],
    'ssh-off',
    4,
    'job OsKBd has no SSH: its machine offers dcv',
  ],
  [
    'nothing is on',
    [instance({ supportedServices: [] })],
    'ssh-off',
    4,
    'job OsKBd has no SSH: its machine offers nothing',
  ],
])('%s is told, and nothing is guessed', (_what, instances, code, exitCode, message) => {
  expect(() => headNodeAddress('OsKBd', instances)).toThrow(
    expect.objectContaining({ code, exitCode, message }),
  );
});

test.each([
  { username: '-oProxyCommand=reboot' },
  { username: '' },
  { username: 'a b' },
  { username: 'a\nb' },
  { username: 'a@b' },
  { username: 'x'.repeat(100) },
  { publicIp: '-oProxyCommand=x' },
  { publicIp: '203.0.113.7 x' },
  { publicIp: '203.0.113' },
  { publicIp: null, publicHostname: '-x' },
  { publicIp: null, publicHostname: 'a b' },
  { publicIp: null, publicHostname: '$(reboot)' },
  { sshPort: null },
  { sshPort: 0 },
  { sshPort: 65_536 },
  { sshPort: 22.5 },
  { sshPort: '22' },
])('%j becomes no part of a command line', (fields) => {
  expect(() => headNodeAddress('OsKBd', [instance(fields)])).toThrow(
    expect.objectContaining({ code: 'ssh-unreadable' }),
  );
});

test.each([
  ['Pending', 'starting'],
  ['Waiting for Queue', 'starting'],
  ['WAITING_FOR_CLUSTER', 'starting'],
  ['Queued', 'starting'],
  ['Started', 'starting'],
  ['Validated', 'starting'],
  ['Executing', 'ready'],
  ['executing', 'ready'],
  ['Stopping', 'ending'],
  ['Force Stop', 'ending'],
  ['Completed', 'ended'],
  ['Stopped', 'ended'],
  ['Force Stopped', 'ended'],
  ['Terminated', 'ended'],
  ['Failed', 'failed'],
  ['Suspended', 'suspended'],
  ['Saved', 'suspended'],
  ['A Word of Tomorrow', 'starting'],
  ['constructor', 'starting'],
])('a job that is %s is %s', (status, phase) => {
  expect(phaseOf(status)).toBe(phase);
});
