/** All jobs: who sees which, in which order, and what is done to one. */

import type { Actor } from './accounts.ts';
import type { Catalog } from './catalog.ts';
import { Job, type JobFlags, type JobSpec, showJob } from './job.ts';
import { badRequest, forbidden, Refusal } from './problem.ts';
import { itemsPerPage, type Page, pageById, pageByOffset, type ResourceIds, textOf } from './resource.ts';

/** Flags and filters as they stand in a query or in the body of a search. */
type Asked = (name: string) => unknown;

export class Jobs {
  readonly #ids: ResourceIds;
  readonly #catalog: Catalog;
  readonly #stored: Job[] = [];

  constructor(ids: ResourceIds, catalog: Catalog) {
    this.#ids = ids;
    this.#catalog = catalog;
  }

  /** Newest first. */
  get all(): readonly Job[] {
    return this.#stored.toReversed();
  }

  add(actor: Actor, spec: JobSpec): Job {
    const job = new Job(this.#ids.next(), actor, spec);
    this.#stored.push(job);
    return job;
  }

  /** One whose provider did not take it. */
  takeBack(job: Job): void {
    this.#stored.splice(this.#stored.indexOf(job), 1);
  }

  browse(actor: Actor, asked: Asked): Page<unknown> {
    return this.#page(this.#seenBy(actor, asked), asked);
  }

  /** What has the text in the application's name, its own name or its number. */
  search(actor: Actor, asked: Asked): Page<unknown> {
    const query = textOf(asked('query')).toLowerCase();
    const found = this.#seenBy(actor, asked).filter(({ id, name, spec }) =>
      [spec.application.name, name, String(id)].some((text) => text.toLowerCase().includes(query)),
    );
    return this.#page(found, (name) => (name === 'sortBy' ? undefined : asked(name)));
  }

  retrieve(actor: Actor, id: string, asked: Asked): unknown {
    const job = this.#own(actor, id);
    if (job === undefined) throw forbidden('write permission is required');
    const product = isSet(asked('includeProduct')) || isSet(asked('includeSupport'));
    return showJob(job, this.#catalog, { updates: true, application: true, parameters: true, product });
  }

  /** For an action: here what is not there and what is somebody else's is not found. */
  forAction(actor: Actor, id: string): Job {
    const job = this.#own(actor, id);
    if (job === undefined) throw new Refusal(404, `permission denied or job not found (${id})`);
    return job;
  }

  /** Says nothing when it may not. */
  rename(actor: Actor, id: string, name: string): void {
    const job = this.#own(actor, id);
    if (job !== undefined) job.name = name;
  }

  #own(actor: Actor, id: string): Job | undefined {
    return this.#stored.find((job) => String(job.id) === id && isOf(job, actor));
  }

  #seenBy(actor: Actor, asked: Asked): readonly Job[] {
    const [state, application, provider] = ['filterState', 'filterApplication', 'filterProvider'].map(asked);
    return this.all.filter(
      (job) =>
        isOf(job, actor) &&
        (!isGiven(state) || job.state === state) &&
        (!isGiven(application) || job.spec.application.name === application) &&
        (!isGiven(provider) || job.spec.product.provider === provider),
    );
  }

  #page(newestFirst: readonly Job[], asked: Asked): Page<unknown> {
    const size = itemsPerPage(asked('itemsPerPage'));
    const next = isGiven(asked('next')) ? textOf(asked('next')) : undefined;
    const page = isGiven(asked('sortBy'))
      ? pageByOffset(sorted(newestFirst, asked), size, next)
      : pageById(newestFirst, size, next);
    const flags: JobFlags = {
      updates: isSet(asked('includeUpdates')),
      application: isSet(asked('includeApplication')),
      parameters: isSet(asked('includeParameters')),
      product: isSet(asked('includeProduct')) || isSet(asked('includeSupport')),
    };
    return { ...page, items: page.items.map((job) => showJob(job, this.#catalog, flags)) };
  }
}

function isOf(job: Job, { user, project }: Actor): boolean {
  return job.actor.project === project && (project !== undefined || job.actor.user === user);
}

function sorted(newestFirst: readonly Job[], asked: Asked): readonly Job[] {
  const oldestFirst = newestFirst.toReversed();
  return asked('sortDirection') === 'descending' ? newestFirst : oldestFirst;
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

/** A word that is no truth value is an error, as is a number that is none. */
function isSet(value: unknown): boolean {
  if (!isGiven(value)) return false;
  if (value === true || value === 'true' || value === '1') return true;
  if (value === false || value === 'false' || value === '0') return false;
  throw badRequest('Invalid request supplied');
}
