/** Failures as the manager words them: `application/problem+json` bodies. */

import type { Account } from './accounts.ts';
import type { ReleaseBehaviour } from './release.ts';

interface ProblemFacts {
  readonly slug: string;
  readonly title: string;
  /** Shown from 25.8 on. */
  readonly code?: string;
  readonly msg?: string;
  readonly data?: unknown;
  /** Fields beside the usual ones, such as `agent-details`. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** Thrown by a handler; the router answers it. */
export class Problem extends Error {
  readonly status: number;
  readonly facts: ProblemFacts;

  constructor(status: number, facts: ProblemFacts) {
    super(facts.msg ?? facts.title);
    this.name = 'Problem';
    this.status = status;
    this.facts = facts;
  }

  body(behaviour: ReleaseBehaviour): Record<string, unknown> {
    const { slug, title, code, msg, data, extra } = this.facts;
    const body: Record<string, unknown> = { type: `https://api.backend.ai/probs/${slug}`, title };
    if (code !== undefined && behaviour.atLeast('25.8')) body['error_code'] = code;
    if (msg !== undefined) body['msg'] = msg;
    if (data !== undefined) body['data'] = data;
    return { ...body, ...extra };
  }
}

export function authFailed(msg: string): Problem {
  return new Problem(401, {
    slug: 'auth-failed',
    title: 'Credential/signature mismatch.',
    code: 'user_auth_unauthorized',
    msg,
  });
}

export function invalidAuth(msg: string): Problem {
  return new Problem(400, {
    slug: 'invalid-auth-params',
    title: 'Missing or invalid authorization parameters.',
    code: 'user_auth_invalid-parameters',
    msg,
  });
}

export function badRequest(msg?: string): Problem {
  return new Problem(400, {
    slug: 'generic-bad-request',
    title: 'Bad request.',
    code: 'backendai_generic_bad-request',
    ...(msg === undefined ? {} : { msg }),
  });
}

export function invalidParams(msg: string, data?: unknown): Problem {
  return new Problem(400, {
    slug: 'invalid-api-params',
    title: 'Missing or invalid API parameters.',
    code: 'api_generic_invalid-parameters',
    msg,
    ...(data === undefined ? {} : { data }),
  });
}

/** One field is missing or wrong, in the words of each generation. */
export function invalidField(behaviour: ReleaseBehaviour, field: string, reason: string): Problem {
  if (behaviour.generation !== 'C') return invalidParams('Input validation error', { [field]: reason });
  const text = reason === 'is required' ? 'Field required' : reason;
  const lines = [
    '<BackendAISchemaValidationFailed(400): Schema validation failed. (1 validation error for Request',
    field,
    `  ${text} [type=value_error, input_value='…', input_type=str]`,
    '    For further information visit https://errors.pydantic.dev/2.11/v/value_error)>',
    ` -> extra_data: {'errors': [{'type': 'value_error', 'loc': ('${field}',), 'msg': '${text}'}]}`,
  ];
  return new Problem(400, {
    slug: 'generic-bad-request',
    title: 'Invalid or Missing API Parameters.',
    code: 'api_parsing_invalid-parameters',
    msg: lines.join('\n'),
  });
}

export function malformedBody(behaviour: ReleaseBehaviour, method: string, url: string): Problem {
  if (behaviour.generation !== 'C') return invalidParams('Malformed body');
  return new Problem(400, {
    slug: 'generic-bad-request',
    title: 'Malformed request body.',
    code: 'api_parsing_bad-request',
    msg: `Malformed body - URL: ${url}, Method: ${method}`,
  });
}

export function internalError(msg?: string, code = 'backendai_generic_internal-error'): Problem {
  return new Problem(500, {
    slug: 'internal-server-error',
    title: 'Internal server error.',
    code,
    ...(msg === undefined ? {} : { msg }),
  });
}

export function forbidden(msg: string, code = 'backendai_generic_forbidden'): Problem {
  return new Problem(403, { slug: 'generic-forbidden', title: 'Forbidden operation.', code, msg });
}

/** In place of an answer to an account that was given no role, as 26.4.16 words it. */
export function checkRole(behaviour: ReleaseBehaviour, account: Account, what: string): void {
  if (!behaviour.needsRoles || account.hasNoRole !== true) return;
  throw new Problem(403, {
    slug: 'not-enough-permission',
    title: 'Insufficient permission to perform this operation.',
    code: 'role_create_forbidden',
    msg: `User ${account.userId} lacks permission ${what} at RBACElementRef(element_type=<RBACElementType.USER: 'user'>, element_id='${account.userId}')`,
  });
}

export function notFound(title: string, msg: string, code = 'backendai_read_not-found'): Problem {
  return new Problem(404, { slug: 'object-not-found', title, code, msg });
}

export function methodNotAllowed(): Problem {
  return new Problem(405, {
    slug: 'method-not-allowed',
    title: 'HTTP Method Not Allowed.',
    code: 'api_access_forbidden',
  });
}

/** A path this release of the manager does not have. */
export function urlNotFound(path: string): Problem {
  return new Problem(404, {
    slug: 'url-not-found',
    title: 'Unknown URL path.',
    code: 'api_read_not-found',
    data: path,
  });
}

/** The agent's failure: the reason is in `agent-details` only, and from 26.8 there is none at all. */
export function agentFailure(behaviour: ReleaseBehaviour, exception: string): Problem {
  if (behaviour.entityErrors) return internalError();
  return new Problem(500, {
    slug: 'kernel-execution-failed',
    title: 'Executing user code in the kernel has failed.',
    code: 'kernel_execute_internal-error',
    extra: {
      'agent-details': {
        type: 'https://api.backend.ai/probs/agent-failure',
        title: 'Agent-side exception occurred.',
        exception,
      },
    },
  });
}

export function noSuchSession(behaviour: ReleaseBehaviour, reference: string): Problem {
  if (!behaviour.entityErrors) {
    return notFound(
      'No such session.',
      `Session (id=${reference}) does not exist.`,
      'session_read_not-found',
    );
  }
  return new Problem(404, {
    slug: 'entity-not-found',
    title: 'Entity not found.',
    code: 'session_read_not-found',
    msg: 'No SessionRow matches the given key',
  });
}
