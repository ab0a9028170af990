/** One line of progress: name, bar, bytes, rate, time left. */

import stringWidth from 'string-width';
import { formatBytes, formatDuration } from '../core/text/units.ts';
import { cutEnd, cutStart } from './fit-text.ts';

interface Progress {
  readonly label: string;
  readonly bytes: number;
  /** Nothing while the end is not known: then there is no bar, share or time left. */
  readonly totalBytes: number | undefined;
  readonly bytesPerSecond: number;
}

/** In at most `columns - 1` cells, so that it never wraps. */
export function progressLine(progress: Progress, columns: number): string {
  const facts = ` ${factsOf(progress)}`;
  const room = columns - 1 - stringWidth(facts);
  const bar = progress.totalBytes === undefined ? '' : barOf(shareOf(progress), room);
  // The end of a path tells more than its beginning.
  const label = cutStart(progress.label, Math.max(0, room - stringWidth(bar)));
  return cutEnd(`${label}${bar}${facts}`, Math.max(0, columns - 1));
}

/** Milliseconds until the end at the present rate; infinite where nobody can tell. */
export function timeLeft({ bytes, totalBytes, bytesPerSecond }: Omit<Progress, 'label'>): number {
  if (totalBytes === undefined || bytesPerSecond <= 0) return Number.POSITIVE_INFINITY;
  return (Math.max(0, totalBytes - bytes) / bytesPerSecond) * 1000;
}

/** Whole percents, never above 100; an empty file is complete. */
export function percent(bytes: number, totalBytes: number): number {
  return Math.floor((totalBytes > 0 ? Math.min(1, bytes / totalBytes) : 1) * 100);
}

function factsOf(progress: Progress): string {
  const { bytes, totalBytes, bytesPerSecond } = progress;
  const rate = `${formatBytes(bytesPerSecond)}/s`;
  if (totalBytes === undefined) return `${formatBytes(bytes)}  ${rate}`;
  const share = `${String(percent(bytes, totalBytes)).padStart(3)}%`;
  const left = formatDuration(timeLeft(progress));
  return `${share}  ${formatBytes(bytes)}/${formatBytes(totalBytes)}  ${rate}  ${left} left`;
}

function shareOf({ bytes, totalBytes = 0 }: Progress): number {
  return totalBytes > 0 ? Math.min(1, Math.max(0, bytes / totalBytes)) : 1;
}

function barOf(share: number, room: number): string {
  const width = Math.max(0, Math.min(30, room - 24));
  const filled = Math.round(share * width);
  return width >= 8 ? ` [${'='.repeat(filled)}${' '.repeat(width - filled)}]` : '';
}
