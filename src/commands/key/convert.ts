/** `bai key convert KEY --to FORMAT` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { UsageError } from '../../errors.ts';
import { oneOf } from '../shared/options.ts';

interface Flags {
  readonly to: string;
  readonly ppkVersion?: string;
  readonly output?: string;
  readonly force?: boolean;
  readonly newPassphrase?: boolean;
  readonly passphraseStdin?: boolean;
  /** False after --no-passphrase. */
  readonly passphrase?: boolean;
}

const formats = ['ppk', 'openssh', 'pem', 'pkcs8'] as const;

export function define(command: Command, context: Context): void {
  command
    .argument('<key>', 'a private key file of OpenSSH, PuTTY, PEM or PKCS#8')
    .requiredOption('--to <format>', `one of ${formats.join(', ')}`)
    .option(
      '--ppk-version <version>',
      'one of 2, 3 (default: 3); 2 for PuTTY before 0.75 and old programs with its code',
    )
    .option(
      '-o, --output <file>',
      'where to save it (default: next to it, with the extension .ppk, .pem, .p8 or none)',
    )
    .option('--new-passphrase', 'protect the new file with another passphrase')
    .option('--no-passphrase', 'protect the new file by its mode only, without a passphrase')
    .option('--passphrase-stdin', 'read the passphrase from stdin, and a new one from its second line')
    .option('-f, --force', 'replace an existing file')
    .action(async (key: string, flags: Flags) => {
      const { convertKey } = await import('../../services/keys/convert-key.ts');
      const request = {
        path: await context.wholePath(key),
        to: oneOf('--to', flags.to, formats),
        ppkVersion: ppkVersion(flags),
        output: flags.output === undefined ? undefined : await context.wholePath(flags.output),
        force: flags.force === true,
        source: flags.passphraseStdin ? ('stdin' as const) : ('terminal' as const),
        protection: protection(flags),
      };
      const made = await convertKey(request, await context.tools('keys'));
      context.reporter.info(
        `${made.type} ${made.sha256}, ${made.passphrase ? 'with its passphrase' : 'without a passphrase'}`,
      );
      context.reporter.result(made, made.path);
    });
}

function ppkVersion({ ppkVersion, to }: Flags): 2 | 3 {
  if (ppkVersion === undefined) return 3;
  if (to !== 'ppk') throw new UsageError('--ppk-version can only be used with --to ppk');
  return oneOf('--ppk-version', ppkVersion, ['2', '3']) === '2' ? 2 : 3;
}

function protection({ newPassphrase, passphrase }: Flags): 'same' | 'none' | 'new' {
  if (newPassphrase && passphrase === false) {
    throw new UsageError('--new-passphrase and --no-passphrase cannot be used together');
  }
  if (newPassphrase) return 'new';
  return passphrase === false ? 'none' : 'same';
}
