/** `jobs.follow`: a WebSocket that tells of one job as it changes. Whoever may not see it is hung up on without a word. */

import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { parseJson } from '../../core/text/json.ts';
import type { Actor } from './accounts.ts';
import { actorOf } from './front.ts';
import { type Job, showJob } from './job.ts';
import { Refusal } from './problem.ts';
import { textOf } from './resource.ts';
import type { Core } from './routes.ts';

/** Everything there is to see of a job. */
const everything = { updates: true, application: true, parameters: true, product: true };

export class JobFollowers implements AsyncDisposable {
  readonly #core: Core;
  readonly #server = new WebSocketServer({
    noServer: true,
    handleProtocols: (names) => [...names][0] ?? false,
  });
  readonly #closing = new AbortController();
  readonly #work = new Set<Promise<void>>();

  constructor(core: Core) {
    this.#core = core;
  }

  accept(socket: Duplex, head: Buffer, request: IncomingMessage): void {
    this.#server.handleUpgrade(request, socket, head, (client) => {
      client.on('error', () => client.terminate());
      const work = this.#serve(client).finally(() => this.#work.delete(work));
      this.#work.add(work);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    for (const client of this.#server.clients) client.terminate();
    await Promise.all(this.#work);
  }

  async #serve(client: WebSocket): Promise<void> {
    const gone = new AbortController();
    client.once('close', () => gone.abort());
    const signal = AbortSignal.any([gone.signal, this.#closing.signal]);
    try {
      const [message] = await once(client, 'message', { signal });
      const { streamId, bearer, project, id } = readRequest(String(message));
      const job = this.#jobOf(actorOf(this.#core, bearer, project), id);
      if (job !== undefined) await this.#tell(client, { job, streamId, signal });
    } catch (error) {
      if (!signal.aborted && !(error instanceof Refusal)) throw error;
    } finally {
      client.terminate();
    }
  }

  #jobOf(actor: Actor | undefined, id: string): Job | undefined {
    return actor && this.#core.jobs.forAction(actor, id);
  }

  async #tell(client: WebSocket, { job, streamId, signal }: Following): Promise<void> {
    const nothing = { updates: [], log: [], newStatus: null, initialJob: null };
    const send = (payload: object): void =>
      client.send(JSON.stringify({ type: 'message', streamId, payload: { ...nothing, ...payload } }));
    const shown = (): Shown => showJob(job, this.#core.catalog, everything) as Shown;
    let { updates, status } = shown();
    send({ initialJob: shown() });
    for (;;) {
      await this.#core.provider.changed(signal);
      const now = shown();
      const news = now.updates.slice(updates.length);
      const newStatus = now.status.state === status.state ? null : now.status;
      if (news.length > 0 || newStatus !== null) send({ updates: news, newStatus });
      ({ updates, status } = now);
    }
  }
}

interface Following {
  readonly job: Job;
  readonly streamId: string;
  readonly signal: AbortSignal;
}

interface Shown {
  readonly updates: readonly unknown[];
  readonly status: { readonly state: string };
}

interface FollowRequest {
  readonly streamId: string;
  readonly bearer: string;
  readonly project: string | undefined;
  readonly id: string;
}

/** Throws a Refusal for what is no such request. */
function readRequest(text: string): FollowRequest {
  const read = parseJson(text);
  if (typeof read !== 'object' || read === null) throw new Refusal(400, 'no request');
  const { call, streamId, bearer, project, payload } = read as Readonly<Record<string, unknown>>;
  if (call !== 'jobs.follow' || typeof payload !== 'object' || payload === null)
    throw new Refusal(400, 'no request');
  return {
    streamId: textOf(streamId),
    bearer: textOf(bearer),
    project: typeof project === 'string' ? project : undefined,
    id: 'id' in payload ? textOf(payload.id) : '',
  };
}
