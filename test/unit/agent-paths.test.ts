import { expect, test } from 'vitest';
import { agentPaths } from '../../src/ssh/agent.ts';

const pipe = '\\\\.\\pipe\\openssh-ssh-agent';

test.each([
  ['linux', '/run/agent', ['/run/agent']],
  ['linux', undefined, []],
  ['darwin', '', []],
  ['win32', undefined, [pipe, 'pageant']],
  ['win32', '\\\\.\\pipe\\pageant.ann.0123', ['\\\\.\\pipe\\pageant.ann.0123', 'pageant']],
] as const)('on %s with SSH_AUTH_SOCK %s the agents to ask are %j', (platform, socket, paths) => {
  expect(agentPaths(socket === undefined ? {} : { SSH_AUTH_SOCK: socket }, platform)).toEqual(paths);
});
