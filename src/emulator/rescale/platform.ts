/** The jobs of the emulated platform. */

import type { RescaleAccount } from './accounts.ts';
import { letters } from './cluster-node.ts';
import { Job, type JobDeps, type JobSpec } from './job.ts';

interface PlatformOptions extends Omit<JobDeps, 'heldStatus'> {
  /** Of the next job; random letters when left out. */
  readonly makeId?: (() => string) | undefined;
}

export class Platform implements AsyncDisposable {
  readonly #deps: JobDeps;
  readonly #makeId: () => string;
  readonly #jobs = new Map<string, Job>();
  #held: string | undefined;

  constructor({ makeId, ...options }: PlatformOptions) {
    this.#makeId = makeId ?? (() => letters(5));
    this.#deps = { ...options, heldStatus: () => this.#held };
  }

  create(spec: Omit<JobSpec, 'id'>): Job {
    let id = this.#makeId();
    while (this.#jobs.has(id)) id = letters(5);
    const job = new Job({ ...spec, id }, letters(6), this.#deps);
    this.#jobs.set(id, job);
    return job;
  }

  /** Newest first. */
  all(): readonly Job[] {
    return [...this.#jobs.values()].reverse();
  }

  /** Those that the account sees. */
  of({ email }: RescaleAccount): readonly Job[] {
    return this.all().filter(({ spec }) => spec.account.email === email);
  }

  find(id: string, { email }: RescaleAccount): Job | undefined {
    const job = this.#jobs.get(id);
    return job?.spec.account.email === email ? job : undefined;
  }

  async remove(job: Job): Promise<void> {
    this.#jobs.delete(job.id);
    await job[Symbol.asyncDispose]();
  }

  holdAt(status: string | undefined): void {
    this.#held = status;
    for (const job of this.#jobs.values()) job.wake();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#jobs.values()].map((job) => job[Symbol.asyncDispose]()));
  }
}
