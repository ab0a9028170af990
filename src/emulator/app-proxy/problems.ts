/** Refusals in the words of the coordinator. */

import type { Answer } from '../server/answer.ts';

export function proxyProblem(
  status: number,
  slug: string,
  title: string,
  more: Readonly<Record<string, unknown>> = {},
): Answer {
  return { status, json: { type: `https://api.backend.ai/probs/${slug}`, title, ...more } };
}

/** One field that is missing or wrong, as pydantic says it. */
export function invalidField(field: string, type: string, msg: string): Answer {
  return proxyProblem(400, 'invalid-api-params', 'Missing or invalid API parameters.', {
    error_code: 'agent_request_invalid-parameters',
    msg: 'Input validation error',
    data: { errors: [{ type, loc: [field], msg }] },
  });
}

export function noSuchToken(): Answer {
  return proxyProblem(404, 'object-not-found', 'E00002: No such token.', {
    error_code: 'agent_read_not-found',
  });
}

export function sessionMismatch(): Answer {
  return proxyProblem(401, 'invalid-credentials', 'Authentication credentials not valid.', {
    error_code: 'agent_auth_unauthorized',
    msg: 'E20007: Session ID mismatch',
  });
}

export function portNotAvailable(): Answer {
  return proxyProblem(409, 'appproxy/port-not-available', 'Designated port already occupied.', {
    error_code: 'agent_setup_already-exists',
  });
}

export function unknown(path: string): Answer {
  return proxyProblem(404, 'url-not-found', 'Unknown URL path.', { data: path });
}
