/** Hosts before the manager: how they are written, and what ssh is given for them. */

import { describe, expect, test } from 'vitest';
import { jumpArguments, parseJumpHosts, takeJumpHosts } from '../../src/core/ssh/jump-hosts.ts';

describe('-J among the words for ssh', () => {
  test.each([
    [['-J', 'hop', 'ls', '-J'], 'hop', ['ls', '-J']],
    [['-Jhop'], 'hop', []],
    [['-NJ', 'hop', '-L', '1:h:1'], 'hop', ['-N', '-L', '1:h:1']],
    [['-o', 'ProxyJump=hop', '-v'], 'hop', ['-v']],
    [['-oProxyJump hop', 'ls'], 'hop', ['ls']],
    [['-J', 'first', '-J', 'second'], 'first', []],
    [['-L', '-J', '-N'], undefined, ['-L', '-J', '-N']],
    [['-o', 'LogLevel=ERROR', 'ssh', '-J', 'x'], undefined, ['-o', 'LogLevel=ERROR', 'ssh', '-J', 'x']],
    [['--', '-J', 'x'], undefined, ['--', '-J', 'x']],
    [['-J'], undefined, ['-J']],
    [[], undefined, []],
  ])('%j leads over %s', (all, jump, words) => {
    expect(takeJumpHosts(all)).toEqual({ jump, words });
  });
});

test('the last host makes the connection, the others lead to it', () => {
  const target = { host: 'manager.example', port: 443 };
  const end = ['-o', 'RemoteCommand=none', '--'];
  expect(jumpArguments(['me@hop:2222'], target, 0)).toEqual([
    '-W',
    'manager.example:443',
    ...end,
    'ssh://me@hop:2222',
  ]);
  expect(jumpArguments(['a', 'b', 'c'], { host: '::1', port: 80 }, 2.5)).toEqual([
    ...['-W', '[::1]:80', '-J', 'a,b', '-o', 'ConnectTimeout=3'],
    ...end,
    'ssh://c',
  ]);
});

test('none is no host', () => {
  expect(parseJumpHosts('none', 'here')).toEqual([]);
  expect(parseJumpHosts('a,[fe80::1]:22', 'here')).toEqual(['a', '[fe80::1]:22']);
});
