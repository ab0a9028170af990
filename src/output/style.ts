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

/** The flag comes first, then NO_COLOR, FORCE_COLOR (`0` and `false` mean none) and TERM=dumb as their conventions say. */
export function wantsColor(
  stream: { readonly isTTY?: boolean },
  environment: Readonly<Record<string, string | undefined>>,
  flag: boolean | undefined,
): boolean {
  if (flag !== undefined) return flag;
  if (environment['NO_COLOR']) return false;
  const forced = environment['FORCE_COLOR'];
  if (forced) return !/^(0|false)$/i.test(forced);
  return stream.isTTY === true && environment['TERM'] !== 'dumb';
}
