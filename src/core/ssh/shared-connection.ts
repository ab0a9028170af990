/** What of ssh would go on without bai, or without this run of ssh: a connection that others share, a place in the background. */

import { UsageError } from '../../errors.ts';
import { typed } from '../text/typed.ts';
import { hostSuffixOf, usualProfile } from './config-sections.ts';
import { leadingOptions, optionsIn, settingOf } from './ssh-options.ts';

/** Values that switch it off. */
const off = /^(none|no|false)$/i;

const sharing: ReadonlySet<string> = new Set(['controlmaster', 'controlpath', 'controlpersist']);

/**
 * bai's way into a session ends with bai, and its port may lead to another session tomorrow: who finds a shared connection by it
 * could be anywhere. Throws a UsageError with the line that does it.
 */
/** `profile` is the one whose hosts plain ssh would go by. */
export function refuseSharing(session: string, words: readonly string[], profile = usualProfile): void {
  for (const { before, flag, value } of optionsIn(words)) {
    const setting = settingOf(flag === 'o' ? value : '');
    const isShared =
      before.includes('M') ||
      flag === 'O' ||
      (flag === 'S' && !off.test(value ?? '')) ||
      (sharing.has(setting.name) && !off.test(setting.value));
    if (isShared) throw cannotShare(`${session}${hostSuffixOf(profile)}`, words);
  }
}

function cannotShare(host: string, words: readonly string[]): UsageError {
  const options = leadingOptions(words);
  const line = typed(['ssh', ...options, host, ...words.slice(options.length)]);
  return new UsageError(
    'a connection that bai makes for one ssh cannot be shared with others (-M, -S, -O, Control…)',
    {
      code: 'not-shared',
      hint: `after \`bai ssh-config install\`, this shares one: ${line}`,
    },
  );
}

/** -f, or what ssh's configuration calls it. */
export function goesToBackground(words: readonly string[]): boolean {
  return optionsIn(words).some(({ before, flag, value }) => {
    if (before.includes('f')) return true;
    const setting = settingOf(flag === 'o' ? value : '');
    return setting.name === 'forkafterauthentication' && !off.test(setting.value);
  });
}
