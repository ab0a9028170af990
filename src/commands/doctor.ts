/** `bai doctor [SESSION]` */

import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { adviceLines, bundleLines, stageLines } from '../core/doctor/stage-lines.ts';
import { UsageError } from '../errors.ts';
import type { Bundle } from '../services/doctor/bundle.ts';
import type { Examined } from '../services/doctor/doctor.ts';
import type { DoctorTools } from '../services/doctor/doctor-tools.ts';
import { type AccountFlags, loginOptions, useAccount } from './app/account.ts';
import { addWayOptions, useWay, type WayFlags } from './app/way.ts';
import { type OwnerFlags, ownerOption, useOwner } from './session/owner.ts';

interface Flags extends AccountFlags, WayFlags, OwnerFlags {
  readonly bundle?: string;
  readonly force?: boolean;
}

export function define(command: Command, context: Context): void {
  for (const option of loginOptions()) command.addOption(option);
  addWayOptions(command)
    .argument('[session]', 'name or id; without one the way ends at your account')
    .addOption(ownerOption())
    .option('--bundle <file>', 'write what was found into a file to send to who helps you, without secrets')
    .option('-f, --force', 'replace that file when it is there')
    .addHelpText('after', help)
    .action(async (session: string | undefined, flags: Flags) => {
      checkFlags(session, flags);
      useAccount(context, flags);
      useWay(context, flags);
      useOwner(context, flags);
      await run(session, flags, context);
    });
}

function checkFlags(session: string | undefined, { owner, bundle, force }: Flags): void {
  if (owner !== undefined && session === undefined)
    throw new UsageError('--owner is for a session of theirs: name it', {
      hint: '`bai session list --owner ACCESS-KEY` shows which there are',
    });
  if (bundle === '') throw new UsageError('--bundle takes the name of a file');
  if (force === true && bundle === undefined) throw new UsageError('--force is for --bundle FILE');
}

async function run(session: string | undefined, flags: Flags, context: Context): Promise<void> {
  const { examine } = await import('../services/doctor/doctor.ts');
  const tools = await context.tools('doctor');
  const path = flags.bundle === undefined ? undefined : await context.wholePath(flags.bundle);
  const isForced = flags.force === true;
  if (path !== undefined) await tools.bundle.check(path, isForced);
  const { reporter, stdout } = context;
  const width = stdout.isTTY ? (stdout.columns ?? 0) : 0;
  const tell = (lines: readonly string[]): void => {
    if (!reporter.json) reporter.result(undefined, lines);
  };
  const examined = await examine({ session, ended: (outcome) => tell(stageLines(outcome, width)) }, tools);
  tell(adviceLines(examined.outcomes, examined.failed, width));
  const bundle = path === undefined ? undefined : await writeTo(path, isForced, { examined, tools });
  if (bundle !== undefined) tell(bundleLines(bundle, width));
  if (reporter.json) reporter.result({ ...examined.report, ...(bundle && { bundle }) }, '');
  context.exitCode = examined.report.exitCode;
}

interface Wished {
  readonly examined: Examined;
  readonly tools: DoctorTools;
}

async function writeTo(path: string, isForced: boolean, { examined, tools }: Wished): Promise<Bundle> {
  const { writeBundle } = await import('../services/doctor/bundle.ts');
  return await writeBundle({ path, isForced, report: examined.report }, tools.bundle);
}

const help = `
Each stage is tried by what bai itself goes by; those that need one that failed
are not tried. Exit status: 0, or that of the first failure.`;
