/** Requests over connections that were kept. */

import type { IncomingMessage } from 'node:http';

/**
 * A connection that was kept may be closed over there at the moment it is used again: that says nothing about the request,
 * which is signed and sent once more. What must not be carried out twice never goes over such a connection.
 */
export async function overLiveConnection(
  isRepeatable: boolean,
  attempt: (isAlone: boolean) => Promise<IncomingMessage>,
): Promise<IncomingMessage> {
  try {
    return await attempt(!isRepeatable);
  } catch (error) {
    const isStale = error instanceof Error && 'isStale' in error && error.isStale === true;
    if (!isRepeatable || !isStale) throw error;
    return await attempt(true);
  }
}
