/** Users and projects of the emulator, and how they sign in in a browser: passwords, refresh tokens and JWTs of ten minutes. */

import { createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { parseJson } from '../../core/text/json.ts';
import { forbidden, Refusal } from './problem.ts';

export interface UcloudUser {
  readonly username: string;
  readonly password: string;
  readonly email: string;
  readonly firstNames: string;
  readonly lastName: string;
}

export interface UcloudProject {
  readonly id: string;
  readonly title: string;
  readonly members: Readonly<Record<string, 'PI' | 'ADMIN' | 'USER'>>;
  /** Categories of products that it may use. */
  readonly allocations: readonly string[];
  /** False: it is there to administer others. */
  canConsumeResources: boolean;
}

/** Who a request comes from, and for which workspace. */
export interface Actor {
  readonly user: UcloudUser;
  /** Nothing for the personal workspace. */
  readonly project: UcloudProject | undefined;
}

const minuteMs = 60_000;
const refreshMs = 14 * 24 * 60 * minuteMs;
const mostTries = 5;

export class Accounts {
  readonly users: readonly UcloudUser[];
  readonly projects: readonly UcloudProject[];
  readonly #secret = randomBytes(32);
  readonly #refreshTokens = new Map<string, UcloudUser>();
  readonly #tries = new Map<string, number[]>();

  constructor(users: readonly UcloudUser[], projects: readonly UcloudProject[]) {
    this.users = users;
    this.projects = projects;
  }

  /** Everybody who may change what the project has. */
  editorsOf(project: UcloudProject): readonly string[] {
    return Object.entries(project.members).flatMap(([username, role]) => (role === 'USER' ? [] : [username]));
  }

  projectsOf({ username }: UcloudUser): readonly UcloudProject[] {
    return this.projects.filter(({ members }) => Object.hasOwn(members, username));
  }

  signIn(username: string, password: string): Readonly<Record<string, unknown>> {
    const now = Date.now();
    const tries = (this.#tries.get(username) ?? []).filter((at) => now - at < 5 * minuteMs);
    if (tries.length >= mostTries) throw new Refusal(429, 'Please wait before trying again.');
    const user = this.users.find((each) => each.username === username && each.password === password);
    if (user === undefined) {
      this.#tries.set(username, [...tries, now]);
      throw new Refusal(401, 'Incorrect username or password.');
    }
    const refreshToken = randomUUID();
    this.#refreshTokens.set(refreshToken, user);
    return { username, refreshToken, ...this.#access(user), expiresAt: now + refreshMs };
  }

  refresh(refreshToken: string): Readonly<Record<string, string>> {
    if (refreshToken === '') throw forbidden();
    const user = this.#refreshTokens.get(refreshToken);
    if (user === undefined) throw new Refusal(401, 'unauthorized');
    return this.#access(user);
  }

  #access(user: UcloudUser): Readonly<Record<string, string>> {
    return { accessToken: this.jwtFor(user, 10 * minuteMs), csrfToken: randomUUID() };
  }

  /** Negative: it has expired. */
  jwtFor({ username }: UcloudUser, lifetimeMs: number): string {
    const seconds = Math.floor((Date.now() + lifetimeMs) / 1000);
    const parts = [
      { alg: 'HS256', typ: 'JWT' },
      { sub: username, exp: seconds },
    ];
    const content = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    return `${content}.${this.#sign(content)}`;
  }

  #sign(content: string): string {
    return createHmac('sha256', this.#secret).update(content).digest('base64url');
  }

  /** An unreadable or expired one makes its bearer a guest. The header only counts for somebody who is known. */
  actorOf(jwt: string, projectHeader: string | undefined): Actor | undefined {
    const user = this.#subjectOf(jwt);
    if (user === undefined) return undefined;
    if (projectHeader === undefined || projectHeader === '') return { user, project: undefined };
    const project = this.projectsOf(user).find(({ id }) => id === projectHeader);
    if (project === undefined) throw forbidden('bad token supplied');
    return { user, project };
  }

  #subjectOf(jwt: string): UcloudUser | undefined {
    const [, content, claims, signature] = /^([\w-]+\.([\w-]+))\.([\w-]+)$/.exec(jwt) ?? [];
    if (content === undefined || claims === undefined || signature === undefined) return undefined;
    const [wanted, given] = [this.#sign(content), signature].map((text) => Buffer.from(text));
    if (wanted === undefined || given === undefined) return undefined;
    if (wanted.length !== given.length || !timingSafeEqual(wanted, given)) return undefined;
    // The signature is this emulator's own, and so is the form.
    const { sub, exp } = parseJson(Buffer.from(claims, 'base64url').toString()) as {
      sub: string;
      exp: number;
    };
    return exp * 1000 > Date.now() ? this.users.find(({ username }) => username === sub) : undefined;
  }
}
