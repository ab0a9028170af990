/** The live events of one session (server-sent events). */

import { createParser, type EventSourceMessage, type EventSourceParser } from 'eventsource-parser';
import type { SessionEvent, SessionRef } from '../../../core/session/session.ts';
import { parseJson } from '../../../core/text/json.ts';
import { ProtocolError } from '../../../errors.ts';
import { decodedStream } from '../../../net/decode.ts';
import type { ManagerClient } from '../manager/client.ts';
import { manager } from '../manager/manager-name.ts';
import { eventSchema } from '../manager/schema.ts';

/** A server that never ends a line must not fill the memory. */
const lineLimit = 1 << 20;

/**
 * Name and id are both sent, and events are filtered by id: releases differ in which of the two they
 * heed, and some then send the events of every session of the caller.
 */
export async function* sessionEvents(
  client: ManagerClient,
  session: SessionRef,
  signal: AbortSignal,
): AsyncGenerator<SessionEvent> {
  const response = await client.open({
    what: `follow the events of ${session.name}`,
    method: 'GET',
    path: 'events/session',
    query: { sessionName: session.name, sessionId: session.id },
    isStream: true,
    signal,
  });
  const arrived: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (message) => arrived.push(message), maxBufferSize: lineLimit });
  const frames = decodedStream(response, manager).setEncoding('utf8');
  for await (const text of frames) {
    feed(parser, text);
    for (const message of arrived.splice(0)) {
      const event = readEvent(message);
      if (event?.sessionId === session.id) yield event;
    }
  }
}

/** The parser throws, and is of no more use, when a line outgrows its buffer. */
function feed(parser: EventSourceParser, text: string): void {
  try {
    parser.feed(text);
  } catch (cause) {
    throw new ProtocolError('the manager sent an event that is too large', {
      code: 'answer-too-large',
      cause,
    });
  }
}

function readEvent(message: EventSourceMessage): SessionEvent | undefined {
  if (message.event === undefined) return undefined;
  const parsed = eventSchema.safeParse(parseJson(message.data));
  if (!parsed.success) return undefined;
  return { event: message.event, sessionId: parsed.data.sessionId, reason: parsed.data.reason };
}
