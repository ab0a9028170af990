import { expect, test } from 'vitest';
import { agentPaths } from '../../src/core/ssh/agent-paths.ts';

const pipe = '\\\\.\\pipe\\openssh-ssh-agent';

test.each([
  ['linux', '/run/agent', ['/run/agent']],
  ['linux', undefined, []],
  ['darwin', '', []],
  ['win32', undefined, [pipe, 'pageant']],
  ['win32', '\\\\.\\pipe\\pageant.ann.0123', ['\\\\.\\pipe\\pageant.ann.0123', 'pageant']],
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
