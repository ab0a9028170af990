/** Colours of the conversation on stderr, off where nobody sees them. */

import { Chalk, type ChalkInstance } from 'chalk';

export interface Style {
  readonly error: (text: string) => string;
  readonly warning: (text: string) => string;
  readonly hint: (text: string) => string;
  readonly good: (text: string) => string;
}

/** `enabled` is decided once by `wantsColor`, not by what chalk finds in the process. */
export function createStyle(enabled: boolean): Style {
  const chalk: ChalkInstance = new Chalk({ level: enabled ? 1 : 0 });
  return {
    error: (text) => chalk.red(text),
    warning: (text) => chalk.yellow(text),
    hint: (text) => chalk.dim(text),
    good: (text) => chalk.green(text),
  };
}

/** NO_COLOR, FORCE_COLOR and TERM=dumb as their conventions say; the flag comes first. */
export function wantsColor(
  stream: { readonly isTTY?: boolean },
  environment: Readonly<Record<string, string | undefined>>,
  flag: boolean | undefined,
): boolean {
  if (flag === false) return false;
  if (environment['NO_COLOR']) return false;
  if (environment['FORCE_COLOR'] && environment['FORCE_COLOR'] !== '0') return true;
  return stream.isTTY === true && environment['TERM'] !== 'dumb';
}
