/** The `config` object of session creation. */

import { internalError, invalidParams, notFound, Problem } from '../model/problems.ts';
import type { ReleaseBehaviour } from '../model/release.ts';
import type { Machine } from './exchange.ts';

export interface CreateConfig {
  readonly environ: Readonly<Record<string, string>>;
  readonly cpu: number;
  /** Bytes. */
  readonly memory: number;
  readonly resourceGroup: string;
  /** Folder name or id, and where it goes in the client's terms. */
  readonly mounts: readonly (readonly [name: string, target: string | undefined])[];
  readonly preopenPorts: readonly number[];
}

const leastMemory = 128 * 1024 * 1024;

/** Unknown keys in here are an internal error in generations A and B, and ignored in C. */
export function readConfig(machine: Machine, apiVersion: string, value: unknown): CreateConfig {
  const { behaviour } = machine;
  const config = objectOf(value ?? {});
  if (behaviour.generation !== 'C') {
    const known = new Set(knownKeys(behaviour, apiVersion));
    if (Object.keys(config).some((key) => !known.has(key))) throw internalError();
  }
  const resources = objectOf(config['resources'] ?? {});
  const strange = Object.keys(resources).find((slot) => slot !== 'cpu' && slot !== 'mem');
  if (strange !== undefined) throw unknownSlot(behaviour, strange);
  for (const [slot, amount] of Object.entries(resources)) checkAmount(slot, amount);
  const cpu = Number(resources['cpu'] ?? 1);
  const memory = bytesOf(resources['mem'] ?? leastMemory);
  if (!(cpu >= 1) || !(memory >= leastMemory)) throw tooSmall(behaviour);
  const resourceGroup = resourceGroupOf(machine, config['scaling_group'] ?? config['scalingGroup']);
  return {
    environ: textsOf(config['environ']),
    cpu,
    memory,
    resourceGroup,
    mounts: [
      ...mountsOf(machine, config['mounts'], config['mount_map'] ?? config['mountMap']),
      ...mountsOf(machine, config['mount_ids'], config['mount_id_map']),
      ...machine.folders.inEverySession().map((name) => [name, undefined] as const),
    ],
    preopenPorts: listOf(config['preopen_ports'] ?? config['preopenPorts']).map(Number),
  };
}

function knownKeys(behaviour: ReleaseBehaviour, apiVersion: string): readonly string[] {
  const major = Number.parseInt(apiVersion.slice(1), 10);
  const keys = ['mounts', 'mount_map', 'mountMap', 'environ', 'resources', 'resource_opts', 'resourceOpts'];
  keys.push('scaling_group', 'scalingGroup', 'preopen_ports', 'preopenPorts', 'agent_list', 'agentList');
  if (behaviour.atLeast('24.03')) keys.push('mount_options', 'mountOptions');
  if (behaviour.atLeast('24.12') && major >= 8) keys.push('attach_network', 'attachNetwork');
  if (major >= 9) keys.push('mount_ids', 'mountIds', 'mount_id_map', 'mountIdMap');
  return keys;
}

function tooSmall(behaviour: ReleaseBehaviour) {
  return invalidParams(
    behaviour.generation === 'C'
      ? 'kernel_specs[0] resource request is smaller than the image minimum (cpu=1 mem=128m).'
      : 'Your resource request is smaller than the minimum required by the image. (cpu=1 mem=128m)',
  );
}

/** The first one where none is named. */
function resourceGroupOf({ behaviour, resources }: Machine, value: unknown): string {
  const found = resources.groups.find(({ name }) => value === undefined || value === null || name === value);
  if (found !== undefined) return found.name;
  const name = typeof value === 'string' ? value : JSON.stringify(value);
  throw notFound(
    'No such scaling group.',
    scalingGroupWords(behaviour, name),
    behaviour.entityErrors ? 'resource-group_read_not-found' : 'scaling-group_read_not-found',
  );
}

function mountsOf({ behaviour, folders }: Machine, names: unknown, map: unknown): CreateConfig['mounts'] {
  const targets = textsOf(map);
  return listOf(names).map((item) => {
    const name = String(item);
    const isOdd = name === '.' || name === '..' || name.includes('/') || name.includes('\0');
    if (isOdd || !folders.has(name)) throw noSuchFolder(behaviour, name);
    return [name, targets[name]] as const;
  });
}

/** 23.09.10 tells no name, 26.4.16 has it as data. */
function noSuchFolder(behaviour: ReleaseBehaviour, name: string): Problem {
  return new Problem(404, {
    slug: 'object-not-found',
    title: 'No such virtual folder.',
    code: 'vfolder_read_not-found',
    ...(behaviour.atLeast('26.3') ? { data: [name] } : { msg: 'There is no accessible vfolders at all.' }),
  });
}

function unknownSlot(behaviour: ReleaseBehaviour, slot: string): Problem {
  const said = `Unknown slot type: '${slot}'`;
  if (!behaviour.atLeast('26.3')) return invalidParams(`Invalid resource allocation: ${said}`);
  return new Problem(400, {
    slug: 'unknown-resource-slot-type',
    title: 'Unknown resource slot type.',
    code: 'backendai_parsing_not-found',
    msg: said,
  });
}

function checkAmount(slot: string, amount: unknown): void {
  if (!Number.isNaN(bytesOf(amount))) return;
  throw invalidParams(
    `Invalid resource allocation: Cannot convert the slot '${slot}' to decimal: '${String(amount)}'`,
  );
}

function scalingGroupWords(behaviour: ReleaseBehaviour, name: string): string {
  if (behaviour.entityErrors) return name;
  if (behaviour.atLeast('26.3')) return `Resource group ${name} not found`;
  return `The scaling group '${name}' does not exist or you do not have access to the scaling group '${name}'.`;
}

/** `256m`, `2g`, `2GiB` or a number of bytes. */
function bytesOf(value: unknown): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?$/i.exec(String(value));
  if (match === null) return Number.NaN;
  const power = ['', 'k', 'm', 'g', 't'].indexOf((match[2] ?? '').toLowerCase());
  return Math.floor(Number(match[1]) * 1024 ** power);
}

function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw internalError();
  return { ...value };
}

function textsOf(value: unknown): Record<string, string> {
  const pairs = Object.entries(objectOf(value ?? {}));
  return Object.fromEntries(pairs.map(([key, text]) => [key, String(text)]));
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
