/** Session events: a hub the sessions publish to, and the SSE stream clients read (no history, no ids). */

import { EventEmitter, on } from 'node:events';
import type { ServerResponse } from 'node:http';
import { invalidParams, noSuchSession } from '../model/problems.ts';
import type { Answer } from '../server/answer.ts';
import type { Exchange, Machine } from './exchange.ts';
import { readParameters } from './parameters.ts';

interface KernelFacts {
  readonly kernelId: string;
  readonly clusterRole: string;
  readonly clusterIdx: number;
}

interface PublishedEvent {
  readonly event: string;
  readonly reason: string;
  readonly sessionName: string;
  readonly ownerAccessKey: string;
  readonly sessionId: string;
  readonly exitCode: number | null;
  readonly kernel?: KernelFacts;
}

const keepAliveMs = 15_000;

export class EventHub {
  readonly #emitter = new EventEmitter().setMaxListeners(0);

  publish(event: PublishedEvent): void {
    this.#emitter.emit('event', event);
  }

  /** Every event from the call on, until the signal aborts. */
  async *follow(signal: AbortSignal): AsyncGenerator<PublishedEvent> {
    try {
      for await (const [event] of on(this.#emitter, 'event', { signal })) yield event;
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}

type Filter = (event: PublishedEvent) => boolean;

/** `GET /events/session` */
export function sessionEvents(machine: Machine, hub: EventHub, exchange: Exchange): Answer {
  const matches = filterOf(machine, exchange);
  // Subscribed before the head is written: a client that has seen it misses nothing.
  const events = hub.follow(exchange.signal);
  return {
    status: 200,
    contentType: 'text/event-stream',
    headers: { 'Cache-Control': 'no-cache' },
    stream: (response) => relay(events, matches, response),
  };
}

async function relay(
  events: AsyncIterable<PublishedEvent>,
  matches: Filter,
  response: ServerResponse,
): Promise<void> {
  const first = firstNext(events);
  response.flushHeaders();
  const keepAlive = setInterval(() => response.write(': ping\r\n\r\n'), keepAliveMs);
  try {
    for await (const event of first) {
      if (matches(event)) response.write(frame(event));
    }
  } finally {
    clearInterval(keepAlive);
    response.end();
  }
}

/** A generator subscribes at its first step, so that step is taken at once. */
function firstNext<T>(source: AsyncIterable<T>): AsyncIterable<T> {
  const iterator = source[Symbol.asyncIterator]();
  let pending: Promise<IteratorResult<T>> | undefined = iterator.next();
  const next = () => {
    const step = pending ?? iterator.next();
    pending = undefined;
    return step;
  };
  return { [Symbol.asyncIterator]: () => ({ next }) };
}

function filterOf(machine: Machine, exchange: Exchange): Filter {
  const { behaviour, sessions } = machine;
  const names = ['sessionName', 'sessionId', 'ownerAccessKey', 'group', 'groupName', 'scope'];
  if (behaviour.generation !== 'C') names.push('name', 'session_id');
  const parameters = readParameters(exchange, behaviour, 'query').allowOnly(names);
  const name = parameters.text('sessionName', ...(behaviour.generation === 'C' ? [] : ['name'])) ?? '*';
  const id = parameters.text('sessionId');
  const owner = parameters.text('ownerAccessKey') ?? exchange.account.accessKey;
  const mayReadOwner = exchange.account.role === 'admin' || owner === exchange.account.accessKey;
  const scopes = (parameters.text('scope') ?? '*').split(',');
  if (behaviour.newScheduler && !behaviour.atLeast('25.15') && id !== undefined && name === '*') {
    throw invalidParams('Wildcard session ID is not yet supported in the Event Hub.');
  }
  let wanted: string | undefined;
  if (!behaviour.newScheduler && id !== undefined) wanted = id;
  else if (name !== '*') {
    const found = sessions.newestNamed(name, owner, { live: behaviour.entityErrors });
    if (found === undefined) throw noSuchSession(behaviour, name);
    wanted = found.id;
  }
  return (event) =>
    mayReadOwner &&
    event.ownerAccessKey === owner &&
    (wanted === undefined || event.sessionId === wanted) &&
    scopes.some((scope) => scope === '*' || event.event.startsWith(`${scope}_`));
}

function frame(event: PublishedEvent): string {
  const { event: name, kernel, ...facts } = event;
  return `event: ${name}\r\ndata: ${JSON.stringify({ ...facts, ...kernel })}\r\n\r\n`;
}
