/** Every path of UCloud that the emulator has, with who may call it. */

import type { IncomingMessage } from 'node:http';
import { type Answer, ok } from '../server/answer.ts';
import type { RoutePath } from '../server/routes.ts';
import type { Accounts, Actor } from './accounts.ts';
import type { Catalog } from './catalog.ts';
import type { Drives } from './drives.ts';
import { checkedSpec } from './job-create.ts';
import type { Jobs } from './jobs.ts';
import type { Keys } from './keys.ts';
import { badRequest } from './problem.ts';
import type { Provider } from './provider.ts';
import { itemsPerPage, pageById, pageByOffset, textOf } from './resource.ts';
import type { Tokens } from './tokens.ts';

/** What handlers know. */
export interface Core {
  readonly accounts: Accounts;
  readonly tokens: Tokens;
  readonly keys: Keys;
  readonly catalog: Catalog;
  readonly drives: Drives;
  readonly jobs: Jobs;
  readonly provider: Provider;
  /** `http://127.0.0.1:PORT` */
  readonly address: () => string;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly query: URLSearchParams;
  readonly body: Buffer;
}

export interface Route extends RoutePath {
  /** Nothing: anybody may call it. */
  readonly handle?: (exchange: Exchange, actor: Actor) => Answer;
  readonly open?: (exchange: Exchange) => Answer;
}

export function routesOf(core: Core): readonly Route[] {
  return [...accountRoutes(core), ...keyRoutes(core), ...catalogRoutes(core), ...jobRoutes(core)];
}

function accountRoutes({ accounts, tokens }: Core): readonly Route[] {
  return [
    {
      ...post('/auth/loginServer'),
      open: (exchange) => {
        const { username = '', password = '' } = bodyOf(exchange);
        return ok(accounts.signIn(textOf(username), textOf(password)));
      },
    },
    { ...post('/auth/refresh'), open: ({ request }) => ok(accounts.refresh(bearerIn(request))) },
    {
      ...get('/auth/users/userInfo'),
      handle: (_exchange, { user: { email, firstNames, lastName } }) =>
        ok({ email, firstNames, lastName, organization: null }),
    },
    {
      ...get('/api/projects/v2/browse'),
      handle: ({ query }, { user }) => {
        const own = accounts
          .projectsOf(user)
          .map((project) => showProject(project, project.members[user.username]));
        return ok(pageByOffset(own, itemsPerPage(query.get('itemsPerPage')), nextOf(query)));
      },
    },
    {
      ...get('/api/tokens/retrieveOptions'),
      handle: () => ok({ byProvider: { '': { availablePermissions: [] } } }),
    },
    { ...post('/api/tokens'), handle: (exchange, actor) => ok(tokens.create(actor, bodyOf(exchange))) },
    {
      ...get('/api/tokens/browse'),
      handle: ({ query }, actor) =>
        ok(pageByOffset(tokens.browse(actor), itemsPerPage(query.get('itemsPerPage')), nextOf(query))),
    },
    {
      ...post('/api/tokens/revoke'),
      handle: (exchange, actor) => {
        tokens.revoke(actor, textOf(bodyOf(exchange)['id']));
        return ok({});
      },
    },
  ];
}

function showProject(project: Accounts['projects'][number], myRole: string | undefined): unknown {
  const { id, title, canConsumeResources } = project;
  return {
    ...{ id, createdAt: projectsSince, modifiedAt: projectsSince },
    specification: { parent: null, title, canConsumeResources },
    status: {
      ...{ archived: false, isFavorite: false, isHidden: false, members: [], groups: [] },
      ...{ settings: { subProjects: { allowRenaming: false } }, myRole, path: '' },
      personalProviderProjectFor: null,
    },
  };
}

const projectsSince = Date.now();

function keyRoutes({ keys }: Core): readonly Route[] {
  return [
    { ...get('/api/ssh/browse'), handle: ({ query }, { user }) => ok(keys.browse(user, query)) },
    {
      ...get('/api/ssh/retrieve'),
      handle: ({ query }, { user }) => ok(keys.retrieve(user, query.get('id') ?? '')),
    },
    {
      ...post('/api/ssh'),
      handle: (exchange, { user }) => bulk(keys.add(user, itemsOf(exchange)).map((id) => ({ id }))),
    },
    {
      ...{ method: 'DELETE', path: '/api/ssh' },
      handle: (exchange, { user }) => {
        keys.remove(user, idsOf(exchange));
        return ok({});
      },
    },
  ];
}

function catalogRoutes({ catalog, drives }: Core): readonly Route[] {
  return [
    { ...get('/api/hpc/apps/byNameAndVersion'), handle: ({ query }) => ok(catalog.byNameAndVersion(query)) },
    {
      ...post('/api/hpc/apps/search'),
      handle: (exchange) => {
        const { query, itemsPerPage: size, next } = bodyOf(exchange);
        const found = catalog.search(textOf(query));
        return ok(pageByOffset(found, itemsPerPage(size), textOf(next) || undefined));
      },
    },
    { ...get('/api/jobs/retrieveProducts'), handle: () => ok(catalog.productsByProvider()) },
    { ...post('/api/jobs/requestDynamicParameters'), handle: () => ok({ parametersByProvider: {} }) },
    {
      ...get('/api/files/collections/browse'),
      handle: ({ query }, actor) => {
        const page = pageById(drives.browse(actor), itemsPerPage(query.get('itemsPerPage')), nextOf(query));
        return ok({ ...page, items: page.items.map(({ shown }) => shown) });
      },
    },
    {
      ...get('/api/files/retrieve'),
      handle: ({ query }, actor) => ok(drives.retrieve(actor, query.get('id') ?? '')),
    },
    {
      ...get('/api/files/browse'),
      handle: ({ query }, actor) => {
        const entries = drives.list(actor, query.get('path'));
        return ok(pageByOffset(entries, itemsPerPage(query.get('itemsPerPage')), nextOf(query)));
      },
    },
  ];
}

function jobRoutes(core: Core): readonly Route[] {
  const { jobs, provider } = core;
  const asked = (query: URLSearchParams) => (name: string) => query.get(name) ?? undefined;
  return [
    { ...get('/api/jobs/browse'), handle: ({ query }, actor) => ok(jobs.browse(actor, asked(query))) },
    {
      ...get('/api/jobs/retrieve'),
      handle: ({ query }, actor) => ok(jobs.retrieve(actor, query.get('id') ?? '', asked(query))),
    },
    {
      ...post('/api/jobs/search'),
      handle: (exchange, actor) => {
        const body = bodyOf(exchange);
        return ok(jobs.search(actor, (name) => body[name]));
      },
    },
    { ...post('/api/jobs'), handle: (exchange, actor) => createJobs(core, exchange, actor) },
    {
      ...post('/api/jobs/rename'),
      handle: (exchange, actor) => {
        for (const { id, newTitle } of itemsOf(exchange)) jobs.rename(actor, textOf(id), textOf(newTitle));
        return ok({});
      },
    },
    {
      ...post('/api/jobs/extend'),
      handle: (exchange, actor) => {
        const meant = itemsOf(exchange).map(({ jobId, requestedTime }) => ({
          job: jobs.forAction(actor, textOf(jobId)),
          time: typeof requestedTime === 'object' && requestedTime !== null ? requestedTime : {},
        }));
        for (const { job, time } of meant) provider.extend(job, time);
        return bulk(meant.map(() => ({})));
      },
    },
    ...(['terminate', 'suspend', 'unsuspend'] as const).map((name) => ({
      ...post(`/api/jobs/${name}`),
      handle: (exchange: Exchange, actor: Actor) => {
        const meant = idsOf(exchange).map((id) => jobs.forAction(actor, id));
        for (const job of meant) provider[name === 'unsuspend' ? 'resume' : name](job);
        return bulk(meant.map(() => ({})));
      },
    })),
    {
      ...post('/api/jobs/interactiveSession'),
      handle: (exchange, actor) => {
        const session = { type: '', jobId: '', rank: 0, domainOverride: '' };
        const sessions = idsOf(exchange).map((id) => {
          const { provider: providerId } = jobs.forAction(actor, id).spec.product;
          return { providerDomain: core.address(), providerId, session };
        });
        return bulk(sessions);
      },
    },
  ];
}

/** One after the other: those before one that is refused are made. */
function createJobs({ jobs, catalog, drives, provider }: Core, exchange: Exchange, actor: Actor): Answer {
  const made = itemsOf(exchange).map((item) => {
    const job = jobs.add(actor, checkedSpec(actor, item, { catalog, drives }));
    try {
      provider.create(job);
    } catch (error) {
      jobs.takeBack(job);
      throw error;
    }
    return { id: String(job.id) };
  });
  return bulk(made);
}

function get(path: string): RoutePath {
  return { method: 'GET', path };
}

function post(path: string): RoutePath {
  return { method: 'POST', path };
}

/** An empty list is left out. */
function bulk(responses: readonly unknown[]): Answer {
  return ok(responses.length === 0 ? {} : { responses });
}

function nextOf(query: URLSearchParams): string | undefined {
  return query.get('next') || undefined;
}

type Fields = Readonly<Record<string, unknown>>;

function bodyOf({ body }: Exchange): Fields {
  try {
    const read: unknown = JSON.parse(body.toString());
    if (isFields(read)) return read;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw badRequest('Invalid request supplied');
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function itemsOf(exchange: Exchange): readonly Fields[] {
  const { items } = bodyOf(exchange);
  return Array.isArray(items) ? items.filter(isFields) : [];
}

function idsOf(exchange: Exchange): string[] {
  return itemsOf(exchange).map(({ id }) => textOf(id));
}

/** Without the word in front; what has another one there is no credential, and is kept as it is. */
export function bearerIn({ headers }: IncomingMessage): string {
  return (headers.authorization ?? '').replace(/^Bearer /, '');
}
