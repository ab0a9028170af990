/** What several programs print at the same time, as whole lines that say whose they are. */

import { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { Chalk } from 'chalk';
import { foreignStart, sanitizeText } from '../core/text/sanitize.ts';

type Output = Writable & { readonly isTTY?: boolean };

interface PrefixedOutputOptions {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly labels: readonly string[];
  /** Of the labels. */
  readonly color: boolean;
}

interface PrefixedOutput {
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** A last line without an end gets one. Resolves when all is written, or nobody takes it any more. */
  end(): Promise<void>;
}

/** A longer line is broken into several, so that one without an end cannot fill the memory. */
export const longestLineBytes = 64 * 1024;

/** One output for each label. The labels are aligned, and their lines are never mixed up. */
export function prefixedOutput(options: PrefixedOutputOptions): (label: string) => PrefixedOutput {
  const { labels, color } = options;
  // A container may be called `error`.
  const shownAs = (label: string): string =>
    foreignStart(`${label}:`) === `${label}:` ? label : `"${label}"`;
  const width = Math.max(...labels.map((label) => shownAs(label).length));
  const chalk = new Chalk({ level: color ? 1 : 0 });
  const hues = [chalk.cyan, chalk.magenta, chalk.yellow, chalk.blue, chalk.green];
  return (label) => {
    const hue = hues[labels.indexOf(label) % hues.length] ?? chalk.cyan;
    const shown = shownAs(label);
    const prefix = Buffer.from(`${hue(`${shown}:`)}${' '.repeat(width - shown.length + 1)}`);
    const [stdout, stderr] = [options.stdout, options.stderr].map((to) => new LabelledLines(prefix, to));
    if (stdout === undefined || stderr === undefined) throw new Error('there are two streams');
    return {
      stdout,
      stderr,
      async end() {
        for (const lines of [stdout, stderr]) {
          lines.end();
          await finished(lines).catch(() => {});
        }
      },
    };
  };
}

const newline = 0x0a;
const lineEnd = Buffer.from('\n');

class LabelledLines extends Writable {
  readonly #prefix: Buffer;
  readonly #to: Output;
  /** Of a line whose end is still to come. */
  #begun: Buffer[] = [];
  #begunBytes = 0;

  constructor(prefix: Buffer, to: Output) {
    super();
    this.#prefix = prefix;
    this.#to = to;
    this.on('error', () => {});
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const ready: Buffer[] = [];
    for (let at = 0; at < chunk.length; ) {
      const end = chunk.indexOf(newline, at);
      const until = Math.min(end < 0 ? chunk.length : end, at + longestLineBytes - this.#begunBytes);
      this.#begin(chunk.subarray(at, until));
      at = until === end ? until + 1 : until;
      if (until === end || this.#begunBytes === longestLineBytes) ready.push(...this.#line());
    }
    this.#keepNoMore();
    if (ready.length === 0) done();
    else this.#to.write(Buffer.concat(ready), done);
  }

  override _final(done: (error?: Error | null) => void): void {
    if (this.#begunBytes === 0) done();
    else this.#to.write(Buffer.concat(this.#line()), done);
  }

  #begin(bytes: Buffer): void {
    if (bytes.length > 0) this.#begun.push(bytes);
    this.#begunBytes += bytes.length;
  }

  #line(): Buffer[] {
    const line = [this.#prefix, ...this.#shown(), lineEnd];
    this.#begun = [];
    this.#begunBytes = 0;
    return line;
  }

  /** On a terminal a line must not move about in those of others; elsewhere its bytes are the answer. */
  #shown(): readonly Buffer[] {
    if (!this.#to.isTTY) return this.#begun;
    const text = Buffer.concat(this.#begun).toString().replace(/\r$/, '');
    return [Buffer.from(sanitizeText(text))];
  }

  /** A slice holds on to all of the chunk it was taken from, and many small ones to more than they are. */
  #keepNoMore(): void {
    if (this.#begunBytes > 0) this.#begun = [Buffer.concat(this.#begun)];
  }
}
