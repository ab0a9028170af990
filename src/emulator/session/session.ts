/** One session of the emulator: its states, its home, its sshd. */

import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { holdsName } from '../../providers/backend-ai/manager/states.ts';
import { runBatch } from '../machine/batch.ts';
import { clientHome } from '../machine/home.ts';
import type { Reach } from '../machine/ssh-forwarding.ts';
import { makeTmuxFolder, removeTmuxFolder } from '../machine/tmux-folder.ts';
import type { Account } from '../model/accounts.ts';
import type { FaultBook } from '../model/faults.ts';
import type { Image } from '../model/images.ts';
import type { ReleaseBehaviour } from '../model/release.ts';
import type { EventHub } from './events.ts';
import { type IdleReports, idleReports } from './idle-checks.ts';
import { transitionEvents } from './session-events.ts';
import { SessionNode } from './session-node.ts';
import { type App, type Kernel, kernelsOf, standardApps } from './session-parts.ts';

export interface SessionSpec {
  readonly name: string;
  readonly account: Account;
  readonly image: Image;
  readonly type: string;
  readonly clusterSize: number;
  readonly clusterMode: string;
  readonly environ: Readonly<Record<string, string>>;
  readonly cpu: number;
  readonly memory: number;
  readonly resourceGroup: string;
  /** vfolder name → folder inside the home. */
  readonly mounts: Readonly<Record<string, string>>;
  readonly preopenPorts: readonly number[];
  readonly startupCommand: string | undefined;
  readonly tag: string | null;
  readonly priority: number;
}

export interface SessionDeps {
  readonly behaviour: ReleaseBehaviour;
  readonly hub: EventHub;
  readonly faults: FaultBook;
  readonly homesRoot: string;
  readonly stepDelayMs: number;
  readonly maxUnauthenticated: number;
  /** The `max_session_lifetime` of the account's resource policy; 0 is none. */
  readonly lifetimeSeconds: number;
  /** The time without a connection after which sessions count as idle; 0 is none. They are told so, and not ended. */
  readonly idleSeconds: number;
  /** The state in which sessions stop until it changes. */
  heldState(): string | undefined;
}

/** What the pretended cluster has; a larger request stays PENDING. */
const clusterCpu = 48;

const sshdPort = 2200;
const longestLog = 1024 * 1024;
const loopback = new Set(['127.0.0.1', 'localhost', '::1']);

export class Session {
  readonly id = randomUUID();
  readonly kernels: readonly Kernel[];
  readonly createdAt = new Date();
  readonly history: (readonly [status: string, at: Date])[] = [];
  name: string;
  status = 'PENDING';
  statusInfo: string | undefined;
  statusData: Record<string, unknown> | undefined;
  result = 'UNDEFINED';
  statusChangedAt = new Date();
  terminatedAt: Date | undefined;
  logs = '';
  /** What the checkers of idle sessions say of it. */
  otherChecks: IdleReports = {};
  apps: readonly App[];
  /** Tests make it older than it is. */
  usedAt: Date | undefined = this.createdAt;
  #connections = 0;
  readonly spec: SessionSpec;
  readonly #deps: SessionDeps;
  /** One for each kernel, main1 first. */
  readonly #nodes: readonly SessionNode[];
  readonly #main: SessionNode;
  readonly #changes = new EventEmitter().setMaxListeners(0);
  #life = new AbortController();
  #tmux: string | undefined;
  #work: Promise<void> | undefined;
  #ending: Promise<void> | undefined;

  constructor(spec: SessionSpec, deps: SessionDeps) {
    this.spec = spec;
    this.#deps = deps;
    this.name = spec.name;
    this.kernels = kernelsOf(spec.clusterSize);
    this.apps = standardApps(spec.preopenPorts);
    const [main, ...others] = this.kernels.map((kernel) => this.#nodeOf(kernel));
    if (main === undefined) throw new TypeError('a session has at least one container');
    this.#main = main;
    this.#nodes = [main, ...others];
  }

  #nodeOf(kernel: Kernel): SessionNode {
    const { behaviour, faults, homesRoot, maxUnauthenticated } = this.#deps;
    return new SessionNode({
      ...{ kernel, behaviour, faults, homesRoot, maxUnauthenticated },
      folder: kernel.hostname === 'main1' ? this.id : `${this.id}-${kernel.hostname}`,
      environment: () => this.environment(kernel),
      reach: this.#reachFrom(kernel.hostname),
    });
  }

  /** Each host has an sshd of its own on 2200; all other ports of all hosts are those of this machine. */
  #reachFrom(own: string): Reach {
    return (host, port) => {
      const hostname = loopback.has(host) ? own : host;
      const node = this.#nodes.find((each) => each.hostname === hostname);
      return port === sshdPort ? node?.sshPort : node && port;
    };
  }

  /** The container of this host name, such as `sub1`. */
  node(hostname: string): SessionNode {
    const found = this.#nodes.find((each) => each.hostname === hostname);
    if (found === undefined) throw new Error(`session ${this.name} has no node ${hostname}`);
    return found;
  }

  /** The real path of the home of main1, from the time it exists. */
  get home(): string | undefined {
    return this.#main.home;
  }

  get isLive(): boolean {
    return holdsName(this.status);
  }

  /** Port of main1's sshd on 127.0.0.1, while it runs. */
  get sshPort(): number | undefined {
    return this.#main.sshPort;
  }

  /** SSH connections to main1 that are open now, authenticated or not. */
  get sshConnections(): number {
    return this.#main.sshConnections;
  }

  get idleChecks(): IdleReports {
    return idleReports(this, this.#deps);
  }

  /** A tunnel is open until the function that it returns is called. */
  connected(): () => void {
    if (!this.#deps.behaviour.countsConnections) return () => {};
    this.#connections += 1;
    this.usedAt = undefined;
    return () => {
      this.#connections -= 1;
      if (this.#connections === 0) this.usedAt = new Date();
    };
  }

  /** Aborted when the session ends. */
  get signal(): AbortSignal {
    return this.#life.signal;
  }

  start(): void {
    this.#work = this.#start().catch((error: unknown) => {
      if (this.#life.signal.aborted) return;
      this.statusData = { error: { src: 'agent', name: 'Error', repr: String(error) } };
      this.#enter('ERROR', 'failed-to-start');
    });
  }

  /** Resolves when the session runs or has ended, with the status it then has. */
  async settled(signal: AbortSignal): Promise<string> {
    const settled = new Set(['RUNNING', 'ERROR', 'CANCELLED', 'TERMINATED']);
    while (!settled.has(this.status)) await once(this.#changes, 'status', { signal });
    return this.status;
  }

  /** Wakes a session that is held in a state, to check whether it still is. */
  wake(): void {
    this.#changes.emit('wake');
  }

  /** Puts the session into a state at once: an end is a real end, another word is only shown. */
  async force(status: string, info?: string): Promise<void> {
    if (status === 'TERMINATED' || status === 'CANCELLED') return this.end(status, info ?? 'forced');
    if (status === 'ERROR') this.#life.abort();
    this.#enter(status, info);
  }

  /** Ends the session: TERMINATING, everything it holds is closed, then TERMINATED or CANCELLED. */
  end(finalStatus: 'TERMINATED' | 'CANCELLED', info: string): Promise<void> {
    this.#ending ??= this.#end(finalStatus, info);
    return this.#ending;
  }

  async #end(finalStatus: 'TERMINATED' | 'CANCELLED', info: string): Promise<void> {
    if (finalStatus === 'TERMINATED') this.#enter('TERMINATING', info);
    this.#life.abort();
    while (this.status === 'TERMINATING' && this.#deps.heldState() === this.status)
      await once(this.#changes, 'wake');
    await this.#work;
    await Promise.all(this.#nodes.map((node) => node[Symbol.asyncDispose]()));
    if (this.#tmux !== undefined) await removeTmuxFolder(this.#tmux);
    this.#tmux = undefined;
    this.terminatedAt = new Date();
    this.#enter(finalStatus, info);
  }

  /** Nothing listens on the ssh port of main1 any more; tunnels into it are closed with 1013. */
  stopSshd(): Promise<void> {
    return this.#main.stopSshd();
  }

  /** Starts main1's sshd again, with a new host key. */
  restartSshd(): Promise<void> {
    return this.#main.restartSshd();
  }

  hideApp(name: string): void {
    this.apps = this.apps.filter((app) => app.name !== name);
  }

  addApp(app: App): void {
    this.apps = [...this.apps.filter(({ name }) => name !== app.name), app];
  }

  async #start(): Promise<void> {
    const states = this.#deps.behaviour.startStates;
    for (const state of states) {
      this.#enter(state);
      if (state === 'PENDING' && this.spec.cpu * this.spec.clusterSize > clusterCpu) {
        this.statusInfo = 'no-available-instances';
        await once(this.#life.signal, 'abort');
        return;
      }
      if (state === states.at(-1)) await this.#makeReady();
      await this.#pause();
      if (this.#life.signal.aborted) return;
    }
    this.#enter('RUNNING');
    this.#endAfterLifetime();
    if (this.spec.type === 'batch') await this.#runBatch();
  }

  #endAfterLifetime(): void {
    const ms = this.#deps.lifetimeSeconds * 1000;
    if (ms === 0) return;
    const end = () => void this.end('TERMINATED', 'idle-session-lifetime');
    const timer = setTimeout(end, Math.max(0, ms - (Date.now() - this.createdAt.getTime()))).unref();
    this.#life.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  }

  async #pause(): Promise<void> {
    const { signal } = this.#life;
    await wait(this.#deps.stepDelayMs, undefined, { signal });
    while (this.#deps.heldState() === this.status) await once(this.#changes, 'wake', { signal });
  }

  async #makeReady(): Promise<void> {
    const { account, mounts } = this.spec;
    await account.prepareKeypair();
    const home = { keypair: account.sshKeypair, mounts: Object.values(mounts) };
    this.#tmux = await makeTmuxFolder();
    await Promise.all(this.#nodes.map((node) => node.start(home)));
    this.logs += `Kernel started at: ${new Date().toISOString()}\r\npython-kernel: Service sshd has started (port: 2200)\r\n`;
  }

  /** What processes of a container find in their environment; those of main1 when none is named. */
  environment(kernel: Kernel | undefined = this.kernels[0]): Readonly<Record<string, string>> {
    return {
      BACKENDAI_SESSION_ID: this.id,
      BACKENDAI_SESSION_NAME: this.name,
      BACKENDAI_CLUSTER_SIZE: String(this.spec.clusterSize),
      BACKENDAI_CLUSTER_ROLE: kernel?.role ?? '',
      BACKENDAI_CLUSTER_IDX: String(kernel?.index ?? ''),
      BACKENDAI_CLUSTER_HOST: kernel?.hostname ?? '',
      BACKENDAI_CLUSTER_HOSTS: this.kernels.map((each) => each.hostname).join(','),
      BACKENDAI_ACCESS_KEY: this.spec.account.accessKey,
      ...(this.#tmux !== undefined && { TMUX_TMPDIR: this.#tmux }),
      ...this.spec.environ,
    };
  }

  async #runBatch(): Promise<void> {
    if (this.home === undefined) return;
    const command = this.spec.startupCommand ?? '';
    const outcome = await runBatch(command, {
      user: 'work',
      home: { folder: this.home, path: clientHome },
      environment: this.environment(),
      signal: this.#life.signal,
      print: (text) => {
        if (this.logs.length < longestLog) this.logs += text;
      },
    });
    if (this.#life.signal.aborted) return;
    this.result = outcome.exitCode === 0 ? 'SUCCESS' : 'FAILURE';
    const reason = outcome.exitCode === 0 ? 'task-done' : 'task-failed';
    this.#publish(`session_${this.result.toLowerCase()}`, reason, outcome.exitCode);
    // Not awaited: the end waits for this very work.
    void this.end('TERMINATED', reason);
  }

  #enter(status: string, info?: string): void {
    this.status = status;
    this.statusInfo = info;
    this.statusChangedAt = new Date();
    this.history.push([status, this.statusChangedAt]);
    for (const event of transitionEvents(status, this.#deps.behaviour)) this.#publish(event, info ?? '');
    this.#changes.emit('status', status);
  }

  #publish(event: string, reason: string, exitCode: number | null = null): void {
    const facts = {
      event,
      reason,
      sessionName: this.name,
      ownerAccessKey: this.spec.account.accessKey,
      sessionId: this.id,
      // From 25.13 the relay loses the exit code.
      exitCode: this.#deps.behaviour.newScheduler ? null : exitCode,
    };
    if (!event.startsWith('kernel_')) {
      this.#deps.hub.publish(facts);
      return;
    }
    for (const { id, role, index } of this.kernels) {
      this.#deps.hub.publish({ ...facts, kernel: { kernelId: id, clusterRole: role, clusterIdx: index } });
    }
  }
}
