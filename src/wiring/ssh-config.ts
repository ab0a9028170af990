/** Joins `bai ssh-config` to the files of ssh and to the settings that ssh will start bai with. */

import { readFile } from 'node:fs/promises';
import { homedir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { findOwnPaths } from '../config/paths.ts';
import type { Context, Environment, GlobalFlags } from '../context.ts';
import { isAccountSetting } from '../core/settings/setting-places.ts';
import { type Settings, settingNames } from '../core/settings/settings.ts';
import { startCommand } from '../core/ssh/proxy-command.ts';
import { includeSpellings } from '../core/ssh/ssh-include.ts';
import { noneIfMissing } from '../core/undefined-if-missing.ts';
import { findHome, wholePath } from '../files/user-path.ts';
import { checkForSsh } from '../keys/private-key.ts';
import type { SshConfigTools } from '../services/ssh/ssh-config.ts';
import { aloneWithConfig, changeConfigFile, readConfigFile } from '../ssh/files/config-file.ts';
import { openHostFiles } from '../ssh/files/host-files.ts';
import { askSsh } from '../ssh/openssh/ssh-settings.ts';
import { nullDevice, sshSettings } from './app-settings.ts';
import { lockWait } from './lock-wait.ts';
import { ownProgram } from './process/own-program.ts';
import type { UserSsh } from './user-ssh.ts';

/** Whose hosts they are, and what has chosen that. */
interface ChosenHosts {
  readonly profile: string;
  readonly flags: GlobalFlags;
}

export function sshConfigTools(context: Context, chosen: ChosenHosts, userSsh: UserSsh): SshConfigTools {
  const { profile } = chosen;
  const { platform } = process;
  const { environment, reporter, signal } = context;
  const { sshConfig, knownHosts, sshHosts } = findOwnPaths(environment);
  const sshFolder = join(findHome(), '.ssh');
  const wait = lockWait(context);
  return {
    profile,
    reporter,
    signal,
    userFile: join(sshFolder, 'config'),
    ownFile: sshConfig,
    spellings: includeSpellings({ file: sshConfig, sshFolder, home: passwordHome(), platform }),
    platform,
    files: {
      read: readConfigFile,
      change: (path, edit, advice) => changeConfigFile(path, edit, { advice, wait }),
      alone: (work, advice) =>
        aloneWithConfig(join(dirname(sshConfig), 'ssh-config'), work, { advice, wait }),
    },
    provider: () => context.provider(),
    async facts() {
      const settings = await context.settings();
      const { account, issuedKey } = await context.provider();
      const { user, identity, keyPath, usesAgent, keyStore } = sshSettings(settings);
      const isInAgent = identity === undefined && keyStore === 'agent' && issuedKey !== undefined;
      const answer = await userSsh.settings();
      if (identity !== undefined) await checkIdentity(identity);
      return {
        usesDropbear: issuedKey !== undefined,
        ...{ profile, user: user ?? account, isUserChosen: user !== undefined, knownHosts },
        identityFile: identity ?? (issuedKey && keyPath),
        hasOwnKey: identity !== undefined,
        ofAllHosts: answer !== undefined && 'settings' in answer ? answer.settings : undefined,
        agentKeys: usesAgent ? 'own' : isInAgent ? 'issued' : undefined,
        hostsFolder: sshHosts,
        nullDevice,
        platform,
        bai: baiCommand(chosen, environment),
      };
    },
    borrowedVariables: async () => variablesIn(await context.settings()),
    askSsh: (words) => askSsh(words, { environment, signal }),
    forgetHosts: () => openHostFiles(sshHosts).remove(),
  };
}

/** ssh will read it by itself. One that is not there yet is no mistake. */
async function checkIdentity(path: string): Promise<void> {
  const bytes = await readFile(path).catch(noneIfMissing);
  if (bytes !== undefined) checkForSsh(bytes, path);
}

/** ssh takes the home folder from the password file, whatever HOME says. */
function passwordHome(): string | undefined {
  try {
    return userInfo().homedir;
  } catch {
    // An account that the password file does not know.
    return homedir() || undefined;
  }
}

/**
 * What chose the manager now must choose it when ssh starts bai: names of files and profiles, and no secret. A profile that was not
 * typed goes into the variable, since a typed one counts before the environment's own account.
 */
function baiCommand({ profile, flags }: ChosenHosts, environment: Environment): string[] {
  const { BAI_HOME: home } = environment;
  const { endpoint } = flags.settings;
  const file = flags.environmentFile;
  const isTyped = flags.profile !== undefined;
  return startCommand({
    platform: process.platform,
    program: ownProgram(),
    variables: { ...(home && { BAI_HOME: wholePath(home) }), ...(!isTyped && { BAI_PROFILE: profile }) },
    options: [
      ...(isTyped ? ['--profile', profile] : []),
      ...(endpoint === undefined ? [] : ['--endpoint', endpoint]),
      ...(file === undefined ? [] : ['--env-file', wholePath(file)]),
    ],
  });
}

function variablesIn(settings: Settings): string[] {
  return settingNames
    .filter(isAccountSetting)
    .map((name) => settings[name].origin)
    .filter((origin) => /^[A-Z_]+$/.test(origin));
}
