import { expect, test } from 'vitest';
import { hasDesktop, urlOpeners } from '../../src/core/desktop/desktop.ts';

const url = 'zed://ssh/demo.bai/home/work';

test.each([
  ['linux', {}, [['xdg-open', url]]],
  [
    'linux',
    { WSL_DISTRO_NAME: 'Ubuntu' },
    [
      ['wslview', url],
      ['xdg-open', url],
    ],
  ],
  ['darwin', {}, [['open', url]]],
  ['win32', {}, [['rundll32.exe', 'url.dll,FileProtocolHandler', url]]],
] as const)('%s with %j opens a URL with its own program', (platform, environment, expected) => {
  const openers = urlOpeners({ platform, environment }, url);
  expect(openers.map(({ program, args }) => [program, ...args])).toEqual(expected);
});

test.each([
  ['linux', {}, false],
  ['linux', { DISPLAY: ':0' }, true],
  ['linux', { WAYLAND_DISPLAY: 'wayland-0' }, true],
  ['linux', { DISPLAY: ':0', CI: 'true' }, false],
  ['linux', { DISPLAY: 'localhost:10.0', SSH_CONNECTION: '1 2 3 4' }, true],
  ['linux', { WSL_DISTRO_NAME: 'Ubuntu' }, true],
  ['linux', { WSL_DISTRO_NAME: 'Ubuntu', SSH_CONNECTION: '1 2 3 4' }, false],
  ['darwin', {}, true],
  ['darwin', { SSH_CONNECTION: '1 2 3 4' }, false],
  ['win32', {}, true],
  ['win32', { CI: '1' }, false],
] as const)('%s with %j has a desktop: %s', (platform, environment, expected) => {
  expect(hasDesktop({ platform, environment })).toBe(expected);
});
