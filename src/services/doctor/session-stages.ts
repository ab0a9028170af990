/** From a session's name to its file server, stage by stage, by what `bai ssh` and `bai sftp` go by themselves. */

import type { Duplex } from 'node:stream';
import type { Checkup, Seen, Stage, StageName } from '../../core/doctor/stages.ts';
import type { SessionRef } from '../../core/session/session.ts';
import { sshApp } from '../../core/ssh/forwarder.ts';
import { typed } from '../../core/text/typed.ts';
import { BaiError, NotFoundError, UnreachableError } from '../../errors.ts';
import type { LoginKey } from '../../ssh/login.ts';
import { checkApp } from '../session/check-app.ts';
import { resolveLiveSession } from '../session/resolve-session.ts';
import { afterEnd } from '../session/session-end.ts';
import { learnHostKey } from '../ssh/learn-host-key.ts';
import {
  dialAndLogIn,
  type KeySource,
  loginKeyFor,
  type OpenedAccess,
  openAccess,
} from '../ssh/open-access.ts';
import type { LoginRequest, SshTools } from '../ssh/ssh-tools.ts';
import { namesOf } from '../ssh/user-keys.ts';
import { firstLine } from './first-line.ts';

interface Visit {
  readonly reference: string;
  readonly tools: SshTools;
  readonly checkup: Checkup;
}

/** What the stages find out for each other. */
interface Found {
  session: SessionRef;
  access: OpenedAccess;
  /** What was dialled, or why it brought no greeting. */
  dialled: Duplex | BaiError;
  key: KeySource;
}

/** Names of the stages inside of a session, of which an administrator has none in somebody else's. */
export function insideStages({ way }: Checkup): readonly StageName[] {
  const dial: readonly StageName[] = way === 'upgrade' ? ['upgrade'] : ['address', 'dial'];
  return [...dial, 'greeting', 'host-key', 'key', 'login', 'sftp'];
}

/** Disposal hangs up what was dialled. */
export class SessionVisit implements Disposable {
  readonly #visit: Visit;
  readonly #found: Partial<Found> = {};

  constructor(visit: Visit) {
    this.#visit = visit;
  }

  [Symbol.dispose](): void {
    const { dialled } = this.#found;
    if (!(dialled instanceof BaiError)) dialled?.destroy();
  }

  /** Up to what others may know of the session, too. */
  outside(): readonly Stage[] {
    const { provider } = this.#visit.tools;
    const session: Stage = {
      ...{ name: 'session', needs: ['sign-in'], mayAsk: true },
      run: (signal) => this.#session(signal),
    };
    const apps: Stage = { name: 'apps', needs: ['session'], run: (signal) => this.#apps(signal) };
    return provider.apps === undefined ? [session] : [session, apps];
  }

  inside(): readonly Stage[] {
    const { way } = this.#visit.checkup;
    const dial = (signal: AbortSignal): Promise<Seen> => this.#dial(signal);
    const address = (signal: AbortSignal): Promise<Seen> => this.#address(signal);
    const before: readonly Stage[] =
      way === 'upgrade'
        ? [{ name: 'upgrade', needs: ['session', 'apps'], run: dial }]
        : [
            { name: 'address', needs: ['session', 'apps'], mayAsk: true, run: address },
            { name: 'dial', needs: ['address'], mayAsk: true, run: dial },
          ];
    return [
      ...before,
      { name: 'greeting', needs: [way], run: (signal) => this.#greeting(signal) },
      { name: 'host-key', needs: ['greeting'], mayAsk: true, run: (signal) => this.#hostKey(signal) },
      { name: 'key', needs: ['session'], mayAsk: true, run: () => this.#key() },
      { name: 'login', needs: ['host-key', 'key'], run: (signal) => this.#logIn(signal) },
      { name: 'sftp', needs: ['login'], run: (signal) => this.#sftp(signal) },
    ];
  }

  async #session(signal: AbortSignal): Promise<Seen> {
    const { reference, tools } = this.#visit;
    const session = await resolveLiveSession(reference, { ...tools, signal });
    const { id, name, status } = session;
    const phase = tools.provider.phaseOf(status);
    const facts = { id, name, status };
    if (phase === 'failed' || phase === 'ending')
      throw new NotFoundError(
        `session ${name} ${phase === 'failed' ? 'has failed' : 'is ending'} (${status})`,
        {
          code: 'session-ended',
          ...afterEnd(id, tools.provider),
          details: facts,
        },
      );
    if (phase !== 'ready')
      throw new UnreachableError(`session ${name} does not run yet (${status})`, {
        code: 'session-not-ready',
        hint: `\`${typed(['bai', 'session', 'wait', name])}\` waits until it does; \`${typed(['bai', 'session', 'info', name])}\` tells what it waits for`,
        details: facts,
      });
    this.#found.session = session;
    return { seen: name === id ? `${id} ${status}` : `${name} ${status} ${id}`, facts };
  }

  async #apps(signal: AbortSignal): Promise<Seen> {
    const { tools } = this.#visit;
    const { ports } = await checkApp(this.#get('session'), sshApp, { ...tools, signal });
    return { seen: `${sshApp} is offered`, facts: { ports } };
  }

  async #address(signal: AbortSignal): Promise<Seen> {
    const { user, place = 'known' } = await this.#enter(signal);
    return { seen: `${place}, account ${user}`, facts: { place, user } };
  }

  async #enter(signal: AbortSignal): Promise<OpenedAccess> {
    this.#found.access ??= await openAccess(this.#get('session'), { ...this.#visit.tools, signal });
    return this.#found.access;
  }

  /** A dial ends with the greeting: one that does not come is the failure of the next stage. */
  async #dial(signal: AbortSignal): Promise<Seen> {
    const access = await this.#enter(signal);
    try {
      const stream = await access.dial(signal);
      // Between two stages nobody reads; whoever reads then is told by its end.
      stream.on('error', () => {});
      this.#found.dialled = stream;
    } catch (error) {
      if (!(error instanceof BaiError) || !this.#isOfGreeting(error)) throw error;
      this.#found.dialled = error;
    }
    if (this.#visit.checkup.way === 'upgrade') return { seen: 'the WebSocket is open' };
    return { seen: `connected to ${access.place ?? 'its SSH server'}` };
  }

  /** Through a platform's channel the port inside of the session is behind one that stands. */
  #isOfGreeting({ code }: BaiError): boolean {
    const isBehind = this.#visit.checkup.way === 'upgrade' && code === 'app-not-listening';
    return code === 'sshd-not-greeting' || isBehind;
  }

  async #greeting(signal: AbortSignal): Promise<Seen> {
    const dialled = this.#get('dialled');
    if (dialled instanceof BaiError) throw dialled;
    const greeting = await firstLine(dialled, signal);
    return { seen: greeting, facts: { greeting } };
  }

  /** With a pin the key that is shown is compared; without one it is learnt, as the first connection would. */
  async #hostKey(signal: AbortSignal): Promise<Seen> {
    const [session, access, dialled] = [this.#get('session'), this.#get('access'), this.#get('dialled')];
    const tools = { ...this.#visit.tools, signal };
    const { knownHosts, client } = tools;
    const isPinned = (await knownHosts.pinned(access.hostKeyAlias)).length > 0;
    if (dialled instanceof BaiError) throw dialled;
    if (isPinned) await access.verify(await client.fetchHostKey(dialled, session.name, signal));
    else {
      dialled.destroy();
      await learnHostKey({ access, session, signal }, tools);
    }
    const [key] = await knownHosts.pinned(access.hostKeyAlias);
    if (key === undefined) return { seen: 'learnt' };
    const { type, fingerprint } = knownHosts.describe(key);
    const facts = { type, fingerprint, isNew: !isPinned };
    return { seen: `${type} ${fingerprint}${isPinned ? '' : ', pinned now'}`, facts };
  }

  async #key(): Promise<Seen> {
    const { tools } = this.#visit;
    const source = await loginKeyFor(this.#get('session'), tools);
    const key = await source();
    this.#found.key = source;
    return keySeen(key, tools);
  }

  async #logIn(signal: AbortSignal): Promise<Seen> {
    const software = await this.#connect(signal, (request) => this.#visit.tools.client.probe(request));
    const { user } = this.#get('access');
    return { seen: `as ${user}${software === undefined ? '' : `, ${software}`}`, facts: { user } };
  }

  async #sftp(signal: AbortSignal): Promise<Seen> {
    const home = await this.#connect(signal, (request) => this.#visit.tools.client.home(request));
    return { seen: home, facts: { home } };
  }

  #connect<T>(signal: AbortSignal, make: (request: LoginRequest) => Promise<T>): Promise<T> {
    const login = { access: this.#get('access'), key: this.#get('key'), make };
    return dialAndLogIn(login, signal, { ...this.#visit.tools, signal });
  }

  #get<K extends keyof Found>(name: K): Found[K] {
    const found = this.#found[name];
    if (found === undefined) throw new Error(`the stage that finds ${name} has not passed`);
    return found;
  }
}

function keySeen(key: LoginKey, { keys }: SshTools): Seen {
  if (key instanceof Uint8Array) {
    const fingerprint = keys.files.fingerprintOf(key);
    return { seen: fingerprint ?? 'there', facts: { fingerprint } };
  }
  if ('unlocked' in key) return { seen: key.fingerprint, facts: { fingerprint: key.fingerprint } };
  const names = namesOf(key);
  return { seen: names.join(', '), facts: { keys: names } };
}
