/** `bai key generate` */

import { join } from 'node:path';
import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { UsageError } from '../../errors.ts';
import { oneOf, wholeNumber } from '../shared/options.ts';
import { type PassphraseFlags, passphraseSource } from './passphrase-flags.ts';

interface Flags extends PassphraseFlags {
  readonly type: string;
  readonly bits?: string;
  readonly comment?: string;
  readonly output?: string;
  readonly ppk?: boolean;
  readonly force?: boolean;
}

const types = ['ed25519', 'rsa', 'ecdsa'] as const;

export function define(command: Command, context: Context): void {
  command
    .option('-t, --type <type>', `one of ${types.join(', ')}`, 'ed25519')
    .option(
      '-b, --bits <number>',
      'size: RSA 2048 to 16384, ECDSA 256, 384 or 521 (default: 4096 for RSA, 256 for ECDSA)',
    )
    .option('-C, --comment <text>', 'a comment to tell the key from others (default: you@this machine)')
    .option('-o, --output <file>', 'where to save it (default: ~/.ssh/id_TYPE)')
    .option('--ppk', 'also write the file for PuTTY, WinSCP and FileZilla next to it')
    .option('--passphrase-stdin', 'read the passphrase from stdin, where there is no terminal')
    .option('--no-passphrase', 'protect it by its file mode only, without a passphrase')
    .option('-f, --force', 'replace an existing key')
    .action(async (flags: Flags) => {
      const type = oneOf('--type', flags.type, types);
      const bits = checkBits(type, wholeNumber('--bits', flags.bits, 1));
      const tools = await context.tools('keys');
      const path =
        flags.output === undefined
          ? join(tools.own.folder, `id_${type}`)
          : await context.wholePath(flags.output);
      const { generateKey } = await import('../../services/keys/generate-key.ts');
      const request = { type, bits, path, comment: flags.comment, passphrase: passphraseSource(flags) };
      const made = await generateKey(
        { ...request, ppk: flags.ppk === true, force: flags.force === true },
        tools,
      );
      context.reporter.info(`the public half is in ${made.publicPath}`);
      if (made.ppkPath !== undefined) context.reporter.info(`the file for PuTTY is ${made.ppkPath}`);
      context.reporter.info(`${made.sha256} ${made.comment}`);
      for (const line of made.randomart) context.reporter.info(line);
      context.reporter.result(made, made.path);
    });
}

function checkBits(type: (typeof types)[number], bits: number | undefined): number | undefined {
  if (bits === undefined) return undefined;
  if (type === 'ed25519') throw new UsageError('Ed25519 keys have one size: leave --bits out');
  const fits =
    type === 'rsa' ? bits >= 2048 && bits <= 16_384 && bits % 8 === 0 : [256, 384, 521].includes(bits);
  if (fits) return bits;
  const sizes = type === 'rsa' ? 'from 2048 to 16384, in steps of 8' : 'of 256, 384 or 521';
  throw new UsageError(`--bits ${bits}: ${type.toUpperCase()} keys are made with sizes ${sizes}`);
}
