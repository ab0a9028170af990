/** What sessions on Windows run: commands by cmd.exe, on pipes, for there is no terminal to lend them. */

import { execFile } from 'node:child_process';
import { windowsProgram } from '../../core/program-paths.ts';

type Environment = Readonly<Record<string, string | undefined>>;

interface WindowsShellRequest {
  readonly user: string;
  /** A folder of this machine. */
  readonly folder: string;
  /** Left out: what comes in on stdin. */
  readonly command: string | undefined;
  /** What the client sets. */
  readonly environment: Readonly<Record<string, string>>;
}

interface WindowsShell {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Record<string, string>;
}

/** Without these hardly a program of Windows starts, or finds others. */
const inherited = [
  ...['SystemRoot', 'SystemDrive', 'windir', 'PATH', 'PATHEXT', 'TEMP', 'TMP', 'NUMBER_OF_PROCESSORS'],
  ...['PROCESSOR_ARCHITECTURE', 'ProgramFiles', 'ProgramData', 'CommonProgramFiles', 'ALLUSERSPROFILE'],
];

/** To be started with `windowsVerbatimArguments`: cmd.exe has its own idea of quotes, and takes off the outer two. */
export function windowsShell(request: WindowsShellRequest, own: Environment): WindowsShell {
  const { user, folder, command, environment } = request;
  const program = windowsProgram('cmd.exe', own);
  const kept = inherited.flatMap((name) => (own[name] === undefined ? [] : [[name, own[name]]]));
  return {
    program,
    args: command === undefined ? ['/d', '/q'] : ['/d', '/s', '/c', `"${command}"`],
    env: {
      ...Object.fromEntries(kept),
      ...environment,
      ...{ ComSpec: program, HOME: folder, USERPROFILE: folder, USERNAME: user, USER: user },
    },
  };
}

/** With all that it has started: Windows has no groups that could be told. */
export function endTree(pid: number, own: Environment): void {
  const words = ['/pid', String(pid), '/t', '/f'];
  // One that has ended meanwhile needs no end.
  execFile(windowsProgram('taskkill.exe', own), words, { windowsHide: true, timeout: 5_000 }, () => {});
}
