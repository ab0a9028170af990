/** The settings that commands which log in need, with whole paths. */

import { devNull } from 'node:os';
import { join } from 'node:path';
import { agentIdentity, type Settings, settingValue } from '../core/settings/settings.ts';
import { findHome, wholePath } from '../files/user-path.ts';
import type { SshSettings } from '../services/ssh/ssh-tools.ts';

const issuedKey = 'id_container';

/** A file that is always empty, as ssh spells it. */
export const nullDevice = process.platform === 'win32' ? 'NUL' : devNull;

/** How long whatever is on the way into a session may take for an answer. */
export function answerLimit(settings: Settings): number {
  return settingValue(settings, 'answerTimeout');
}

export function sshSettings(settings: Settings): SshSettings {
  const { sshDir, identity, user } = settings;
  const usesAgent = identity.value === agentIdentity;
  const folder = sshDir.value === undefined ? join(findHome(), '.ssh') : wholePath(sshDir.value);
  return {
    user: user.origin === 'default' ? undefined : user.value,
    keyPath: join(folder, issuedKey),
    identity: identity.value === undefined || usesAgent ? undefined : wholePath(identity.value),
    usesAgent,
    keyStore: settingValue(settings, 'keyStore'),
    keyLifetime: settingValue(settings, 'keyLifetime'),
    hostKeyChecking: settingValue(settings, 'hostKeyChecking'),
    acceptedHostKey: settingValue(settings, 'acceptHostKey'),
    preferredPort: settingValue(settings, 'sshPort'),
  };
}
