/** `bai session create ANALYSIS` with Rescale: a job that waits, with a public key and a rule who may connect. Experimental. */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { UsageError } from '../../errors.ts';
import { parseCidr } from '../../providers/rescale/cidr.ts';
import type { RescaleJobRequest } from '../../providers/rescale/provider.ts';
import { wholeNumber } from '../shared/options.ts';
import { type CreateStart, needed, type SessionKind } from './session-kind.ts';

export const rescale: SessionKind = { define, read };

interface Flags {
  readonly name?: string;
  readonly analysisVersion?: string;
  readonly coreType?: string;
  readonly cores?: string;
  readonly hours?: string;
  readonly command?: string;
  readonly lowPriority?: boolean;
  readonly publicKey?: string;
  readonly cidr?: string;
}

function define(command: Command): void {
  command
    .option('--analysis-version <code>', 'the version of the analysis (default: the only one)')
    .option('--core-type <code>', 'the machine, such as emerald')
    .option('--cores <count>', 'cores of one machine', '1')
    .option('--hours <count>', 'after which Rescale ends the job', '1')
    .option('--command <text>', 'what the job runs (default: one that waits for you)')
    .option('--low-priority', 'cheaper, and taken away when somebody else pays more')
    .option('--public-key <file>', 'the key to let in, RSA or ECDSA (default: that of your Rescale profile)')
    .option(
      '--cidr <rule>',
      'who may connect: everywhere, mine, or addresses (default: the rule of your Rescale profile)',
    );
}

async function read({ what }: CreateStart, flags: Flags, context: Context): Promise<RescaleJobRequest> {
  const analysis = needed(what);
  const { name, coreType, publicKey, cidr } = flags;
  if (coreType === undefined) {
    throw new UsageError('--core-type is needed: which machine the job is for', {
      hint: 'Rescale shows the codes in Hardware Settings of a job, such as emerald',
    });
  }
  return {
    ...{ name: name ?? '', analysis, coreType },
    keyOrigin: publicKey ?? 'the key',
    version: flags.analysisVersion,
    cores: wholeNumber('--cores', flags.cores, 1) ?? 1,
    hours: wholeNumber('--hours', flags.hours, 1) ?? 1,
    command: flags.command,
    isLowPriority: flags.lowPriority === true,
    publicKey: publicKey === undefined ? undefined : await readKey(publicKey, context),
    cidr: cidr === undefined ? undefined : parseCidr(cidr),
  };
}

async function readKey(source: string, context: Context): Promise<RescaleJobRequest['publicKey']> {
  const { findPublicKey } = await import('../../services/keys/find-public-key.ts');
  return findPublicKey(source, await context.tools('authorize'));
}
