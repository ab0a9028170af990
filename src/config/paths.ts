/** Where bai keeps its own files, and where the user's ssh folder is. */

import { isAbsolute, join } from 'node:path';
import envPaths from 'env-paths';
import { LocalSystemError } from '../errors.ts';
import { findHome, wholePath } from '../files/user-path.ts';

interface OwnPaths {
  /** Profiles: `config.json`, 0600. */
  readonly configFile: string;
  /** Host keys, what bai wrote into the ssh folder, the local manager's state. */
  readonly stateDir: string;
  readonly knownHosts: string;
  readonly keyLedger: string;
  /** Of Backend.AI's; of another platform see `localStatePath`. */
  readonly localManager: string;
  /** Which processes of bai keep a login at a web console in use. */
  readonly loginHolders: string;
  /** What `~/.ssh/config` includes. */
  readonly sshConfig: string;
  /** Of forwards that go on in the background, 0700. */
  readonly forwards: string;
  /** Two small files for each host name that plain ssh was asked for. */
  readonly sshHosts: string;
}

/** `BAI_HOME` puts everything into one folder; otherwise the platform's folders (XDG on Linux). */
export function findOwnPaths(environment: Readonly<Record<string, string | undefined>>): OwnPaths {
  const own = environment['BAI_HOME'];
  const paths = own ? { config: wholePath(own), data: wholePath(own) } : platformFolders();
  return {
    configFile: join(paths.config, 'config.json'),
    stateDir: paths.data,
    knownHosts: join(paths.data, 'known_hosts'),
    keyLedger: join(paths.data, 'keys.jsonl'),
    localManager: join(paths.data, 'local.json'),
    loginHolders: join(paths.data, 'logins'),
    sshConfig: join(paths.data, 'ssh_config'),
    forwards: join(paths.data, 'forwards'),
    sshHosts: join(paths.data, 'ssh-hosts'),
  };
}

/** The state of what `bai local up` started for a platform. */
export function localStatePath({ localManager, stateDir }: OwnPaths, provider: string): string {
  return provider === 'backend.ai' ? localManager : join(stateDir, `local-${provider}.json`);
}

/** Relative folders in XDG variables are to be ignored, says their specification; without a home there are no others. */
function platformFolders(): { readonly config: string; readonly data: string } {
  const { config, data } = envPaths('bai', { suffix: '' });
  return {
    config: isAbsolute(config) ? config : join(findHome(), '.config', 'bai'),
    data: isAbsolute(data) ? data : join(findHome(), '.local', 'share', 'bai'),
  };
}

/** Nothing where no home is known: settings can come from elsewhere. */
export function findOwnPathsIfAny(environment: Parameters<typeof findOwnPaths>[0]): OwnPaths | undefined {
  try {
    return findOwnPaths(environment);
  } catch (error) {
    if (error instanceof LocalSystemError && error.code === 'no-home') return undefined;
    throw error;
  }
}
