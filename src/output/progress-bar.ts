/** One line that is drawn again: name, bar, bytes, rate, time left. */

import stringWidth from 'string-width';
import type { ProgressBar } from '../core/reporter.ts';
import { formatBytes, formatDuration } from '../core/units.ts';

const drawEveryMs = 100;
/** Shorter transfers draw nothing: a bar that flashes tells nobody anything. */
const drawAfterMs = 500;

export function createProgressBar(
  stream: NodeJS.WriteStream,
  label: string,
  totalBytes: number,
  now: () => number = () => performance.now(),
): ProgressBar {
  const startedAt = now();
  let drawnAt = startedAt + drawAfterMs - drawEveryMs;
  let visible = false;
  return {
    update(bytes) {
      const time = now();
      if (time - drawnAt < drawEveryMs) return;
      drawnAt = time;
      visible = true;
      stream.write(
        `\r${progressLine(label, bytes, totalBytes, time - startedAt, stream.columns || 80)}\u001b[K`,
      );
    },
    stop() {
      if (visible) stream.write('\r\u001b[K');
      visible = false;
    },
  };
}

/** `bytes` of `totalBytes` after `elapsedMs`, in at most `columns - 1` cells so that it never wraps. */
export function progressLine(
  label: string,
  bytes: number,
  totalBytes: number,
  elapsedMs: number,
  columns: number,
): string {
  const share = totalBytes > 0 ? Math.min(1, bytes / totalBytes) : 1;
  const rate = elapsedMs > 0 ? (bytes / elapsedMs) * 1000 : 0;
  const left = rate > 0 ? formatDuration(((totalBytes - bytes) / rate) * 1000) : '--:--';
  const facts = ` ${String(Math.floor(share * 100)).padStart(3)}%  ${formatBytes(bytes)}/${formatBytes(totalBytes)}  ${formatBytes(rate)}/s  ${left} left`;
  const room = columns - 1 - stringWidth(facts);
  const barWidth = Math.max(0, Math.min(30, room - 24));
  const filled = Math.round(share * barWidth);
  const bar = barWidth >= 8 ? ` [${'='.repeat(filled)}${' '.repeat(barWidth - filled)}]` : '';
  return `${shorten(label, Math.max(0, room - stringWidth(bar)))}${bar}${facts}`.slice(0, columns - 1);
}

function shorten(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let kept = '';
  for (const character of text) {
    if (stringWidth(kept + character) > width - 1) break;
    kept += character;
  }
  return width > 0 ? `${kept}…` : '';
}
