/** `bai __complete -- WORDS`: what the shells' scripts ask for. */

import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { questionAt } from './complete-words.ts';

interface Flags {
  readonly line?: string;
  readonly refresh?: boolean;
}

export function define(command: Command, context: Context): void {
  command
    .argument('[words...]', 'the words behind bai, the last one as far as it is typed')
    .option('--line <text>', 'the command line up to the cursor, of a shell that does not tell its words')
    .option('--refresh', 'only look the names up for the next time')
    .action(async (given: readonly string[], { line, refresh }: Flags) => {
      const { completeWords, wordsIn } = await import('../services/completion/complete.ts');
      const words = line === undefined ? given : wordsIn(line);
      const question = await questionAt(words, context);
      if (question.profile !== undefined) context.assumeProfile(question.profile);
      const tools = await context.tools('completion');
      if (refresh) return await tools.refresh(question);
      context.reporter.text((await completeWords(question, tools)).map((each) => `${each}\n`).join(''));
    });
}
