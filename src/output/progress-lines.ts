/** A transfer as lines: bars for a terminal, one sentence for a log. */

import { foreignStart, sanitizeLine } from '../core/text/sanitize.ts';
import { formatBytes, formatDuration } from '../core/text/units.ts';
import { percent, progressLine, timeLeft } from './progress-bar.ts';
import type { FileView, TotalView } from './transfer-state.ts';

interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

const mostBars = 8;

/** A bar for each file and, for more than one file, one for all. */
export function barLines(files: readonly FileView[], total: TotalView, screen: ScreenSize): string[] {
  const room = Math.max(1, Math.min(mostBars, screen.rows - 4));
  const lines = files
    .slice(0, room)
    .map(({ path, ...file }) =>
      progressLine({ label: foreignStart(sanitizeLine(path)), ...file }, screen.columns),
    );
  const hidden = files.length - room;
  if (hidden > 0) lines.push(`  … and ${hidden} more`.slice(0, screen.columns - 1));
  const isAlone = total.startedFiles === 1 && (total.totalFiles ?? 1) === 1 && total.retries === 0;
  if (!isAlone) lines.push(progressLine({ label: totalLabel(total), ...total }, screen.columns));
  return lines;
}

/** One line for a log, e.g. `3 of 12 files, 1.0 MiB of 4.0 MiB, 512.0 KiB/s, 0:06 left; data.bin 40%`. */
export function heartbeatLine(files: readonly FileView[], total: TotalView): string {
  const { bytes, totalBytes, bytesPerSecond } = total;
  const left = timeLeft(total);
  const parts = [
    fileCount(total),
    totalBytes === undefined
      ? formatBytes(bytes)
      : `${formatBytes(bytes)} of ${formatBytes(totalBytes)} (${percent(bytes, totalBytes)}%)`,
    `${formatBytes(bytesPerSecond)}/s`,
    ...(Number.isFinite(left) ? [`${formatDuration(left)} left`] : []),
    ...retries(total),
  ];
  const [file] = files;
  const now =
    file === undefined || file.totalBytes === undefined
      ? ''
      : `; ${sanitizeLine(file.path)} ${percent(file.bytes, file.totalBytes)}%`;
  return parts.join(', ') + now;
}

function totalLabel(total: TotalView): string {
  return ['all', fileCount(total), ...retries(total)].join(', ').replace(', ', ': ');
}

function fileCount({ finishedFiles, totalFiles }: TotalView): string {
  if (totalFiles !== undefined) return `${finishedFiles} of ${totalFiles} files`;
  return `${finishedFiles} file${finishedFiles === 1 ? '' : 's'} done`;
}

function retries({ retries: count }: TotalView): string[] {
  return count === 0 ? [] : [`${count} ${count === 1 ? 'retry' : 'retries'}`];
}
