/** The manager. */

import type { CodeTable } from './code-table.ts';

export const managerCodes = {
  unreachable: {
    status: '5',
    meaning: 'no connection: refused, unknown host, no route, a time limit for connecting',
  },
  timeout: {
    status: '5',
    meaning:
      'the time is over: for an answer of the manager (`readTimeout`), or for a session to run (`--timeout`)',
  },
  'not-the-local-manager': {
    status: '5',
    meaning: 'another program listens where the local manager was; nothing was sent to it',
  },
  'jump-failed': {
    status: '5',
    meaning: 'no connection to the manager from the jump host (`-J`, `proxyJump`), or none to that host',
  },
  tls: { status: '5', meaning: 'its TLS certificate is not trusted' },
  redirected: {
    status: '5',
    meaning: 'it sends requests to another address, and signed requests follow no redirect',
  },
  unavailable: {
    status: '5',
    meaning:
      'status 502 to 504, another of 5xx that comes from a gateway, or 408: away, down or in maintenance; `retryAfterSeconds` when it said for how long',
  },
  'rate-limited': {
    status: '5',
    meaning: 'too many requests; `retryAfterSeconds` when it said for how long',
  },
  'proxy-unreachable': {
    status: '5',
    meaning:
      'no connection to the proxy of a variable such as `HTTPS_PROXY`, none through it in time, or it is no such proxy',
  },
  'proxy-refused': { status: '5', meaning: 'that proxy makes no connection to the manager' },
  'proxy-auth': { status: '3', meaning: 'a proxy requires a login, or refuses the one it was given' },
  'not-signed-in': {
    status: '3',
    meaning:
      'the access key, the secret key or both are not set, or those that are set are for another address',
  },
  'auth-failed': { status: '3', meaning: 'the access key or the signature is refused' },
  'login-over': {
    status: '3',
    meaning: 'the login at the web console has ended, and nobody could be asked for the password',
  },
  'code-needed': { status: '3', meaning: 'the account has a second factor, and no code was given' },
  'code-wrong': { status: '3', meaning: 'the code of the second factor is refused' },
  'password-expired': { status: '3', meaning: 'the password is right, and too old' },
  'email-unverified': { status: '3', meaning: "the account's e-mail address is not verified" },
  'login-blocked': {
    status: '3',
    meaning: 'too many wrong passwords: the e-mail is blocked for a while, with the right one too',
  },
  'too-many-logins': { status: '6', meaning: 'the account has as many logins as it may have at a time' },
  'clock-skew': { status: '3', meaning: "this machine's clock is too far from the manager's" },
  'payment-required': {
    status: '3',
    meaning: 'the account has no money, budget or allocation left for it (status 402)',
  },
  forbidden: { status: '3', meaning: 'signed in, but not allowed' },
  denied: { status: '3', meaning: 'refused otherwise, such as a file in the session without permission' },
  'not-found': {
    status: '4',
    meaning: 'the manager, or a path on this machine or in the session, has no such thing',
  },
  conflict: { status: '6', meaning: 'it conflicts with what is there' },
  'quota-exceeded': { status: '6', meaning: 'a limit of resources or sessions is reached' },
  refused: {
    status: '1',
    meaning: "refused for a reason that has no code; the message has the manager's words",
  },
  'query-refused': { status: '1', meaning: 'a GraphQL query failed' },
  'server-error': { status: '1', meaning: 'the manager failed inside' },
  'not-supported': { status: '1', meaning: 'this manager does not offer the call' },
  'not-a-manager': { status: '1', meaning: 'what answers is no Backend.AI manager, or no UCloud' },
  'too-old': { status: '1', meaning: 'a manager that speaks an API before v5' },
  protocol: { status: '1', meaning: 'an answer that its protocol does not allow' },
  'answer-cut': { status: '5', meaning: 'an answer broke off' },
  'answer-too-large': { status: '1', meaning: 'an answer, a list or an event is larger than bai takes' },
  'answer-not-readable': {
    status: '1',
    meaning: 'an answer is compressed in a way bai does not read, or damaged',
  },
} as const satisfies CodeTable;
