/** A port on this machine to tell a program that does not choose one itself. */

import { randomInt } from 'node:crypto';
import getPort, { portNumbers } from 'get-port';

/**
 * Below the ports that systems hand out for outgoing connections, which may be taken again before they are used. Somebody
 * else may be faster all the same: whoever starts a server of its own tries another then.
 */
export function freePort(): Promise<number> {
  const first = randomInt(15_000, 31_000);
  return getPort({ host: '127.0.0.1', port: portNumbers(first, 32_000), reserve: true });
}
