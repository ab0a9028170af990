/** The commands of the shell of `bai sftp SESSION`. */

import type { Reporter } from '../../core/reporter.ts';
import { remotePath } from '../../core/sftp/remote-path.ts';
import { defaultTransferOptions } from '../../core/sftp/transfer-options.ts';
import { sanitizeLine } from '../../core/text/sanitize.ts';
import { ConflictError, ExitCode, NotFoundError, UsageError } from '../../errors.ts';
import type { RemoteFiles } from '../../transfer/remote-files.ts';
import { eachPath } from './each-path.ts';
import type { getFiles } from './sftp-get.ts';
import { listFiles, listMatches } from './sftp-list.ts';
import { makeFolders } from './sftp-mkdir.ts';
import { moveFile } from './sftp-move.ts';
import type { putFiles } from './sftp-put.ts';
import { removeFiles } from './sftp-remove.ts';
import { atLocal, atRemote, belowRemote, localSource, matchRemote } from './sftp-shell-paths.ts';
import type { SftpTools } from './sftp-tools.ts';

export interface ShellState {
  readonly session: string;
  readonly files: RemoteFiles;
  readonly tools: SftpTools;
  readonly putFiles: typeof putFiles;
  readonly getFiles: typeof getFiles;
  /** Where relative paths count from, absolute. */
  remote: string;
  local: string;
  isOver: boolean;
}

interface ShellArguments {
  /** Letters of the options that were given. */
  readonly flags: string;
  readonly paths: readonly string[];
}

interface ShellCommand {
  readonly usage: string;
  readonly summary: string;
  /** Letters it takes. */
  readonly flags: string;
  /** Which names complete its arguments. */
  readonly completes: 'remote' | 'local' | 'nothing';
  run(args: ShellArguments, state: ShellState): Promise<ExitCode>;
}

type Run = (args: ShellArguments, state: ShellState) => Promise<ExitCode> | Promise<void>;

function command(
  usage: string,
  summary: string,
  completes: ShellCommand['completes'],
  run: Run,
): ShellCommand {
  const flags = [...usage.matchAll(/\[-(\w+)\]/g)].map((match) => match[1] ?? '').join('');
  const runToStatus: ShellCommand['run'] = async (args, state) => (await run(args, state)) ?? ExitCode.ok;
  return { usage, summary, flags, completes, run: runToStatus };
}

const leave = command('exit', 'end (also bye, quit)', 'nothing', async (_, state) => {
  state.isOver = true;
});

const help = command('help', 'this list', 'nothing', async (_, { tools }) => {
  const shown = new Set(Object.values(shellCommands));
  const lines = [...shown].map(({ usage, summary }) => `${usage.padEnd(34)} ${summary}`);
  tools.reporter.text(`${lines.join('\n')}\n`);
});

const rename = command('rename OLD NEW', 'rename or move (also mv)', 'remote', async ({ paths }, state) => {
  const [from, to] = exactly(paths, 2, 'rename takes an old and a new path');
  const request = { session: state.session, path: atRemote(from, state), newPath: atRemote(to, state) };
  await moveFile(request, state.tools);
});

export const shellCommands: Readonly<Record<string, ShellCommand>> = {
  cd: command('cd [PATH]', 'change the folder in the session', 'remote', async ({ paths }, state) => {
    const path = await state.files.realpath(atRemote(upToOne(paths, 'cd') ?? '~', state));
    const { kind } = await state.files.stat(path);
    if (kind !== 'folder') throw new ConflictError(`${path} is not a folder`, { code: 'not-a-folder' });
    state.remote = path;
  }),
  lcd: command('lcd PATH', 'change the folder on this machine', 'local', async ({ paths }, state) => {
    const path = atLocal(upToOne(paths, 'lcd') ?? '.', state);
    const kind = (await state.tools.local.stat(path))?.kind;
    if (kind === undefined) throw new NotFoundError(`there is not a folder ${path}`);
    if (kind !== 'folder') throw new ConflictError(`${path} is not a folder`, { code: 'not-a-folder' });
    state.local = await state.tools.local.realPath(path);
  }),
  pwd: command('pwd', 'the folder in the session', 'nothing', async (_, { tools, remote }) => {
    tellNames([remote], tools.reporter);
  }),
  lpwd: command('lpwd', 'the folder on this machine', 'nothing', async (_, { tools, local }) => {
    tellNames([local], tools.reporter);
  }),
  ls: command(
    'ls [-la] [PATH]',
    'list a folder in the session, or what matches',
    'remote',
    async ({ flags, paths }, state) => {
      const [long, all] = [flags.includes('l'), flags.includes('a')];
      const { session, tools } = state;
      const written = upToOne(paths, 'ls') ?? '';
      const { found, refused } = await matchRemote([written], state);
      const [path = '', ...others] = found;
      if (others.length === 0 && found.length > 0) await listFiles({ session, path, long, all }, tools);
      else {
        const named = found.map((match) => ({ path: match, name: belowRemote(match, state) }));
        await listMatches({ session, pattern: written, long }, named, tools);
      }
      return refused ? ExitCode.failure : ExitCode.ok;
    },
  ),
  lls: command('lls [PATH]', 'list a folder on this machine', 'local', async ({ paths }, state) => {
    const names: string[] = [];
    const folder = atLocal(upToOne(paths, 'lls') ?? '.', state);
    for await (const { name } of state.tools.local.list(folder, false)) names.push(name);
    tellNames(names.sort(), state.tools.reporter);
  }),
  get: command(
    'get [-rp] REMOTE [LOCAL]',
    'copy out of the session',
    'remote',
    async ({ flags, paths }, state) => {
      const [source, target = ''] = oneOrTwo(paths, 'get');
      const { found, refused } = await matchRemote([source], state);
      const request = { session: state.session, paths: found, ...optionsOf(flags) };
      const local = target === '' ? state.local : atLocal(target, state);
      const status =
        found.length === 0 ? ExitCode.ok : await state.getFiles({ ...request, target: local }, state.tools);
      return refused ? ExitCode.failure : status;
    },
  ),
  put: command(
    'put [-rp] LOCAL [REMOTE]',
    'copy into the session',
    'local',
    async ({ flags, paths }, state) => {
      const [source, target = ''] = oneOrTwo(paths, 'put');
      const remote = { session: state.session, path: target === '' ? state.remote : atRemote(target, state) };
      const request = { sources: [await localSource(source, state)], target: remote, ...optionsOf(flags) };
      return state.putFiles(request, state.tools);
    },
  ),
  mkdir: command('mkdir [-p] PATH...', 'make folders in the session', 'remote', ({ flags, paths }, state) =>
    makeFolders(
      { session: state.session, paths: all(paths, state), parents: flags.includes('p') },
      state.tools,
    ),
  ),
  chmod: command(
    'chmod MODE PATH...',
    'set permission bits, e.g. chmod 640 a.txt',
    'remote',
    async ({ paths }, state) => {
      const [mode = '', ...targets] = paths;
      if (!/^[0-7]{3,4}$/.test(mode)) {
        throw new UsageError(`"${mode}" is not a valid mode`, {
          hint: 'write it in octal, for example: chmod 640 a.txt',
        });
      }
      const { found, refused } = await matchRemote(atLeastOne(targets), state);
      const change = (path: string): Promise<void> => state.files.changeMode(path, Number.parseInt(mode, 8));
      const failed = await eachPath(found, { what: 'mode not changed', step: change }, state.tools);
      return refused || failed.length > 0 ? ExitCode.failure : ExitCode.ok;
    },
  ),
  rm: command(
    'rm [-r] PATH...',
    'remove files from the session',
    'remote',
    async ({ flags, paths }, state) => {
      const { found, refused } = await matchRemote(atLeastOne(paths), state);
      const request = { session: state.session, paths: found, recursive: flags.includes('r') };
      const status = found.length === 0 ? ExitCode.ok : await removeFiles(request, state.tools);
      return refused ? ExitCode.failure : status;
    },
  ),
  rmdir: command('rmdir PATH', 'remove an empty folder', 'remote', async ({ paths }, state) => {
    const [path] = exactly(paths, 1, 'rmdir takes one path');
    await state.files.removeFolder(atRemote(path, state));
  }),
  rename,
  mv: rename,
  help,
  '?': help,
  exit: leave,
  bye: leave,
  quit: leave,
};

/** Each on a line that it cannot leave, as `ls` prints those of the session. */
function tellNames(names: readonly string[], reporter: Reporter): void {
  const shown = reporter.json ? names : names.map(sanitizeLine);
  reporter.text(shown.map((name) => `${name}\n`).join(''));
}

function optionsOf(flags: string): Pick<Parameters<typeof getFiles>[0], 'recursive' | 'options'> {
  const options = { ...defaultTransferOptions, preserve: flags.includes('p') };
  return { recursive: flags.includes('r'), options };
}

function all(paths: readonly string[], state: ShellState): string[] {
  return atLeastOne(paths).map((path) => remotePath(atRemote(path, state)));
}

function atLeastOne(paths: readonly string[]): readonly string[] {
  if (paths.length === 0) throw new UsageError('name at least one path');
  return paths;
}

function upToOne(paths: readonly string[], name: string): string | undefined {
  if (paths.length > 1) throw new UsageError(`${name} takes one path; quote names that contain spaces`);
  return paths[0];
}

function oneOrTwo(paths: readonly string[], name: string): readonly [string, string | undefined] {
  const [first, second, ...more] = paths;
  if (first === undefined || more.length > 0) {
    throw new UsageError(`${name} takes a source and a target; quote names that contain spaces`);
  }
  return [first, second];
}

function exactly(paths: readonly string[], count: number, message: string): readonly [string, string] {
  const [first = '', second = ''] = paths;
  if (paths.length !== count) throw new UsageError(message);
  return [first, second];
}
