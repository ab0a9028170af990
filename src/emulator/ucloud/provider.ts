/**
 * The provider behind UCloud, which runs the jobs: it takes its time, and tells of it in updates. The SSH line comes with the
 * port, before anything listens there.
 */

import { EventEmitter, once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { type Duration, durationMs, type Job, type ProviderUpdate } from './job.ts';
import { JobMachine, type JobMachineDeps } from './job-machine.ts';
import { Refusal } from './problem.ts';

interface ProviderDeps extends Omit<JobMachineDeps, 'keys'> {
  keysFor(job: Job): readonly string[];
  /** Between two states of a job. */
  readonly stepDelayMs: number;
  /** Between the state RUNNING and an SSH server that listens. */
  readonly sshDelayMs: number;
}

const longestTimerMs = 2 ** 31 - 1;

interface Tenant {
  readonly job: Job;
  readonly machine: JobMachine;
  /** Ends what is under way. */
  life: AbortController;
  work: Promise<void>;
}

export class Provider implements AsyncDisposable {
  readonly #deps: ProviderDeps;
  readonly #tenants = new Map<number, Tenant>();
  readonly #changes = new EventEmitter().setMaxListeners(0);
  #isAway = false;
  readonly #held = new Map<number | 'all', string | undefined>();

  constructor(deps: ProviderDeps) {
    this.#deps = deps;
  }

  setAway(isAway: boolean): void {
    this.#isAway = isAway;
  }

  /**
   * Jobs, or one of them, stay in this state until it is another one; undefined lets them go on. `created` is before the
   * provider says anything.
   */
  holdAt(state: string | undefined, job: number | 'all' = 'all'): void {
    this.#held.set(job, state);
    this.#changes.emit('released');
  }

  machine(job: Job): JobMachine {
    const tenant = this.#tenants.get(job.id);
    if (tenant === undefined) throw new Error(`the provider does not run job ${job.id}`);
    return tenant.machine;
  }

  /** Throws UCloud's 502 while it is away: with no word of why. */
  checkPresence(): void {
    if (this.#isAway) throw new Refusal(502, '');
  }

  create(job: Job): void {
    this.checkPresence();
    const { homesRoot, faults } = this.#deps;
    const machine = new JobMachine(job, { homesRoot, faults, keys: () => this.#deps.keysFor(job) });
    const tenant: Tenant = { job, machine, life: new AbortController(), work: Promise.resolve() };
    this.#tenants.set(job.id, tenant);
    this.#then(tenant, () => this.#start(tenant));
  }

  /** What was asked for on top of what it has; nothing for a job without a limit. */
  extend(job: Job, { hours = 0, minutes = 0, seconds = 0 }: Partial<Duration>): void {
    this.checkPresence();
    if (job.timeAllocation === undefined) return;
    const more = durationMs({ hours, minutes, seconds });
    this.#tell(job, [{ status: 'extended', newTimeAllocation: durationMs(job.timeAllocation) + more }]);
  }

  terminate(job: Job): void {
    this.checkPresence();
    if (job.hasEnded) return;
    const tenant = this.#interrupt(job);
    this.#then(tenant, async () => {
      await this.#pause(tenant, 'RUNNING');
      this.#tell(job, [{ state: 'SUCCESS', status: 'Job has been cancelled' }]);
      await tenant.machine[Symbol.asyncDispose]();
    });
  }

  /** At once, and its port is given up. */
  suspend(job: Job): void {
    this.checkPresence();
    if (job.hasEnded || job.state === 'SUSPENDED') return;
    const tenant = this.#interrupt(job);
    this.#tell(job, [{ state: 'SUSPENDED', status: 'The job has been suspended' }]);
    this.#then(tenant, () => tenant.machine.closeSshd());
  }

  resume(job: Job): void {
    this.checkPresence();
    if (job.state !== 'SUSPENDED') return;
    const tenant = this.#interrupt(job);
    this.#then(tenant, async () => {
      const line = await this.#sshLine(tenant);
      await tenant.machine.begin();
      this.#tell(job, [{ state: 'IN_QUEUE' }, ...line, { state: 'RUNNING' }]);
      await this.#listen(tenant);
    });
  }

  /** What a provider may say at any time. Ends of the job close what it has. */
  tell(job: Job, updates: readonly ProviderUpdate[]): void {
    this.#tell(job, updates);
    if (!job.hasEnded) return;
    const tenant = this.#interrupt(job);
    this.#then(tenant, () => tenant.machine[Symbol.asyncDispose]());
  }

  /** Resolves when an update of any job has come, or the jobs are let go on. */
  async changed(signal: AbortSignal): Promise<void> {
    await once(this.#changes, 'update', { signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const tenants = [...this.#tenants.values()];
    for (const { life } of tenants) life.abort();
    await Promise.all(tenants.map(({ work }) => work));
    await Promise.all(tenants.map(({ machine }) => machine[Symbol.asyncDispose]()));
  }

  async #start(tenant: Tenant): Promise<void> {
    const { job, machine } = tenant;
    await this.#pause(tenant, 'created');
    this.#tell(job, [{ status: 'Your job is now in the queue' }, ...(await this.#sshLine(tenant))]);
    await this.#pause(tenant, 'IN_QUEUE');
    await machine.begin();
    this.#tell(job, [{ state: 'RUNNING', status: 'The job is now running' }]);
    await this.#listen(tenant);
  }

  async #sshLine({ job, machine }: Tenant): Promise<ProviderUpdate[]> {
    if (!job.hasSsh) return [];
    const port = await machine.assignPort();
    return [{ status: `SSH: Connected! Available at: ssh ${machine.user}@127.0.0.1 -p ${port}` }];
  }

  async #listen({ job, machine, life: { signal } }: Tenant): Promise<void> {
    await wait(this.#deps.sshDelayMs, undefined, { signal });
    if (job.hasSsh) await machine.openSshd();
    this.#changes.emit('update');
    await this.#expire(job, signal);
    await machine[Symbol.asyncDispose]();
  }

  /** Resolves when the time of the job is over; it may get more of it meanwhile. */
  async #expire(job: Job, signal: AbortSignal): Promise<void> {
    for (let leftMs = 1; leftMs > 0; ) {
      await wait(Math.min(Math.max(leftMs, 0), longestTimerMs), undefined, { signal });
      leftMs = (job.expiresAt ?? Number.POSITIVE_INFINITY) - Date.now();
    }
    this.#tell(job, [{ state: 'EXPIRED', status: 'Your job has expired' }]);
  }

  async #pause({ job, life: { signal } }: Tenant, state: string): Promise<void> {
    await wait(this.#deps.stepDelayMs, undefined, { signal });
    while (this.#heldState(job) === state) await once(this.#changes, 'released', { signal });
  }

  #heldState({ id }: Job): string | undefined {
    return this.#held.get(this.#held.has(id) ? id : 'all');
  }

  #tell(job: Job, updates: readonly ProviderUpdate[]): void {
    job.add(updates);
    this.#changes.emit('update');
  }

  /** One thing after another; what was interrupted has ended by then. */
  #then(tenant: Tenant, next: () => Promise<void>): void {
    const { signal } = tenant.life;
    tenant.work = tenant.work.then(next).catch((error: unknown) => {
      if (signal.aborted) return;
      this.#tell(tenant.job, [{ state: 'FAILURE', status: `the emulator failed: ${String(error)}` }]);
    });
  }

  #interrupt(job: Job): Tenant {
    const tenant = this.#tenants.get(job.id);
    if (tenant === undefined) throw new Error(`the provider does not run job ${job.id}`);
    tenant.life.abort();
    tenant.life = new AbortController();
    return tenant;
  }
}
