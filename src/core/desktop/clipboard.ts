/** Which programs put text on the clipboard that the person at this machine pastes from. */

import type { DesktopFacts } from './desktop.ts';
import type { LaunchCommand } from './open-target.ts';

/** In the order to try them; each takes the text on stdin. */
export function clipboardPrograms({ platform, environment }: DesktopFacts): LaunchCommand[] {
  if (platform === 'darwin') return [{ program: 'pbcopy', args: [] }];
  if (platform === 'win32') return [{ program: 'clip.exe', args: [] }];
  return [
    ...(environment['WSL_DISTRO_NAME'] ? [{ program: 'clip.exe', args: [] }] : []),
    ...(environment['WAYLAND_DISPLAY'] ? [{ program: 'wl-copy', args: [] }] : []),
    ...(environment['DISPLAY']
      ? [
          { program: 'xclip', args: ['-selection', 'clipboard', '-in'] },
          { program: 'xsel', args: ['--clipboard', '--input'] },
        ]
      : []),
  ];
}

/** Whether the person sits at another machine, whose clipboard only the terminal reaches. */
export function isOverSsh(environment: DesktopFacts['environment']): boolean {
  return Boolean(environment['SSH_TTY'] || environment['SSH_CONNECTION']);
}

/** Asks a terminal to take the text: OSC 52, which most of them and tmux know. */
export function osc52(text: string): string {
  const bytes = new TextEncoder().encode(text);
  return `\u001b]52;c;${btoa(String.fromCharCode(...bytes))}\u0007`;
}
