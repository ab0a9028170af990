/** The terminal that a program of the session has for its own, and how it is given back. */

import { spawnSync } from 'node:child_process';
import type { Writable } from 'node:stream';
import type { PseudoTtyOptions } from 'ssh2';
import type { LocalStreams } from '../core/local-streams.ts';
import { stopJob } from './job-control.ts';
import { programPath } from './programs.ts';

export interface TerminalStreams extends Pick<LocalStreams, 'stdin' | 'stdout'> {
  readonly stderr: Writable;
  /** The kind of terminal, as `$TERM` has it. */
  readonly term: string | undefined;
  /** Where programs are looked for. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * What a program that was cut off may have left switched on: mouse reports, focus reports, pasting in brackets, keys of
 * applications, the other screen, a hidden cursor, colours. Each is harmless where it was off.
 */
export const terminalReset = [
  '\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1005l\x1b[?1006l\x1b[?1015l',
  '\x1b[?1004l\x1b[?2004l\x1b[?1l\x1b>',
  // Leaves the other screen, but unlike 1049 does not move the cursor of this one.
  '\x1b[?1047l',
  '\x1b[?25h\x1b[0m',
].join('');

/** Asks for the terminal's settings, or sets them. Returns what was asked; nothing where there is no stty. */
export function stty(
  words: readonly string[],
  environment: TerminalStreams['environment'],
): string | undefined {
  const { status, stdout } = spawnSync(programPath('stty', environment), words, {
    stdio: ['inherit', 'pipe', 'ignore'],
    encoding: 'utf8',
    // Nothing else goes on meanwhile, not even Ctrl-C.
    timeout: 1_000,
  });
  return status === 0 ? stdout.trim() : undefined;
}

export class RawTerminal implements Disposable {
  readonly #streams: TerminalStreams;
  #isCutOff = true;
  #isTaken = false;

  /** Every key goes to the session from now on. */
  constructor(streams: TerminalStreams) {
    this.#streams = streams;
    this.#take();
  }

  /** For a request of a terminal over there. */
  get size(): Required<Pick<PseudoTtyOptions, 'term' | 'cols' | 'rows' | 'width' | 'height'>> {
    const { stdout, term = 'vt100' } = this.#streams;
    // A size is known of terminals only, and not of all; -tt asks for one where there is none.
    const { columns, rows } = stdout.isTTY ? stdout : { columns: 0, rows: 0 };
    return { term, cols: columns || 80, rows: rows || 24, width: 0, height: 0 };
  }

  /** Stops this process, as Ctrl-Z does, and takes the terminal again when it goes on. */
  suspend(): void {
    this.#giveBack();
    stopJob();
    this.#take();
  }

  /** The program over there ended by itself, so it left the terminal as it wanted. */
  ended(): void {
    this.#isCutOff = false;
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    if (!this.#isTaken) return;
    this.#giveBack();
    const { stdout } = this.#streams;
    if (this.#isCutOff && stdout.isTTY) stdout.write(terminalReset);
  }

  #take(): void {
    const { stdin } = this.#streams;
    if (!stdin.isTTY) return;
    stdin.setRawMode?.(true);
    this.#isTaken = true;
    // Node leaves it to the terminal to begin each line anew, which the session's side has done already.
    if (process.platform !== 'win32') stty(['-opost'], this.#streams.environment);
  }

  #giveBack(): void {
    const { stdin } = this.#streams;
    if (stdin.isTTY) stdin.setRawMode?.(false);
    this.#isTaken = false;
  }
}
