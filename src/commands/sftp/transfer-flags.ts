/** The options that put, get and sync share. */

import { type Command, Option } from 'commander';
import { finderRules } from '../../core/sftp/finder-files.ts';
import { type PathFilter, type PathRule, pathFilter } from '../../core/sftp/path-filter.ts';
import type { TransferOptions } from '../../core/sftp/transfer-options.ts';
import { byteRate, oneOf } from '../shared/options.ts';

const overwriteRules = ['overwrite', 'skip', 'newer', 'different', 'fail'] as const;

const ways = ['auto', 'sftp', 'tar'] as const;

export interface TransferFlags {
  readonly preserve?: boolean;
  readonly ifExists?: string;
  readonly via?: string;
  readonly limit?: string;
  /** Undefined when neither --verify nor --no-verify was given. */
  readonly verify?: boolean;
}

/** Adds the options for both directions; what is returned holds the rules in the order they were written. */
export function addTransferOptions(command: Command): readonly PathRule[] {
  command
    .option('-p, --preserve', 'keep times and permission bits (never setuid, setgid or sticky)', false)
    .option(
      '--if-exists <rule>',
      `what to do with a file that already exists, one of ${overwriteRules.join(', ')}`,
      'overwrite',
    );
  return addFilterOptions(command);
}

export function addFilterOptions(command: Command): readonly PathRule[] {
  const rules: PathRule[] = [];
  const rule = (action: PathRule['action'], summary: string): Option =>
    new Option(`--${action} <pattern>`, summary).argParser((pattern) => {
      rules.push({ action, pattern });
      return true;
    });
  command
    .addOption(rule('exclude', 'skip what matches; the first rule that matches decides'))
    .addOption(rule('include', 'include what matches even if a later --exclude matches too'))
    .option('--via <way>', `how many small files go, one of ${ways.join(', ')}`, 'auto')
    .option(
      '--limit <rate>',
      'at most so many bytes a second, over all connections, such as 10M (MiB/s) or 500K',
    )
    .option('--verify', 'compare checksums of all files, not only of large and resumed ones')
    .option('--no-verify', 'compare sizes only');
  return rules;
}

/** For what goes out of folders of this machine. */
export function addAllOption(command: Command): void {
  command.option('--all', 'on macOS also .DS_Store and ._* files, which it makes by itself', false);
}

/** What takes part on macOS where `--all` is not given. */
export function filterOnMac(all: boolean, rules: readonly PathRule[]): PathFilter | undefined {
  return all ? undefined : pathFilter([...rules, ...finderRules]);
}

export function readTransferOptions(flags: TransferFlags, rules: readonly PathRule[]): TransferOptions {
  return {
    preserve: flags.preserve === true,
    ifExists: oneOf('--if-exists', flags.ifExists ?? 'overwrite', overwriteRules),
    verify: flags.verify === undefined ? 'auto' : flags.verify ? 'always' : 'never',
    via: oneOf('--via', flags.via ?? 'auto', ways),
    accepts: pathFilter(rules),
    bytesPerSecond: byteRate('--limit', flags.limit),
  };
}
