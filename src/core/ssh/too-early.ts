/** Why something is done once more, each step in its turn. */

import { UnreachableError } from '../../errors.ts';

/** What went along with a login was not taken, and is known not to have been carried out. The connection is of no use any more. */
export class TooEarlyError extends UnreachableError {}
