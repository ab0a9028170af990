/** What the coordinator is asked for. */

import type { Answer } from '../server/answer.ts';
import { isNetwork } from './circuit.ts';
import { invalidField, proxyProblem } from './problems.ts';

interface CircuitWish {
  readonly allowed: string;
  readonly isPublic: boolean;
  /** Another one also when there is one of the same kind. */
  readonly isNew: boolean;
  readonly port: number | undefined;
}

export interface AuthRequest extends CircuitWish {
  readonly token: string;
  readonly sessionId: string;
}

const protocols = ['http', 'grpc', 'h2', 'tcp', 'preopen', 'vnc', 'rdp'];

/** Or the answer that refuses it. */
export function readParameters(query: URLSearchParams): CircuitWish | Answer {
  for (const field of ['app', 'protocol'])
    if (!query.has(field)) return invalidField(field, 'missing', 'Field required');
  if (!protocols.includes(query.get('protocol') ?? ''))
    return invalidField(
      'protocol',
      'enum',
      "Input should be 'http', 'grpc', 'h2', 'tcp', 'preopen', 'vnc' or 'rdp'",
    );
  const allowed = query.get('allowed_client_ips') ?? '';
  const wrong = allowed === '' ? undefined : allowed.split(',').find((each) => !isNetwork(each));
  if (wrong !== undefined) {
    const text = `Value error, '${wrong.trim()}' does not appear to be an IPv4 or IPv6 network`;
    return invalidField('allowed_client_ips', 'value_error', text);
  }
  const port = query.get('port');
  return {
    allowed,
    isPublic: query.get('open_to_public') === 'true',
    isNew: query.get('no_reuse') === 'true',
    port: port === null ? undefined : Number(port),
  };
}

export function readAuthRequest(query: URLSearchParams): AuthRequest | Answer {
  const wish = readParameters(query);
  if ('status' in wish) return wish;
  const [token, sessionId] = [query.get('token'), query.get('session_id')];
  if (token === null) return invalidField('token', 'missing', 'Field required');
  if (sessionId === null) return invalidField('session_id', 'missing', 'Field required');
  if (!/^[0-9a-f]{8}-[0-9a-f-]{27}$/i.test(token))
    return proxyProblem(500, 'internal-server-error', 'Internal server error.', {
      error_code: 'agent_generic_internal-error',
    });
  return { ...wish, token, sessionId };
}
