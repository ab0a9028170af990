/** `bai key show [KEY]` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';

interface Flags {
  readonly copy?: boolean;
  readonly passphraseStdin?: boolean;
}

export function define(command: Command, context: Context): void {
  command
    .argument(
      '[key]',
      'a private or public key file (default: id_ed25519, id_ecdsa, id_rsa or id_container in ~/.ssh)',
    )
    .option('-c, --copy', 'copy it to the clipboard too')
    .option(
      '--passphrase-stdin',
      'read the passphrase from stdin, for a PEM or PKCS#8 file that hides its public half',
    )
    .action(async (key: string | undefined, flags: Flags) => {
      const { showKey } = await import('../../services/keys/show-key.ts');
      const path = key === undefined ? undefined : await context.wholePath(key);
      const passphrase = flags.passphraseStdin ? 'stdin' : 'terminal';
      const shown = await showKey(
        { path, copy: flags.copy === true, passphrase },
        await context.tools('keys'),
      );
      context.reporter.info(`the public half of ${shown.path}, ${shown.algorithm} ${shown.sha256}`);
      context.reporter.result(shown, shown.publicKey);
      if (flags.copy) tellCopied(shown.copiedWith, context);
    });
}

function tellCopied(way: string | undefined, { reporter }: Context): void {
  if (way === undefined) {
    reporter.warn(
      'there is no clipboard to copy it to',
      'copy the line above, or install wl-copy, xclip or xsel',
    );
  } else if (way === 'terminal') {
    reporter.info(
      'handed to your terminal for its clipboard (OSC 52); some terminals ask first or do not take it',
    );
  } else {
    reporter.info(`copied to the clipboard with ${way}`);
  }
}
