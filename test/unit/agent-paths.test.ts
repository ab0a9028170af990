import { expect, test } from 'vitest';
import { agentPaths } from '../../src/core/ssh/agent-paths.ts';

const pipe = '\\\\.\\pipe\\openssh-ssh-agent';

test.each([
  ['linux', '/run/agent', ['/run/agent']],
  ['linux', undefined, []],
  ['darwin', '', []],
  [
    'darwin',
    '/private/tmp/com.apple.launchd.dDVc3aQxAs/Listeners',
    ['/private/tmp/com.apple.launchd.dDVc3aQxAs/Listeners'],
  ],
  ['win32', undefined, [pipe]],
  ['win32', '\\\\.\\pipe\\pageant.ann.0123', ['\\\\.\\pipe\\pageant.ann.0123']],
] as const)('on %s with SSH_AUTH_SOCK %s the agents to ask are %j', (platform, socket, paths) => {
  const environment = socket === undefined ? {} : { SSH_AUTH_SOCK: socket };
  expect(agentPaths({ environment, platform, home: '/home/you', named: undefined })).toEqual(paths);
});

test.each([
  ['/run/manager', ['/run/manager']],
  ['~/.manager/agent.sock', ['/home/you/.manager/agent.sock']],
  ['~you/agent', ['~you/agent']],
  ['none', []],
  ['SSH_AUTH_SOCK', ['/run/agent']],
  ['$MY_AGENT', ['/run/mine']],
  ['$NOT_SET', []],
  ['\\\\.\\pipe\\mine', ['\\\\.\\pipe\\mine']],
])('IdentityAgent %s comes before SSH_AUTH_SOCK: %j', (named, paths) => {
  const environment = { SSH_AUTH_SOCK: '/run/agent', MY_AGENT: '/run/mine' };
  for (const platform of ['linux', 'win32'])
    expect(agentPaths({ environment, platform, home: '/home/you', named })).toEqual(paths);
});

test.each([
  [['openssh-ssh-agent', 'pageant.ann.0123abcd'], undefined, [pipe, '\\\\.\\pipe\\pageant.ann.0123abcd']],
  [
    ['pageant.ann.0123abcd', 'pageant.bob.4567', 'pageant.ann.x', 'pageant.ann.'],
    undefined,
    ['\\\\.\\pipe\\pageant.ann.0123abcd'],
  ],
  [['other'], undefined, []],
  [['pageant.ann.01'], '\\\\.\\pipe\\pageant.ann.01', ['\\\\.\\pipe\\pageant.ann.01']],
  [['pageant.ann.01'], '\\\\.\\pipe\\mine', ['\\\\.\\pipe\\mine', '\\\\.\\pipe\\pageant.ann.01']],
] as const)('of the pipes %j, with SSH_AUTH_SOCK %s, the agents of ann are %j', (pipes, socket, paths) => {
  const environment = socket === undefined ? {} : { SSH_AUTH_SOCK: socket };
  const facts = { environment, platform: 'win32', home: 'C:\\Users\\ann', named: undefined, user: 'ann' };
  expect(agentPaths({ ...facts, pipes })).toEqual(paths);
});
