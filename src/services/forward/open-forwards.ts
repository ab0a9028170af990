/** Opens the ports that were asked for, and keeps them open whatever becomes of the line, the manager and the login. */

import { watchClock } from '../../core/clock-jump.ts';
import { type ForwardListener, type ForwardStatus, shortListener } from '../../core/forward/status.ts';
import { type RemoteWish, sessionHost, wishText } from '../../core/forward/wishes.ts';
import { requireFeature } from '../../core/session/features.ts';
import type { Tunnel } from '../../core/session/provider.ts';
import type { ServicePort, SessionRef } from '../../core/session/session.ts';
import { type Forwarder, forwardPlace, sshApp } from '../../core/ssh/forwarder.ts';
import { readyCommands } from '../../core/ssh/ssh-command.ts';
import { BaiError, ConflictError, RetoldError } from '../../errors.ts';
import type { ForwarderOptions } from '../../proxy/forwarder.ts';
import { watchForEnd } from '../session/session-end.ts';
import { loginKeyFor } from '../ssh/open-access.ts';
import { prepareSsh, sshTarget } from '../ssh/prepare-ssh.ts';
import { homeOf } from '../ssh/session-home.ts';
import type { ForwardTools, ForwardVoice } from './forward-tools.ts';
import { KeptLogin } from './kept-login.ts';
import { type ForwardPlan, needsLine, type PlannedForward, speaksHttp } from './plan-forwards.ts';
import { RemoteLine, SessionLine } from './session-line.ts';

interface OpenForwardsRequest {
  readonly session: SessionRef;
  readonly plan: ForwardPlan;
  /** It ends by itself after so long without a connection. */
  readonly idleMs: number | undefined;
  readonly voice: ForwardVoice;
}

export interface OpenForwards extends AsyncDisposable {
  readonly listeners: readonly ForwardListener[];
  status(): ForwardStatus;
  /** Resolves with the reason when nobody has used it for long; rejects with a SessionEndedError, or for a listener that broke. */
  readonly over: Promise<string>;
}

const loopback = '127.0.0.1';
const tickMs = 1_000;
/** A machine that is only busy is not that late. */
const jumpMs = 8_000;

/** All of them, or none: rejects with what kept the first of them from being opened. */
export async function openForwards(request: OpenForwardsRequest, tools: ForwardTools): Promise<OpenForwards> {
  const open = new OpenedForwards(request, tools);
  try {
    await open.start();
    return open;
  } catch (error) {
    await open[Symbol.asyncDispose]();
    throw error;
  }
}

class OpenedForwards implements OpenForwards {
  readonly listeners: ForwardListener[] = [];
  readonly over: Promise<string>;
  readonly #request: OpenForwardsRequest;
  readonly #login: KeptLogin;
  readonly #forwarders: Forwarder[] = [];
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #clock: Disposable;
  #line: SessionLine | undefined;
  #remotes: RemoteLine | undefined;
  #end: (reason: string) => void = () => {};
  #fail: (error: unknown) => void = () => {};
  #watch: ReturnType<typeof watchForEnd> | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #total = 0;

  constructor(request: OpenForwardsRequest, tools: ForwardTools) {
    this.#request = request;
    this.#signal = AbortSignal.any([tools.signal, this.#stop.signal]);
    this.#login = new KeptLogin(tools, request.voice);
    this.over = new Promise((resolve, reject) => {
      this.#end = resolve;
      this.#fail = reject;
    });
    this.over.catch(() => {});
    this.#clock = watchClock({ everyMs: tickMs, jumpMs, onJump: (ms) => this.#awoke(ms) });
  }

  async start(): Promise<void> {
    const { session, plan } = this.#request;
    await this.#openLines(plan);
    for (const forward of plan.forwards) this.listeners.push(await this.#open(forward));
    const { tools } = this.#login;
    tools.holdLogin?.(`forward of ${session.name}: ${this.listeners.map(shortListener).join(', ')}`);
    const provider = this.#login.provider();
    this.#watch = watchForEnd(session, { provider, signal: this.#signal });
    this.#watch.ended.catch((error: unknown) => this.#fail(error));
    this.#endWhenIdle();
  }

  async #openLines(plan: ForwardPlan): Promise<void> {
    const { session, voice } = this.#request;
    const remotes = plan.forwards.flatMap(({ wish }) => (wish.kind === 'remote' ? [wish] : []));
    if (!needsLine(plan) && remotes.length === 0) return;
    const { tools } = this.#login;
    const { identity, usesAgent } = tools.settings;
    const ownKey = identity === undefined && !usesAgent ? undefined : await loginKeyFor(session, tools);
    const options = { session, login: this.#login, signal: this.#signal, voice, ownKey };
    if (needsLine(plan)) {
      this.#line = new SessionLine(options);
      await this.#line.start();
    }
    if (remotes.length === 0) return;
    this.#remotes = new RemoteLine({ ...options, remotes: remotes.map(remoteForward) });
    await this.#remotes.start();
    this.#remotes.broken.catch((error: unknown) => this.#fail(error));
  }

  async #open({ wish, app }: PlannedForward): Promise<ForwardListener> {
    const spec = wishText(wish);
    if (wish.kind === 'remote')
      return {
        kind: 'remote',
        spec,
        host: wish.host,
        port: wish.local,
        remoteHost: sessionHost,
        remotePort: wish.port,
      };
    if (app?.name === sshApp) return await this.#openSsh(spec, wish.local);
    if (app !== undefined)
      return await this.#openApp(spec, { app, local: wish.local, isNamed: wish.kind === 'app' });
    if (wish.kind === 'app') throw new TypeError('a plan has an app for each that is asked for');
    const { host, port } = wish;
    const line = this.#line;
    const tunnel: Tunnel = {
      dial: (signal) =>
        line?.dial({ host, port }, signal) ?? Promise.reject(new TypeError('there is no line')),
    };
    const place = host === sessionHost ? String(port) : `${host}:${port}`;
    const here = await this.#listen({ tunnel, place, local: wish.local, passesEnd: true });
    return { kind: 'port', spec, ...here, remoteHost: host, remotePort: port };
  }

  async #openSsh(spec: string, local: number | undefined): Promise<ForwardListener> {
    const { session } = this.#request;
    const { tools } = this.#login;
    const ready = await prepareSsh(session, tools);
    const tunnel = this.#tunnel((now) =>
      now === tools ? Promise.resolve(ready.access) : now.access(session),
    );
    const preferred = tools.settings.preferredPort;
    const here = await this.#listen({ tunnel, place: sshApp, local, preferred, isSsh: true });
    const target = sshTarget(ready, here, tools);
    const { user, identityFile } = target;
    const command = readyCommands(target, await homeOf(ready.access, tools), tools.shell).ssh;
    const ssh = { user, ...(identityFile !== undefined && { identityFile }), command };
    return { kind: 'app', spec, app: sshApp, ...here, ssh };
  }

  async #openApp(spec: string, { app, local, isNamed }: AppRequest): Promise<ForwardListener> {
    const { session } = this.#request;
    const { tools } = this.#login;
    const tunnel = this.#tunnel(async ({ provider }) =>
      requireFeature(provider, 'apps').tunnel(session, app.name),
    );
    const isWeb = speaksHttp(app);
    // A port that was asked for by its number is for programs, which show no cookie.
    const secret =
      isWeb && isNamed && tools.asksForSecret ? await tools.webSecret(session, app.name) : undefined;
    const gate = secret === undefined ? undefined : { secret };
    const here = await this.#listen({ tunnel, place: app.name, local, gate });
    const query = secret === undefined ? '' : `?bai-secret=${secret}`;
    return {
      ...{ kind: 'app', spec, app: app.name, ...here },
      ...(isWeb && { url: `http://${here.host}:${here.port}/${query}` }),
    };
  }

  /** By the login that counts: made anew with each that takes the place of another. */
  #tunnel(make: (tools: ForwardTools) => Promise<Tunnel>): Tunnel {
    let by: ForwardTools | undefined;
    let made: Tunnel | undefined;
    return {
      dial: (signal) =>
        this.#login.attempt(async (tools) => {
          if (made === undefined || by !== tools) made = await make(tools);
          by = tools;
          return await made.dial(signal);
        }),
    };
  }

  async #listen(wish: ListenWish): Promise<{ readonly host: string; readonly port: number }> {
    const { tunnel, place, local, preferred, isSsh = false, passesEnd, gate } = wish;
    const { session } = this.#request;
    const forwarder = await this.#start({
      tunnel: { dial: (signal) => this.#dialled(tunnel, signal) },
      ...{ isSsh, passesEnd, gate, host: loopback },
      ...{
        preferredPort: local ?? preferred,
        strict: local !== undefined,
        place: forwardPlace(session, place),
      },
      onConnectionFailed: (error) => void this.#tell(place, error),
      onConnectionEnded: () => this.#watch?.suspect(),
    });
    this.#forwarders.push(forwarder);
    forwarder.closed.catch((error: unknown) => this.#fail(error));
    return { host: forwarder.host, port: forwarder.port };
  }

  async #start(options: ForwarderOptions): Promise<Forwarder> {
    try {
      return await this.#login.tools.startForwarder(options);
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      const hint =
        'name another one, such as 8081:80, or none (:80) for one that is free; `bai forward list` shows yours';
      throw new RetoldError(error, error.message, { hint, details: { port: options.preferredPort } });
    }
  }

  #dialled(tunnel: Tunnel, signal: AbortSignal): ReturnType<Tunnel['dial']> {
    this.#total += 1;
    return tunnel.dial(signal);
  }

  /** That the session has ended is told once. */
  async #tell(place: string, error: unknown): Promise<void> {
    if (await this.#watch?.check()) return;
    if (this.#signal.aborted) return;
    this.#request.voice.trouble(
      `a connection to ${place} failed: ${error instanceof BaiError ? error.message : String(error)}`,
    );
  }

  #awoke(ms: number): void {
    this.#request.voice.news(
      `this machine was asleep for ${Math.round(ms / 1000)} s; every connection is asked whether it lives`,
    );
    this.#line?.probe();
    this.#remotes?.probe();
    this.#watch?.suspect();
  }

  status(): ForwardStatus {
    const { problem } = this.#login;
    return {
      state: problem?.state ?? 'running',
      reason: problem?.reason,
      connections: this.#connections(),
      total: this.#total,
    };
  }

  #connections(): number {
    const fromThere = this.#remotes?.connections ?? 0;
    return this.#forwarders.reduce((sum, { connections }) => sum + connections, fromThere);
  }

  /** Time counts in turns of a timer: a night's sleep is no time without connections. */
  #endWhenIdle(): void {
    const { idleMs } = this.#request;
    if (idleMs === undefined) return;
    let quietMs = 0;
    let totalBefore = this.#total;
    this.#idleTimer = setInterval(() => {
      const isUsed = this.#connections() > 0 || this.#total !== totalBefore;
      totalBefore = this.#total;
      quietMs = isUsed ? 0 : quietMs + tickMs;
      if (quietMs >= idleMs) this.#end(`there was no connection for ${Math.round(idleMs / 1000)} s`);
    }, tickMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    clearInterval(this.#idleTimer);
    this.#clock[Symbol.dispose]();
    this.#watch?.[Symbol.dispose]();
    this.#login[Symbol.dispose]();
    for (const forwarder of this.#forwarders) await forwarder[Symbol.asyncDispose]();
    await this.#line?.[Symbol.asyncDispose]();
    await this.#remotes?.[Symbol.asyncDispose]();
  }
}

interface AppRequest {
  readonly app: ServicePort;
  readonly local: number | undefined;
  /** By its name, and not by its port. */
  readonly isNamed: boolean;
}

interface ListenWish extends Pick<ForwarderOptions, 'tunnel' | 'passesEnd' | 'gate'> {
  readonly place: string;
  readonly local: number | undefined;
  readonly preferred?: number | undefined;
  readonly isSsh?: boolean;
}

function remoteForward({ port, host, local }: RemoteWish): {
  readonly bind: undefined;
  readonly port: number;
  readonly target: { readonly host: string; readonly port: number };
} {
  return { bind: undefined, port, target: { host, port: local } };
}
