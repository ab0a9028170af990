import { expect, test } from 'vitest';
import { clipboardPrograms, isOverSsh, osc52 } from '../../src/core/desktop/clipboard.ts';

const names = (platform: NodeJS.Platform, environment: Record<string, string> = {}): string[] =>
  clipboardPrograms({ platform, environment }).map(({ program, args }) => [program, ...args].join(' '));

test('each system has its own program, and none takes the text as an argument', () => {
  expect(names('darwin')).toEqual(['pbcopy']);
  expect(names('win32')).toEqual(['clip.exe']);
  expect(names('linux', { WSL_DISTRO_NAME: 'Debian' })).toEqual(['clip.exe']);
  expect(names('linux', { WAYLAND_DISPLAY: 'wayland-0' })).toEqual(['wl-copy']);
  expect(names('linux', { WAYLAND_DISPLAY: 'wayland-0', DISPLAY: ':0' })[0]).toBe('wl-copy');
  expect(names('freebsd', { DISPLAY: ':0' })).toEqual([
    'xclip -selection clipboard -in',
    'xsel --clipboard --input',
  ]);
  expect(names('linux')).toEqual([]);
});

test('somebody at another machine has the clipboard of that one', () => {
  expect(isOverSsh({ SSH_TTY: '/dev/pts/1' })).toBe(true);
  expect(isOverSsh({ SSH_CONNECTION: '192.0.2.1 1 192.0.2.2 22' })).toBe(true);
  expect(isOverSsh({ SSH_AUTH_SOCK: '/run/agent' })).toBe(false);
});

test('text of any language reaches the terminal as base64', () => {
  const [, base64 = ''] = osc52('ssh-ed25519 AAAA närher 키').split(';c;');
  expect(Buffer.from(base64.slice(0, -1), 'base64').toString()).toBe('ssh-ed25519 AAAA närher 키');
});
