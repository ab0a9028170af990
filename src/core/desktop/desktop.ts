/** How a system opens a URL with the program that is registered for it. */

import type { LaunchCommand } from './open-target.ts';

export interface DesktopFacts {
  readonly platform: NodeJS.Platform;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Whether a window that is opened here is seen by whoever runs bai. */
export function hasDesktop({ platform, environment }: DesktopFacts): boolean {
  if (environment['CI']) return false;
  const display = environment['DISPLAY'] || environment['WAYLAND_DISPLAY'];
  if (platform === 'win32' || platform === 'darwin') return !environment['SSH_CONNECTION'];
  // A Linux below Windows has the windows of Windows, and perhaps no display of its own.
  return Boolean(display || (environment['WSL_DISTRO_NAME'] && !environment['SSH_CONNECTION']));
}

/** The first one that is there is the one to start. */
export function urlOpeners({ platform, environment }: DesktopFacts, url: string): LaunchCommand[] {
  if (platform === 'darwin') return [{ program: 'open', args: [url] }];
  // `start` would need a shell, and `explorer.exe` ends with 1 when all is well.
  if (platform === 'win32') return [{ program: 'rundll32.exe', args: ['url.dll,FileProtocolHandler', url] }];
  const xdg = { program: 'xdg-open', args: [url] };
  return environment['WSL_DISTRO_NAME'] ? [{ program: 'wslview', args: [url] }, xdg] : [xdg];
}
