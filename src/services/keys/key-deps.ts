/** What the commands for keys of the user's own need, in one. */

import type { GenerateKeyDeps } from './generate-key.ts';
import type { ListKeysDeps } from './list-keys.ts';
import type { ShowKeyDeps } from './show-key.ts';

export interface KeyDeps extends GenerateKeyDeps, ShowKeyDeps, ListKeysDeps {}
