/** What there is to run on: resource groups of one machine each, presets, and what accounts are allowed. */

/** By slot, such as `cpu`; memory in bytes. */
export type Slots = Readonly<Record<string, number>>;

export interface EmulatedGroup {
  readonly name: string;
  /** What its machine has; a group without one when left out. */
  readonly machine?: Slots;
}

export interface EmulatedPreset {
  readonly name: string;
  readonly slots: Slots;
}

export interface EmulatedResources {
  readonly groups: readonly EmulatedGroup[];
  readonly presets: readonly EmulatedPreset[];
  /** Of each access key; a slot that is not in it has no limit. */
  readonly limits: Slots;
  /** Only administrators see machines. */
  readonly hidesMachines: boolean;
}

const gibibyte = 1024 ** 3;

export const defaultResources: EmulatedResources = {
  groups: [{ name: 'default', machine: { cpu: 64, mem: 256 * gibibyte } }],
  presets: [
    { name: 'small', slots: { cpu: 1, mem: gibibyte } },
    { name: 'large', slots: { cpu: 16, mem: 64 * gibibyte } },
  ],
  limits: {},
  hidesMachines: false,
};

/** Every slot that some machine has, and the two that each session takes. */
export function slotNames({ groups }: EmulatedResources): readonly string[] {
  return [...new Set(['cpu', 'mem', ...groups.flatMap(({ machine }) => Object.keys(machine ?? {}))])];
}
