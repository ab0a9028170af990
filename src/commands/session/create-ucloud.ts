/** `bai session create APP` with UCloud: a job of an application, with SSH on. */

import type { Command } from 'commander';
import type { JobRequest } from '../../providers/ucloud/create-job.ts';
import { collect, duration, keyValues, wholeNumber } from '../shared/options.ts';
import { type CreateStart, needed, type SessionKind } from './session-kind.ts';

export const ucloud: SessionKind = { define, read };

interface Flags {
  readonly name?: string;
  readonly product?: string;
  readonly time?: string;
  readonly param?: readonly string[];
  readonly folder?: readonly string[];
  readonly nodes?: string;
}

function define(command: Command): void {
  command
    .option('--product <category/id[@provider]>', 'the machine; an error names the choices')
    .option('--time <time>', 'how long the job may run, such as 90m or 8h')
    .option('--param <name=value>', 'a parameter of the application (repeatable)', collect)
    .option('--folder </drive/path>', 'a folder to mount (repeatable)', collect)
    .option('--nodes <count>', 'number of machines; SSH leads to the first');
}

async function read({ what }: CreateStart, flags: Flags): Promise<JobRequest> {
  const application = needed(what);
  const { name, product, time, param, folder, nodes } = flags;
  const timeMs = duration('--time', time);
  return {
    ...{ application, product },
    ...(name !== undefined && { name }),
    parameters: keyValues('--param', param),
    folders: folder ?? [],
    nodes: wholeNumber('--nodes', nodes, 1) ?? 1,
    ...(timeMs !== undefined && { timeMs }),
  };
}
