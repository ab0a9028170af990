/**
 * The programs that `bai open` knows, each with the URL it is reached by and its own command line. Where the forms are written
 * down, and where they are not, stands in docs/decisions.md.
 */

import { absoluteRemotePath } from '../sftp/remote-path.ts';

const editorNames = [
  'vscode',
  'code-insiders',
  'vscodium',
  'cursor',
  'windsurf',
  'zed',
  'jetbrains',
] as const;
export const openTargets = [...editorNames, 'sftp'] as const;

export type EditorName = (typeof editorNames)[number];
export type OpenTarget = (typeof openTargets)[number];

/** A folder of a session, as a program finds it. */
interface OpenPlace {
  readonly host: string;
  readonly user: string;
  /** Absolute. */
  readonly path: string;
}

export interface LaunchCommand {
  /** A name to look for on PATH. */
  readonly program: string;
  readonly args: readonly string[];
}

/** A program that reads ssh's configuration. */
interface Editor {
  readonly label: string;
  /** What a user has to do in it. */
  readonly advice?: string;
  url(place: OpenPlace): string;
  /** The first one that is there is the one to start; none where the program has no documented command line. */
  commands(place: OpenPlace): readonly LaunchCommand[];
}

export const editors: Readonly<Record<EditorName, Editor>> = {
  vscode: codeFamily('VS Code', 'vscode', 'code'),
  'code-insiders': codeFamily('VS Code Insiders', 'vscode-insiders', 'code-insiders'),
  vscodium: codeFamily('VSCodium', 'vscodium', 'codium'),
  cursor: codeFamily('Cursor', 'cursor', 'cursor'),
  windsurf: codeFamily('Windsurf', 'windsurf', 'windsurf'),
  zed: {
    label: 'Zed',
    url: ({ host, path }) => `zed://ssh/${host}${encodePath(path)}`,
    // Distributions rename it, because ZFS has a daemon called zed.
    commands: ({ host, path }) =>
      ['zeditor', 'zedit', 'zed'].map((program) => ({ program, args: [`ssh://${host}${encodePath(path)}`] })),
  },
  jetbrains: {
    label: 'JetBrains Gateway',
    advice: 'in Gateway, sign in by "OpenSSH config and authentication agent" and choose the IDE',
    url: ({ host, user, path }) =>
      `jetbrains-gateway://connect#type=ssh&deploy=false&host=${host}&port=22` +
      `&user=${encode(user)}&projectPath=${encode(path)}`,
    commands: () => [],
  },
};

/** VS Code and what was made of it: the same links under another scheme, the same command line under another name. */
function codeFamily(label: string, scheme: string, program: string): Editor {
  const remote = ({ host, path }: OpenPlace): string => `ssh-remote+${host}${encodePath(path)}`;
  return {
    label,
    url: (place) => `${scheme}://vscode-remote/${remote(place)}`,
    // With `--remote HOST PATH` a folder with a dot in its name is taken for a file.
    commands: (place) => [{ program, args: ['--folder-uri', `vscode-remote://${remote(place)}`] }],
  };
}

/** For programs that know nothing of ssh's configuration; a key does not belong into it, nor a password. */
export function sftpUrl({ host, user, path }: OpenPlace, port: number): string {
  return `sftp://${encode(user)}@${host}:${port}${encodePath(path)}`;
}

/** The path that a user wrote, counted from the home of the session. */
export function openPath(written: string, home: string): string {
  return absoluteRemotePath(written, home);
}

function encodePath(path: string): string {
  return path.split('/').map(encode).join('/');
}

/** Also what `encodeURIComponent` leaves alone and some shell behind a system's opener may not. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
