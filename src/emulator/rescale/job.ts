/** One job of the emulated platform: its statuses, and the machines that run it. */

import { EventEmitter, once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import type { FaultBook } from '../model/faults.ts';
import type { RescaleAccount } from './accounts.ts';
import { admits } from './cidr-rule.ts';
import { ClusterNode } from './cluster-node.ts';

export interface JobSpec {
  readonly id: string;
  readonly name: string;
  readonly account: RescaleAccount;
  readonly analysis: { readonly code: string; readonly name: string; readonly version: string };
  readonly coreType: string;
  readonly cores: number;
  readonly command: string;
  /** Hours; nothing: until it is stopped. */
  readonly walltime: number | undefined;
  readonly isLowPriority: boolean;
  /** How many machines those cores are. */
  readonly nodes: number;
  readonly publicKey: string | undefined;
  readonly cidrRule: string | undefined;
  readonly sshPort: number | undefined;
}

export interface JobDeps {
  readonly homesRoot: string;
  readonly faults: FaultBook;
  readonly stepDelayMs: number;
  readonly sshDelayMs: number;
  readonly hasSftp: boolean;
  readonly hourMs: number;
  /** The status in which jobs stop until it changes. */
  heldStatus(): string | undefined;
}

export interface StatusEntry {
  readonly status: string;
  readonly at: Date;
  readonly reason: string | null;
}

/** In the order in which they were seen live, each with the cluster's own word. */
const statusesBefore = [
  ['Pending', 'Not Started'],
  ['Waiting for Queue', 'Pending'],
  ['Queued', 'Queued'],
  ['Started', 'Starting'],
  ['Validated', 'Starting'],
] as const;

export class Job {
  readonly spec: JobSpec;
  readonly createdAt = new Date();
  /** Oldest first. */
  readonly statuses: StatusEntry[] = [];
  readonly clusterStatuses: StatusEntry[] = [];
  readonly clusterId: string;
  /** Those that the list of instances shows; the head node is not the first. */
  nodes: readonly ClusterNode[] = [];
  readonly #deps: JobDeps;
  readonly #all = new Set<ClusterNode>();
  readonly #changes = new EventEmitter().setMaxListeners(0);
  readonly #life = new AbortController();
  #isSubmitted = false;
  #work: Promise<void> | undefined;
  #ending: Promise<void> | undefined;

  constructor(spec: JobSpec, clusterId: string, deps: JobDeps) {
    this.spec = spec;
    this.clusterId = clusterId;
    this.#deps = deps;
  }

  get id(): string {
    return this.spec.id;
  }

  get name(): string {
    return this.spec.name;
  }

  /** Empty before it is submitted. */
  get status(): string {
    return this.statuses.at(-1)?.status ?? '';
  }

  get clusterStatus(): string {
    return this.clusterStatuses.at(-1)?.status ?? '';
  }

  get hasEnded(): boolean {
    return ['Completed', 'Failed'].includes(this.status);
  }

  /** The one with the role MPI_MASTER, or the only one. Throws an Error while there is none. */
  get head(): ClusterNode {
    const head = this.nodes.at(-1);
    if (head === undefined) throw new Error(`job ${this.id} has no machine`);
    return head;
  }

  /** A second time it does nothing, as the platform has it. */
  submit(): void {
    if (this.#isSubmitted) return;
    this.#isSubmitted = true;
    this.#work = this.#run().catch((error: unknown) => {
      if (!this.#life.signal.aborted) throw error;
    });
  }

  /** Resolves when it has ended. */
  stop(): Promise<void> {
    if (!this.#isSubmitted) return Promise.resolve();
    this.#ending ??= this.#end('Completed', null);
    return this.#ending;
  }

  /** Held statuses are looked at again. */
  wake(): void {
    this.#changes.emit('wake');
  }

  /** Resolves once it is there; rejects when the signal comes first. */
  async reached(status: string, signal: AbortSignal): Promise<void> {
    while (!this.statuses.some((entry) => entry.status === status))
      await once(this.#changes, 'status', { signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#life.abort();
    this.#changes.emit('wake');
    await this.#work;
    // One that has begun takes the machines away itself.
    await this.#ending;
    await this.#removeNodes();
  }

  async #run(): Promise<void> {
    for (const [status, cluster] of statusesBefore) {
      this.#enter(status, cluster);
      await this.#step();
    }
    const nodes = await this.#startNodes();
    this.#enter('Executing', 'Started');
    await this.#step();
    this.nodes = nodes;
    this.#changes.emit('status');
    const signal = this.#life.signal;
    const head = this.head;
    const limit = this.#endAfterWalltime();
    // Not awaited: it ends the job, which waits for this very work.
    void head.run(this.spec.command).then((end) => {
      clearTimeout(limit);
      if (end === undefined || signal.aborted || this.#ending !== undefined) return;
      const isFine = end.kind === 'exit' && end.code === 0;
      this.#ending = this.#end('Completed', isFine ? null : 'the command failed');
    });
    await wait(this.#deps.sshDelayMs, undefined, { signal });
    const isOpen = this.#isOpen();
    for (const node of nodes) await (isOpen ? node.listen() : node.listenInSilence());
    this.#changes.emit('status');
  }

  async #startNodes(): Promise<readonly ClusterNode[]> {
    const { homesRoot, faults, hasSftp } = this.#deps;
    const { id, account, publicKey, nodes } = this.spec;
    const request = { homesRoot, faults, hasSftp, jobId: id, publicKey: publicKey ?? account.publicKey };
    const started = await Promise.all(Array.from({ length: nodes }, () => ClusterNode.start(request)));
    for (const node of started) this.#all.add(node);
    this.#life.signal.throwIfAborted();
    return started;
  }

  #endAfterWalltime(): NodeJS.Timeout | undefined {
    const { walltime } = this.spec;
    if (walltime === undefined) return undefined;
    return setTimeout(() => {
      this.#ending ??= this.#end('Completed', 'the walltime is over');
    }, walltime * this.#deps.hourMs).unref();
  }

  /** Whether the rule lets in who comes from this machine. */
  #isOpen(): boolean {
    return admits(this.spec.cidrRule ?? this.spec.account.cidrRule, '127.0.0.1');
  }

  async #end(status: string, reason: string | null): Promise<void> {
    this.#enter('Stopping', 'Stopping');
    this.#life.abort();
    this.#changes.emit('wake');
    await this.#work;
    await wait(this.#deps.stepDelayMs);
    this.nodes = [];
    await this.#removeNodes();
    this.#enter(status, 'Stopped', reason);
  }

  async #removeNodes(): Promise<void> {
    await Promise.all([...this.#all].map((node) => node[Symbol.asyncDispose]()));
    this.#all.clear();
  }

  async #step(): Promise<void> {
    const { signal } = this.#life;
    await wait(this.#deps.stepDelayMs, undefined, { signal });
    while (this.#deps.heldStatus() === this.status) await once(this.#changes, 'wake', { signal });
  }

  #enter(status: string, cluster: string, reason: string | null = null): void {
    const at = new Date();
    this.statuses.push({ status, at, reason });
    if (this.clusterStatus !== cluster) this.clusterStatuses.push({ status: cluster, at, reason: null });
    this.#changes.emit('status');
  }
}
