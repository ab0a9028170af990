/** The address of this machine, for a port that nobody else may use. */

import { Socket } from 'node:net';
import { readCidrRule } from '../../../core/cidr.ts';
import { BaiError } from '../../../errors.ts';
import { urlBelow } from '../../../net/answer.ts';
import { openAnswer, type ProxyExchange } from './exchange.ts';

const hint =
  'name the address that the app proxy sees you with: --allow-from ADDRESS, or a network; `everywhere` lets in everybody';

/**
 * The one that connections to the app proxy leave from. Where a router in between changes it, the worker sees another. Throws a
 * BaiError where something stands in between that is known to.
 */
export async function ownAddress(
  coordinator: URL,
  parts: ProxyExchange,
  signal: AbortSignal,
): Promise<string> {
  const { network } = parts;
  if (network.options.dial !== undefined || network.proxyTo(coordinator) !== undefined) {
    throw new BaiError(
      '--allow-from me: the way to the app proxy goes over another host, whose address counts',
      {
        code: 'own-address-unknown',
        hint,
      },
    );
  }
  const url = urlBelow(coordinator, 'status');
  // Any answer will do: what counts is the connection that it came over.
  const response = await openAnswer(parts, { what: 'tell its version', url, signal });
  const found = response.socket instanceof Socket ? response.socket.localAddress : undefined;
  response.destroy();
  const address = (found ?? '').replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*/, '');
  const rule = readCidrRule(address);
  if ('problem' in rule || rule.isEverything)
    throw new BaiError('--allow-from me: this machine does not tell which address it has', {
      code: 'own-address-unknown',
      hint,
    });
  return rule.text;
}
