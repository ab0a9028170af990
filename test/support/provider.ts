/** A provider that does what a test says, and has the words of Backend.AI. */

import type { Provider } from '../../src/core/session/provider.ts';
import { backendAi } from '../../src/providers/backend-ai/provider.ts';

/** What is left out is not asked for. */
export function providerWith(calls: Partial<Provider>): Provider {
  return { ...backendAi, ...calls } as Provider;
}
