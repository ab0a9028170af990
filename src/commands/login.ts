/** `bai login [ADDRESS]` */

import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { shownTime } from '../core/text/shown-time.ts';
import { UsageError } from '../errors.ts';
import type { LoginRequest, LoginResult } from '../services/sign-in/login.ts';

interface Flags {
  readonly email?: string;
  readonly accessKey?: string;
  readonly passwordStdin?: boolean;
  readonly secretKeyStdin?: boolean;
  readonly tokenStdin?: boolean;
  readonly otp?: string;
  readonly force?: boolean;
  readonly yes?: boolean;
}

export function define(command: Command, context: Context): void {
  command
    .argument('[address]', 'what you type in the browser, or the address of an API (default: bai asks)')
    .option('--email <e-mail>', 'of an account at a web console')
    .option('--password-stdin', 'read the password from stdin')
    .option('--otp <code>', 'a code, where the account has a second factor')
    .option('--force', 'end the oldest login where the account has as many as it may have')
    .option('--access-key <key>', "of a keypair, for a manager's own address")
    .option('--secret-key-stdin', 'read the secret key from stdin')
    .option('--token-stdin', 'read the API token or API key from stdin (UCloud, Rescale)')
    .option('-y, --yes', 'send secrets over an unencrypted line too')
    .addHelpText('after', examples)
    .action(async (address: string | undefined, flags: Flags) => {
      const { logIn } = await import('../services/sign-in/login.ts');
      const { endpoint } = command.optsWithGlobals<{ readonly endpoint?: string }>();
      context.allowNewProfile();
      const request = readRequest(address ?? endpoint, flags);
      const result = await logIn(request, await context.tools('signIn'));
      tell(result, context, command.optsWithGlobals<{ readonly profile?: string }>().profile);
    });
}

const examples = `
Examples:
  bai login https://console.example.com
  bai --profile lab login https://console.example.com --email kim@example.com
  pass show backendai | bai login https://console.example.com --email kim@example.com --password-stdin`;

function readRequest(address: string | undefined, flags: Flags): LoginRequest {
  const piped = [
    ...(flags.passwordStdin ? (['password'] as const) : []),
    ...(flags.secretKeyStdin ? (['secretKey'] as const) : []),
    ...(flags.tokenStdin ? (['token'] as const) : []),
  ];
  if (piped.length > 1)
    throw new UsageError('only one secret can come from stdin', {
      hint: 'give one of --password-stdin, --secret-key-stdin and --token-stdin',
    });
  const { email, accessKey, otp, force, yes } = flags;
  return { address, email, accessKey, piped: piped[0], code: otp, force: force === true, yes: yes === true };
}

function tell({ account, ...result }: LoginResult, { reporter }: Context, typed: string | undefined): void {
  const { profile, endpoint, secretsIn, endsAt } = result;
  const until = endsAt === undefined ? '' : `, until ${shownTime(endsAt)}`;
  const place = secretsIn === 'keyring' ? "the system's keyring" : 'a file that only you can read';
  reporter.info(`signed in to ${endpoint}${until}; kept in profile "${profile}", its secrets in ${place}`);
  const { text, ...facts } = account;
  reporter.result({ ...result, ...facts }, text);
  const bai = typed === undefined ? 'bai' : `bai -P ${profile}`;
  reporter.info(`next: ${bai} session list   or   ${bai} session create`);
}
