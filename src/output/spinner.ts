/** ora, told what bai already decided: which stream, that a terminal is there, and whether there are colours. */

import ora, { type Ora } from 'ora';

export interface SpinnerStyle {
  readonly color: boolean;
  /** Nothing is shown before this time is over, and from then on how many seconds have gone. */
  readonly afterMs?: number;
}

/** It leaves stdin alone: ssh and questions read it. Stopped, it has left no trace. */
export function createSpinner(stream: NodeJS.WriteStream, text: string, style: SpinnerStyle): Ora {
  const { color, afterMs } = style;
  const spinner = ora({
    text,
    stream,
    color: color ? 'cyan' : false,
    discardStdin: false,
    hideCursor: true,
    isEnabled: true,
  });
  return afterMs === undefined ? spinner.start() : countSeconds(spinner, text, afterMs);
}

function countSeconds(spinner: Ora, text: string, afterMs: number): Ora {
  const begun = performance.now();
  const tick = (): void => {
    const elapsedMs = performance.now() - begun;
    if (elapsedMs < afterMs - 1) return;
    spinner.text = `${text} (${Math.round(elapsedMs / 1000)} s)`;
    if (!spinner.isSpinning) spinner.start();
  };
  const timer = setInterval(tick, Math.min(afterMs, 1_000)).unref();
  const stop = spinner.stop.bind(spinner);
  return Object.assign(spinner, {
    stop() {
      clearInterval(timer);
      return spinner.isSpinning ? stop() : spinner;
    },
  });
}
