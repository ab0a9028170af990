/** `bai open`: an editor, or a program for files, with a folder of a session in it. */

import {
  type EditorName,
  editors,
  type LaunchCommand,
  type OpenTarget,
  openPath,
  sftpUrl,
} from '../../core/desktop/open-target.ts';
import type { SessionRef } from '../../core/session/session.ts';
import { sshApp } from '../../core/ssh/forwarder.ts';
import { choosesAlike, hostOfSession, type InstalledSshConfig } from '../../core/ssh/installed-ssh-config.ts';
import { BaiError, LocalSystemError } from '../../errors.ts';
import { openRunningSession } from '../session/open-session.ts';
import { prepareSsh } from './prepare-ssh.ts';
import { homeOf } from './session-home.ts';
import { installedSshConfig, installSshConfig, type SshConfigTools } from './ssh-config.ts';
import type { SshTools } from './ssh-tools.ts';
import { holdForwarder, type PortPreference } from './start-app-forwarder.ts';

export interface OpenRequest {
  readonly session: string;
  /** As written: empty is the home. */
  readonly path: string;
  /** Start nothing. */
  readonly printOnly: boolean;
}

export interface OpenTools extends SshTools {
  readonly sshConfig: SshConfigTools;
  /** Whether a window that is opened on this machine is seen by the user. */
  readonly hasDesktop: boolean;
  /** The system's ways to open a URL. */
  urlOpeners(url: string): readonly LaunchCommand[];
  /** Whether the program was there and has not failed. */
  launch(command: LaunchCommand): Promise<boolean>;
}

interface OpenedPlace {
  readonly program: OpenTarget;
  readonly session: SessionRef;
  readonly host: string;
  readonly user: string;
  readonly path: string;
  readonly url: string;
}

interface OpenedEditor extends OpenedPlace {
  /** The program that was started; nothing when there is none, or none was wanted. */
  readonly openedWith?: string;
}

export interface OpenedFiles extends OpenedPlace {
  readonly port: number;
  /** Nothing when the keys of the SSH agent are used. */
  readonly identityFile?: string;
}

/** The session runs, ssh can go into it by the host's name, and the program was started or there is none. */
export async function openEditor(
  program: EditorName,
  request: OpenRequest,
  tools: OpenTools,
): Promise<OpenedEditor> {
  // A wrong path is told before anything is asked.
  openPath(request.path, '/');
  const config = await useSshConfig(tools);
  const session = await openRunningSession(request.session, tools);
  const { access } = await prepareSsh(session, tools);
  const path = openPath(request.path, await homeOf(access, tools));
  const host = hostOfSession(session, request.session, { ...config, isId: tools.provider.isId });
  const place = { host, user: config.user ?? access.user, path };
  const url = editors[program].url(place);
  const commands = [...editors[program].commands(place), ...tools.urlOpeners(url)];
  const otherwise = 'open it on a machine with the program, on which `bai ssh-config install` has run';
  const openedWith = request.printOnly ? undefined : await openWith({ commands, otherwise }, tools);
  return { program, session, ...place, url, ...(openedWith !== undefined && { openedWith }) };
}

/** Calls `onReady` when the port listens, then opens the URL; ends when the signal does. */
export async function openFiles(
  request: OpenRequest & PortPreference,
  tools: OpenTools,
  onReady: (opened: OpenedFiles) => void,
): Promise<void> {
  openPath(request.path, '/');
  const session = await openRunningSession(request.session, tools);
  const { access, identityFile } = await prepareSsh(session, tools);
  const path = openPath(request.path, await homeOf(access, tools));
  await holdForwarder({ ...request, session, app: sshApp, tunnel: access }, tools, async ({ host, port }) => {
    const place = { host, user: access.user, path };
    const url = sftpUrl(place, port);
    const key = identityFile === undefined ? {} : { identityFile };
    onReady({ program: 'sftp', session, ...place, url, port, ...key });
    if (request.printOnly) return;
    const ways = { commands: tools.urlOpeners(url), otherwise: 'give it to a program on this machine' };
    await openWith(ways, tools).catch((error: unknown) => {
      // Ctrl-C is how the port is closed, also while something is opened.
      if (!tools.signal.aborted) throw error;
    });
  });
}

interface Ways {
  readonly commands: readonly LaunchCommand[];
  /** What to do with the URL when none of them is there. */
  readonly otherwise: string;
}

/** The name of what was started. That there is nothing is no failure: the URL is good all the same. */
async function openWith({ commands, otherwise }: Ways, tools: OpenTools): Promise<string | undefined> {
  const { hasDesktop, reporter } = tools;
  for (const command of hasDesktop ? commands : []) {
    if (await tools.launch(command)) return command.program;
  }
  const names = commands.map(({ program }) => program).join(', ');
  reporter.warn(
    hasDesktop
      ? `no program here could open the URL (tried ${names})`
      : 'there is no desktop here to open the URL on',
    otherwise,
  );
  return undefined;
}

/** Installs it when the user says so. */
async function useSshConfig(tools: OpenTools): Promise<InstalledSshConfig> {
  const problem = await sshConfigProblem(tools);
  if (!(problem instanceof BaiError)) return problem;
  if (tools.ask === undefined || !(await tools.ask(`${problem.message}; ${offers[problem.code]}?`)))
    throw problem;
  const { files } = await installSshConfig({ dryRun: false }, tools.sshConfig);
  for (const { path, change } of files) tools.reporter.info(`${change}: ${path}`);
  const installed = await sshConfigProblem(tools);
  if (installed instanceof BaiError) throw installed;
  return installed;
}

const offers: Readonly<Record<string, string>> = {
  'ssh-config-missing': 'install it now',
  'ssh-config-other': 'put these in their place now',
};

/** Editors start ssh by themselves, long after bai has ended. */
async function sshConfigProblem({ sshConfig }: OpenTools): Promise<InstalledSshConfig | LocalSystemError> {
  const [installed, facts] = await Promise.all([installedSshConfig(sshConfig), sshConfig.facts()]);
  if (installed === undefined) {
    const message = `${sshConfig.userFile} does not include bai's hosts, which editors go by`;
    const hint = '`bai ssh-config install` adds one line to it';
    return new LocalSystemError(message, { code: 'ssh-config-missing', hint });
  }
  if (installed !== 'of-others' && choosesAlike(installed, facts)) return installed;
  const message = "bai's hosts in ssh's configuration are those of another profile or manager";
  const hint = 'run `bai ssh-config install` with the --profile, --endpoint or --env-file of this command';
  return new LocalSystemError(message, { code: 'ssh-config-other', hint });
}
