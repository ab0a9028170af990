/** What the creation of a session asks for. */

import type { CreateTools } from '../../../core/session/provider.ts';
import type { SessionCalls } from '../session/compute-session.ts';

export interface CreateDeps extends CreateTools {
  readonly api: SessionCalls;
}
