/** `bai image list [WORD…]` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { shortNames } from '../../core/session/image-names.ts';
import { imageTable } from '../../core/session/offer-tables.ts';
import type { ImageOffer } from '../../core/session/offers.ts';

export function define(command: Command, context: Context): void {
  command
    .argument('[words...]', 'only images that have all of these in their name or an alias')
    .option('--wide', 'show whole cells and all columns, however narrow the terminal')
    .action(async (words: readonly string[], flags: { readonly wide?: boolean }) => {
      const { listImages } = await import('../../services/session/list-offers.ts');
      const { found, all } = await listImages(words, await context.tools('sessions'));
      const short = shortNames(all.map(({ reference }) => reference));
      context.reporter.result(found, imageTable(found, { short, wide: flags.wide === true }));
      context.reporter.info(nextStep(found, { words, all, short }));
    });
}

interface Shown {
  readonly words: readonly string[];
  readonly all: readonly ImageOffer[];
  readonly short: ReadonlyMap<string, string>;
}

function nextStep([first]: readonly ImageOffer[], { words, all, short }: Shown): string {
  if (all.length === 0) return 'your account can use no image: an administrator allows registries for it';
  if (first === undefined)
    return `no image has ${words.join(' and ')} in its name or an alias; \`bai image list\` shows all ${all.length}`;
  const name = [first.aliases[0], short.get(first.reference)].find((each) => each && isTypable(each));
  return `\`bai session create ${name ?? 'IMAGE'}\` makes a session of the first one; any name or alias here does`;
}

/** A name of others is only put into a command where it is one word that a shell leaves alone. */
function isTypable(name: string): boolean {
  return /^\w[\w./:-]*$/.test(name);
}
