/** What `env` is for on other systems: variables that ssh's configuration starts bai with on Windows. */

import { takeVariables } from '../../core/ssh/proxy-command.ts';

/** The words behind them; the environment has them then, and so have programs that bai starts. */
export function takeGivenVariables(
  argv: readonly string[],
  environment: Record<string, string | undefined>,
): readonly string[] {
  const { words, variables } = takeVariables(argv);
  Object.assign(environment, variables);
  return words;
}
