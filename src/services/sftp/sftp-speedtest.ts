/** `bai sftp speedtest`: measures the line to a session, and remembers for its transfers what is fastest. */

import type { Reporter, Table } from '../../core/reporter.ts';
import type { LinkRates, LinkTuning } from '../../core/ssh/link-tuning.ts';
import { formatBytes } from '../../core/text/units.ts';
import type { LineConnect, LinkReport, MeasureOptions } from '../../transfer/benchmark/benchmark.ts';
import type { OpenedLine } from './open-sftp.ts';

interface SpeedTestRequest {
  readonly session: string;
  /** For each rate. */
  readonly stepMs: number;
}

export interface SpeedTestTools {
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  openLine(session: string): Promise<OpenedLine>;
  measureLine(connect: LineConnect, options: MeasureOptions): Promise<LinkReport>;
  remember(peer: string, setting: LinkTuning): Promise<void>;
}

export async function testSpeed({ session, stepMs }: SpeedTestRequest, tools: SpeedTestTools): Promise<void> {
  const { reporter } = tools;
  const line = await tools.openLine(session);
  const report = await measure(line, stepMs, tools);
  await tools.remember(line.peer, report.chosen);
  reporter.result(toJson(session, report), toTable(report));
  const { cipher, connections } = report.chosen;
  reporter.info(
    `round trip ${report.roundTripMs.toFixed(1)} ms, window of a channel ${formatBytes(report.windowBytes)}`,
  );
  reporter.info(
    `transfers will use ${cipher} and ${connections === 1 ? 'one connection' : `up to ${connections} connections`}; remembered for session ${session}`,
  );
}

async function measure(line: OpenedLine, stepMs: number, tools: SpeedTestTools): Promise<LinkReport> {
  const { reporter, signal } = tools;
  const busy = { now: reporter.busy(`connecting to session ${line.session.name}`) };
  try {
    return await tools.measureLine(line.connect, {
      ...{ stepMs, signal },
      onStep(text) {
        busy.now.stop();
        busy.now = reporter.busy(text, 'now');
      },
      onProblem: (what, { message }) => reporter.warn(`${what} could not be measured: ${message}`),
    });
  } finally {
    busy.now.stop();
  }
}

function toJson(session: string, report: LinkReport) {
  return {
    session,
    roundTripMs: Math.round(report.roundTripMs * 100) / 100,
    windowBytes: report.windowBytes,
    ciphers: report.ciphers.map(({ name, isOffered, rates }) => ({
      name,
      offered: isOffered,
      ...ratesJson(rates),
    })),
    connections: report.connections.map(({ count, rates }) => ({ count, ...ratesJson(rates) })),
    chosen: report.chosen,
  };
}

function ratesJson(rates: LinkRates | undefined) {
  return {
    upBytesPerSecond: rates ? Math.round(rates.up) : null,
    downBytesPerSecond: rates ? Math.round(rates.down) : null,
  };
}

function toTable({ ciphers, connections, chosen }: LinkReport): Table {
  const rows: (string | undefined)[][] = ciphers.map(({ name, isOffered, rates }) => [
    name,
    ...(isOffered ? ratesText(rates) : ['not offered', undefined]),
    mark(name === chosen.cipher),
  ]);
  for (const { count, rates } of connections) {
    const name = `${count} connection${count === 1 ? '' : 's'}`;
    rows.push([name, ...ratesText(rates), mark(count === chosen.connections)]);
  }
  return { columns: ['MEASURED', 'UP', 'DOWN', 'CHOSEN'], rows };
}

function ratesText(rates: LinkRates | undefined): (string | undefined)[] {
  return rates ? [`${formatBytes(rates.up)}/s`, `${formatBytes(rates.down)}/s`] : [undefined, undefined];
}

function mark(isChosen: boolean): string | undefined {
  return isChosen ? 'yes' : undefined;
}
