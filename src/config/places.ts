/** Where bai keeps its own files, and where the user's ssh folder is. */

import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import envPaths from 'env-paths';
import { LocalSystemError } from '../errors.ts';

export interface Places {
  /** Profiles: `config.json`, 0600. */
  readonly configFile: string;
  /** Host keys, what bai wrote into the ssh folder, the local manager's state. */
  readonly stateDir: string;
  readonly knownHosts: string;
  readonly keyLedger: string;
  readonly localManager: string;
  /** What `~/.ssh/config` includes. */
  readonly sshConfig: string;
  /** Two small files for each host name that plain ssh was asked for. */
  readonly sshHosts: string;
}

/** `BAI_HOME` puts everything into one folder; otherwise the platform's folders (XDG on Linux). */
export function findPlaces(environment: Readonly<Record<string, string | undefined>>): Places {
  const own = environment['BAI_HOME'];
  const paths = own ? { config: resolve(own), data: resolve(own) } : envPaths('bai', { suffix: '' });
  // Without a home they would lead into whatever folder bai was started in.
  if (![paths.config, paths.data].every(isAbsolute)) throw homeNotKnown();
  return {
    configFile: join(paths.config, 'config.json'),
    stateDir: paths.data,
    knownHosts: join(paths.data, 'known_hosts'),
    keyLedger: join(paths.data, 'keys.jsonl'),
    localManager: join(paths.data, 'local.json'),
    sshConfig: join(paths.data, 'ssh_config'),
    sshHosts: join(paths.data, 'ssh-hosts'),
  };
}

/** The user's home folder; ssh keys must not land in whatever folder a missing HOME points to. */
export function findHome(): string {
  const home = homedir();
  if (!isAbsolute(home)) throw homeNotKnown();
  return home;
}

function homeNotKnown(): LocalSystemError {
  return new LocalSystemError('the home folder is not known (HOME is not set, or is no whole path)', {
    code: 'no-home',
    hint: "set HOME; or BAI_HOME for bai's own files and BAI_SSH_DIR for keys",
  });
}

/** Replaces a leading `~` as a shell does; environment files and profiles are not read by a shell. */
export function expandHome(path: string): string {
  if (path === '~') return findHome();
  const isBelow = path.startsWith('~/') || (process.platform === 'win32' && path.startsWith('~\\'));
  return isBelow ? join(findHome(), path.slice(2)) : path;
}

/** Nothing where no home is known: settings can come from elsewhere. */
export function findPlacesIfAny(environment: Parameters<typeof findPlaces>[0]): Places | undefined {
  try {
    return findPlaces(environment);
  } catch (error) {
    if (error instanceof LocalSystemError && error.code === 'no-home') return undefined;
    throw error;
  }
}
