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

/** The user's own browser, then the system's way to open a URL. `BROWSER` names programs, separated by colons, with `%s` for the URL. */
export function browserCommands(facts: DesktopFacts, url: string): LaunchCommand[] {
  const own = (facts.environment['BROWSER'] ?? '').split(facts.platform === 'win32' ? ';' : ':');
  const commands = own.flatMap((line) => {
    const [program, ...words] = line.split(' ').filter((word) => word !== '');
    if (program === undefined) return [];
    const args = words.map((word) => word.replaceAll('%s', () => url));
    return [{ program, args: line.includes('%s') ? args : [...args, url] }];
  });
  return [...commands, ...urlOpeners(facts, url)];
}

/** The first one that is there is the one to start. */
export function urlOpeners({ platform, environment }: DesktopFacts, url: string): LaunchCommand[] {
  if (platform === 'darwin') return [{ program: 'open', args: [url] }];
  // `start` would need a shell, and `explorer.exe` ends with 1 when all is well.
  if (platform === 'win32') return [{ program: 'rundll32.exe', args: ['url.dll,FileProtocolHandler', url] }];
  const xdg = { program: 'xdg-open', args: [url] };
  return environment['WSL_DISTRO_NAME'] ? [{ program: 'wslview', args: [url] }, xdg] : [xdg];
}
