/** Where a program may be: the whole paths that PATH leads to, in its order. */

interface SearchFacts {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
}

/** A program of Windows itself, by its whole path: one of that name in the current folder would be started first. */
export function windowsProgram(name: string, environment: SearchFacts['environment']): string {
  const named = environment['SystemRoot'] ?? '';
  const root = /^[a-z]:\\/i.test(named) ? named.replace(/\\+$/, '') : 'C:\\Windows';
  return `${root}\\System32\\${name}`;
}

/**
 * Only absolute entries count: `.`, an empty entry and `bin` mean whatever folder bai was started in, which somebody else may have
 * filled. On Windows only what can be started without a shell: editors' own command lines are batch files there.
 */
export function programPaths(name: string, { environment, platform }: SearchFacts): string[] {
  const isWindows = platform === 'win32';
  const file = isWindows && !name.endsWith('.exe') ? `${name}.exe` : name;
  const folders = (environment['PATH'] ?? environment['Path'] ?? '').split(isWindows ? ';' : ':');
  const isWhole = isWindows ? /^(?:[a-z]:[\\/]|\\\\)/i : /^\//;
  return folders
    .filter((folder) => isWhole.test(folder))
    .map((folder) => `${folder.replace(isWindows ? /[\\/]+$/ : /\/+$/, '')}${isWindows ? '\\' : '/'}${file}`);
}
