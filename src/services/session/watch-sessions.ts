/** `bai session list --watch`: the list, looked at again and again until it is interrupted. */

import { setTimeout as delay } from 'node:timers/promises';
import type { Table, WatchedTable } from '../../core/reporter.ts';
import { changesBetween, jsonContent } from '../../core/session/list-changes.ts';
import { lastingCells, sessionTable, type TableWish } from '../../core/session/list-table.ts';
import type { SessionSummary } from '../../core/session/session.ts';
import { type BaiError, mayPass } from '../../errors.ts';
import { type ListRequest, listSessions } from './list-sessions.ts';
import type { SessionTools } from './session-tools.ts';
import { askedPauseMs } from './wait-session.ts';

interface WatchRequest extends ListRequest {
  readonly table: TableWish;
}

interface WatchTools extends SessionTools {
  /** Milliseconds between two looks. */
  readonly pollMs?: number;
}

const usualPollMs = 2_000;

/** Rejects when the signal comes, and when the first look fails. Later on a manager that is away is waited for. */
export async function watchSessions(request: WatchRequest, tools: WatchTools): Promise<never> {
  const pollMs = tools.pollMs ?? Math.max(usualPollMs, tools.provider.pollMs ?? 0);
  using shown = tools.reporter.watch();
  const view = shown.isDrawn ? drawnView(shown, request, tools) : toldView(shown, request, tools);
  let hasBegun = false;
  for (;;) {
    let pauseMs = pollMs;
    try {
      view.show(await look(request, tools, view));
      hasBegun = true;
    } catch (error) {
      if (!hasBegun || !mayPass(error) || tools.signal.aborted) throw error;
      view.away(error);
      pauseMs = Math.max(pollMs, askedPauseMs(error));
    }
    await delay(pauseMs, undefined, { signal: tools.signal });
  }
}

async function look(
  request: WatchRequest,
  tools: WatchTools,
  view: View,
): Promise<readonly SessionSummary[]> {
  using _waiting = view.waiting();
  return await listSessions(request, tools);
}

interface View {
  show(sessions: readonly SessionSummary[]): void;
  away(error: BaiError): void;
  /** A look goes on until it is disposed of. */
  waiting(): Disposable;
}

function drawnView(
  shown: WatchedTable,
  { table: wish, fields }: WatchRequest,
  { provider }: SessionTools,
): View {
  const none = fields.length > 0 ? 'no session fits the filter' : 'no sessions';
  let last: readonly SessionSummary[] | undefined;
  const table = (): Table => sessionTable(last ?? [], wish, { listing: provider.listing, now: Date.now() });
  const draw = (note?: string): void => {
    if (last !== undefined) shown.draw(table(), note ?? (last.length === 0 ? none : undefined));
  };
  return {
    show(sessions) {
      last = sessions;
      draw();
    },
    away: (error) => draw(`looking again: ${error.message}`),
    waiting() {
      const since = performance.now();
      const timer = setInterval(() => {
        draw(`no answer for ${Math.round((performance.now() - since) / 1000)} s; waiting`);
      }, usualPollMs);
      return { [Symbol.dispose]: () => clearInterval(timer) };
    },
  };
}

/** One line for each change; the first look tells of all that there are. */
function toldView(
  shown: WatchedTable,
  { table: wish }: WatchRequest,
  { provider: { listing }, reporter }: SessionTools,
): View {
  let last: readonly SessionSummary[] = [];
  let isAway = false;
  const contentOf = reporter.json
    ? jsonContent
    : (session: SessionSummary) => lastingCells(session, wish, listing).join('\t');
  return {
    show(sessions) {
      if (isAway) reporter.info('there is an answer again');
      isAway = false;
      for (const change of changesBetween(last, sessions, contentOf)) {
        const { rows } = sessionTable([change.session], wish, { listing, now: Date.now() });
        shown.tell(change, [change.event, ...(rows[0] ?? [])]);
      }
      last = sessions;
    },
    away(error) {
      if (!isAway) reporter.warn(`${error.message}; looking again`);
      isAway = true;
    },
    waiting: () => ({ [Symbol.dispose]: () => {} }),
  };
}
