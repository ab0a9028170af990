/** `bai session create IMAGE` with Backend.AI; option names are those of the Python client where it has one. */

import { randomBytes } from 'node:crypto';
import { type Command, Option } from 'commander';
import type { Context } from '../../context.ts';
import { UsageError } from '../../errors.ts';
import { isMountable, parseMounts, usualRequest } from '../../providers/backend-ai/create/create-request.ts';
import type { ComputeSessionRequest } from '../../providers/backend-ai/session/compute-session.ts';
import type { AskedSession, AskSessionRequest } from '../../services/session/ask-session.ts';
import { collect, keyValues, whichOf, wholeNumber } from '../shared/options.ts';
import { type CreateStart, needed, type SessionKind } from './session-kind.ts';

const sessionTypes = ['interactive', 'batch', 'inference', 'system'] as const;
const clusterModes = ['single-node', 'multi-node'] as const;

interface Flags {
  readonly name?: string;
  readonly type?: string;
  readonly mount?: readonly string[];
  readonly env?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceOpts?: readonly string[];
  readonly clusterSize?: string;
  readonly clusterMode?: string;
  readonly scalingGroup?: string;
  readonly project?: string;
  readonly domain?: string;
  readonly arch?: string;
  readonly startupCommand?: string;
  readonly bootstrapScript?: string;
  readonly tag?: string;
  readonly priority?: string;
  readonly preopen?: readonly string[];
  readonly reuse: boolean;
}

export const backendAi: SessionKind = { define, read, asking: { wish, flagsOf } };

function define(command: Command): void {
  command
    .option('-m, --mount <folder[=path]>', 'mount a virtual folder (repeatable)', collect)
    .addOption(
      new Option('-v, --volume <folder[=path]>', 'the same as --mount').argParser(collect).hideHelp(),
    )
    .option('-e, --env <name=value>', 'set an environment variable (repeatable)', collect)
    .option(
      '-r, --resources <slot=amount>',
      'ask for resources, such as -r cpu=2 -r mem=4g (repeatable)',
      collect,
    )
    .option('--resource-opts <name=value>', 'resource options, such as shmem=64m (repeatable)', collect)
    .option('--cluster-size <count>', 'number of containers (default: 1)')
    .option('--cluster-mode <mode>', `one of ${clusterModes.join(', ')} (default: single-node)`)
    .option('--type <type>', `one of ${sessionTypes.join(', ')} (default: interactive)`)
    .option('--sgroup, --scaling-group <name>', 'the resource group to run in')
    .option('-g, --project <name>', 'the project to run in')
    .option('-d, --domain <name>', 'the domain to run in')
    .option('--architecture, --arch <name>', 'architecture of the image, such as x86_64 or aarch64')
    .option(
      '-c, --startup-command <command>',
      'run this when the session starts; a batch session is this command',
    )
    .option('--bootstrap-script <path>', 'run this script before anything else in the container')
    .option('--tag <text>', 'a tag to find the session by')
    .option('--priority <number>', 'place in the queue, 0 to 100 (managers from 24.09)')
    .option('--preopen <port[,port]>', 'ports inside the session to make reachable (repeatable)', collect)
    .option('--reuse', 'use an existing session of that name (default)', true)
    .option('--no-reuse', 'fail if there is one')
    .addOption(new Option('--group <name>').hideHelp())
    .addOption(new Option('--client-token <name>').hideHelp())
    .addOption(new Option('--enqueue-only').hideHelp());
}

async function read(
  { what, like }: CreateStart,
  flags: Flags & Aliases,
  context: Context,
): Promise<ComputeSessionRequest> {
  const { architecture, ...base } = (like ?? {}) as Partial<Omit<ComputeSessionRequest, 'name'>>;
  const { name, environment, resources, resourceOptions, ...given } = readRequest(flags);
  const usual = usualRequest(what ?? needed(base.image), name, await context.settings());
  return {
    ...usual,
    ...base,
    // Another image may be of another one.
    ...(what === undefined ? architecture !== undefined && { architecture } : { image: what }),
    ...given,
    name,
    mounts: { ...usual.mounts, ...base.mounts, ...mountsOf(flags) },
    environment: { ...base.environment, ...environment },
    resources: { ...base.resources, ...resources },
    resourceOptions: { ...base.resourceOptions, ...resourceOptions },
    ...(await bootstrapOf(flags, context)),
  };
}

function mountsOf({ mount, volume }: Flags & Aliases): Record<string, string> {
  return parseMounts([...(mount ?? []), ...(volume ?? [])]);
}

async function wish(flags: Flags & Aliases, context: Context): Promise<AskSessionRequest> {
  const mounted = [...Object.keys(usualRequest('', '', await context.settings()).mounts)];
  const has = {
    folders: flags.mount !== undefined || flags.volume !== undefined,
    resources: flags.resources !== undefined,
  };
  const scope = { project: flags.project ?? flags.group, group: flags.scalingGroup };
  return { has, mounted, isMountable, scope };
}

function flagsOf(asked: AskedSession): Record<string, string | readonly string[]> {
  const { architecture, folders, group, resources } = asked;
  return {
    ...(architecture !== undefined && { arch: architecture }),
    ...(folders.length > 0 && { mount: folders }),
    ...(group !== undefined && { scalingGroup: group }),
    ...(resources.length > 0 && { resources }),
  };
}

/** Further names that the Python client has for the same options. */
interface Aliases {
  readonly group?: string;
  readonly clientToken?: string;
  readonly volume?: readonly string[];
}

/** What is not given is left out, but for what is put together with that of another session. */
type FromFlags = Partial<ComputeSessionRequest> &
  Pick<ComputeSessionRequest, 'name' | 'environment' | 'resources' | 'resourceOptions'>;

function readRequest(flags: Flags & Aliases): FromFlags {
  const given = withoutNothing({
    type: whichOf('--type', flags.type, sessionTypes),
    project: flags.project ?? flags.group,
    domain: flags.domain,
    clusterSize: wholeNumber('--cluster-size', flags.clusterSize, 1),
    clusterMode: whichOf('--cluster-mode', flags.clusterMode, clusterModes),
    preopenPorts: flags.preopen?.flatMap((text) => text.split(',')).map(preopenPort),
    reuse: flags.reuse,
    architecture: flags.arch,
    resourceGroup: flags.scalingGroup,
    startupCommand: flags.startupCommand,
    tag: flags.tag,
    priority: wholeNumber('--priority', flags.priority, 0),
  });
  return {
    ...given,
    name: flags.name ?? flags.clientToken ?? `bai-${randomBytes(4).toString('hex')}`,
    environment: keyValues('--env', flags.env),
    resources: keyValues('--resources', flags.resources),
    resourceOptions: keyValues('--resource-opts', flags.resourceOpts),
  };
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function withoutNothing<T extends object>(values: T): Given<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Given<T>;
}

/** 2000, 2001, 2200 and 7681 belong to the session's own services. */
const ownPorts = new Set([2000, 2001, 2200, 7681]);

function preopenPort(text: string): number {
  const port = wholeNumber('--preopen', text.trim(), 1024) ?? 0;
  if (port > 65_535 || ownPorts.has(port)) {
    throw new UsageError(`--preopen cannot open port ${text}`, {
      hint: 'use 1024 to 65535, but not 2000, 2001, 2200 or 7681',
    });
  }
  return port;
}

const scriptLimit = { mostBytes: 1 << 20, thing: 'a bootstrap script may be (1 MiB)' };

async function bootstrapOf(flags: Flags, context: Context): Promise<{ bootstrapScript?: string }> {
  if (flags.bootstrapScript === undefined) return {};
  const bytes = await context.readNamedFile(flags.bootstrapScript, scriptLimit);
  return { bootstrapScript: Buffer.from(bytes).toString() };
}
