/** Where the lines of the shell come from: somebody at a terminal, a file, or a pipe. */

import { createInterface } from 'node:readline';
import { unlessAborted } from '../../core/time-limit.ts';
import type { LocalFiles } from '../../transfer/local/local-files.ts';
import type { Completer } from './sftp-shell.ts';

interface Terminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  readonly signal: AbortSignal;
}

/**
 * Asks for each line when the one before is done. The terminal is let go of meanwhile, so that Ctrl-C is then a
 * signal and bars can be drawn.
 */
export async function* typedLines(terminal: Terminal, complete: Completer): AsyncGenerator<string> {
  let history: string[] = [];
  for (;;) {
    const line = await ask(terminal, complete, { history, keep: (all) => (history = all) });
    if (line === undefined) return;
    yield line;
  }
}

/** `-` is stdin. A file may be a pipe as well: Ctrl-C ends the wait for either, and with it the lines. */
export async function* batchLines(
  file: string,
  { input, signal }: Pick<Terminal, 'input' | 'signal'>,
  local: LocalFiles,
): AsyncGenerator<string> {
  if (file === '-') yield* createInterface({ input, signal, terminal: false });
  else yield* (await unlessAborted(local.readText(local.expandHome(file)), signal)).split(/\r?\n/);
}

interface History {
  readonly history: string[];
  readonly keep: (all: string[]) => void;
}

/** Nothing at the end of input. Ctrl-C drops the line. */
function ask(
  terminal: Terminal,
  complete: Completer,
  { history, keep }: History,
): Promise<string | undefined> {
  const { input, output, signal } = terminal;
  const completer = (line: string, done: (error: Error | null, result: [string[], string]) => void): void => {
    complete(line).then(
      ([words, typed]) => done(null, [[...words], typed]),
      () => done(null, [[], line]),
    );
  };
  const asked = createInterface({ input, output, completer, history, prompt: 'sftp> ', terminal: true });
  return new Promise((resolve) => {
    let line: string | undefined;
    const stop = (): void => asked.close();
    signal.addEventListener('abort', stop, { once: true });
    asked.on('history', keep);
    asked.on('SIGINT', () => {
      output.write('^C\n');
      line = '';
      asked.close();
    });
    asked.once('line', (text) => {
      line = text;
      asked.close();
    });
    asked.once('close', () => {
      signal.removeEventListener('abort', stop);
      resolve(line);
    });
    asked.prompt();
  });
}
