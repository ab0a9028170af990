/** The name a file has until it is whole. */

import { hiddenName } from '../../files/hidden-name.ts';

/** `.NAME.bai-part`; a name too long for that is cut, and told apart from its like by a digest. */
export function partName(name: string): string {
  return hiddenName(name, '.bai-part');
}

/** `.NAME.bai-journal`, beside the part of a large file that is fetched. */
export function journalName(name: string): string {
  return hiddenName(name, '.bai-journal');
}
