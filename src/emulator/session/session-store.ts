/** All sessions, dead ones included, and how references find them. */

import { isSessionId } from '../../providers/backend-ai/manager/states.ts';
import type { Account } from '../model/accounts.ts';
import { forbidden, noSuchSession, notFound, Problem } from '../model/problems.ts';
import { Session, type SessionDeps, type SessionSpec } from './session.ts';

interface LookUp {
  /** Names also find sessions that have ended. */
  readonly deadNames?: boolean;
  /** Ids also find sessions that have ended. */
  readonly deadIds?: boolean;
  /** Whatever the caller's role: only their owner gets into a session. */
  readonly ownOnly?: boolean;
}

export class SessionStore implements AsyncDisposable {
  readonly #sessions: Session[] = [];
  readonly #deps: SessionDeps;
  #held: string | undefined;

  constructor(deps: Omit<SessionDeps, 'heldState'>) {
    this.#deps = { ...deps, heldState: () => this.#held };
  }

  /** Newest first. */
  all(): readonly Session[] {
    return this.#sessions.toReversed();
  }

  create(spec: SessionSpec): Session {
    const session = new Session(spec, this.#deps);
    this.#sessions.push(session);
    session.start();
    return session;
  }

  /** Sessions stop in this state until it is changed; undefined lets them go on. */
  holdAt(status: string | undefined): void {
    this.#held = status;
    for (const session of this.#sessions) session.wake();
  }

  newestNamed(name: string, accessKey: string, options: { live: boolean }): Session | undefined {
    return this.all().find(
      (session) =>
        session.name === name &&
        session.spec.account.accessKey === accessKey &&
        (session.isLive || !options.live),
    );
  }

  /** Exact id or name, dead ones included, newest first, at most 10. */
  matching(reference: string, account: Account): readonly Session[] {
    return this.all()
      .filter((session) => owns(account, session) && (session.id === reference || session.name === reference))
      .slice(0, 10);
  }

  /** The one session a path of the API means; throws the manager's problem. */
  resolve(reference: string, account: Account, options: LookUp = {}): Session {
    if (isSessionId(reference)) return this.#byId(reference, account, options);
    const found = this.all().filter(
      (session) =>
        session.name === reference &&
        owns(account, session) &&
        (session.isLive || options.deadNames === true),
    );
    if (found.length > 1) throw tooMany(found);
    const session = found[0];
    if (session === undefined) throw noSuchSession(this.#deps.behaviour, reference);
    return session;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.holdAt(undefined);
    await Promise.all(
      this.#sessions.filter(({ isLive }) => isLive).map((s) => s.end('TERMINATED', 'shutdown')),
    );
  }

  #byId(id: string, account: Account, options: LookUp): Session {
    const { behaviour } = this.#deps;
    const session = this.#sessions.find((candidate) => candidate.id === id.toLowerCase());
    if (options.ownOnly === true && session !== undefined && !owns(account, session))
      throw noSuchSession(behaviour, id);
    const mayRead = session !== undefined && (owns(account, session) || account.role === 'admin');
    if (!mayRead && behaviour.entityErrors) {
      throw forbidden(
        `User ${account.userId} lacks permission <Permission.READ: 1> on session ${id}`,
        'permission_access_forbidden',
      );
    }
    if (mayRead && (session.isLive || options.deadIds === true)) return session;
    throw notFound('No such session.', `Session (id=${id}) does not exist.`, 'session_read_not-found');
  }
}

function owns(account: Account, session: Session): boolean {
  return session.spec.account.accessKey === account.accessKey;
}

function tooMany(found: readonly Session[]): Problem {
  const matches = found.map(({ id, name, status, createdAt }) => ({
    id,
    name,
    status,
    created_at: createdAt.toISOString(),
  }));
  return new Problem(404, {
    slug: 'too-many-sessions-matched',
    title: 'Too many sessions matched.',
    code: 'session_read_conflict',
    data: { matches },
  });
}
