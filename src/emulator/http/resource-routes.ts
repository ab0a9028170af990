/** How much of the resource groups is free, and what of it the caller may have. */

import { type Account, stableUuid } from '../model/accounts.ts';
import { internalError, invalidParams, Problem } from '../model/problems.ts';
import type { ReleaseBehaviour } from '../model/release.ts';
import { type EmulatedGroup, type EmulatedPreset, type Slots, slotNames } from '../model/resources.ts';
import { type Answer, ok } from '../server/answer.ts';
import type { Exchange, Machine, Route } from '../session/exchange.ts';
import { type RequestParameters, readParameters } from '../session/parameters.ts';
import type { Session } from '../session/session.ts';

export function resourceRoutes(machine: Machine): readonly Route[] {
  return [
    { method: 'GET', path: '/resource/presets', handle: () => listPresets(machine) },
    {
      method: 'POST',
      path: '/resource/check-presets',
      handle: (exchange) => checkPresets(machine, exchange),
    },
  ];
}

function listPresets({ behaviour, resources }: Machine): Answer {
  return ok({ presets: resources.presets.map((preset) => shownPreset(behaviour, preset)) });
}

function checkPresets(machine: Machine, exchange: Exchange): Answer {
  const { behaviour, resources, sessions } = machine;
  const { account } = exchange;
  const parameters = readParameters(exchange, behaviour, 'body').allowOnly(['group', 'scaling_group']);
  checkProject(behaviour, account, parameters);
  const names = slotNames(resources);
  // What waits for a place has none yet, and uses nothing.
  const live = sessions.all().filter(({ isLive, status }) => isLive && status !== 'PENDING');
  const own = live.filter(({ spec }) => spec.account.accessKey === account.accessKey);
  const using = sumOf(own, names);
  const limits = slotsOf(names, (name) => resources.limits[name] ?? Number.POSITIVE_INFINITY);
  const allowed = slotsOf(names, (name) => (limits[name] ?? 0) - (using[name] ?? 0));
  const groups = groupsOf(machine, parameters).map((group) => ({
    ...{ name: group.name, free: freeOf(group, live, names) },
    using: sumOf(sessionsOf(group, own), names),
  }));
  return ok({
    ...shownAccount(behaviour, { limits, using, allowed }),
    ...shownGroups(behaviour, groups, allowed),
    presets: resources.presets.map((preset) => ({
      ...shownPreset(behaviour, preset),
      allocatable: groups.some(({ free }) => fits(preset.slots, lesserOf(allowed, free))),
    })),
  });
}

/** What a whole project has is for its administrators, unless the site says otherwise. */
function shownAccount(
  behaviour: ReleaseBehaviour,
  { limits, using, allowed }: { readonly limits: Slots; readonly using: Slots; readonly allowed: Slots },
): Record<string, unknown> {
  const untold = written(
    behaviour,
    slotsOf(Object.keys(limits), () => Number.NaN),
  );
  return {
    keypair_limits: written(behaviour, limits),
    keypair_using: written(behaviour, using),
    keypair_remaining: written(behaviour, allowed),
    ...{ group_limits: untold, group_using: untold, group_remaining: untold },
  };
}

interface GroupUse {
  readonly name: string;
  readonly free: Slots;
  /** By the caller. */
  readonly using: Slots;
}

function shownGroups(
  behaviour: ReleaseBehaviour,
  groups: readonly GroupUse[],
  allowed: Slots,
): Record<string, unknown> {
  const all = slotsOf(Object.keys(allowed), (name) =>
    groups.reduce((sum, { free }) => sum + (free[name] ?? 0), 0),
  );
  return {
    scaling_group_remaining: written(behaviour, lesserOf(allowed, all)),
    scaling_groups: Object.fromEntries(
      groups.map(({ name, free, using }) => [
        name,
        {
          using: written(behaviour, using),
          remaining: written(behaviour, lesserOf(allowed, free)),
        },
      ]),
    ),
  };
}

function checkProject(behaviour: ReleaseBehaviour, account: Account, parameters: RequestParameters): void {
  // Releases that read their parameters in one place want it, others take the usual one for granted.
  const project =
    behaviour.generation === 'C' ? parameters.requiredText('group') : (parameters.text('group') ?? 'default');
  if (project === 'default' && account.hasNoRole !== true) return;
  if (!behaviour.atLeast('26.3')) throw internalError();
  throw new Problem(404, {
    slug: 'project-not-found',
    title: 'Project not found.',
    code: 'project_read_not-found',
    msg: `Project not found (name: ${project})`,
  });
}

function groupsOf(
  { behaviour, resources }: Machine,
  parameters: RequestParameters,
): readonly EmulatedGroup[] {
  const wanted = parameters.text('scaling_group');
  if (wanted === undefined) return resources.groups;
  const group = resources.groups.find(({ name }) => name === wanted);
  if (group !== undefined) return [group];
  if (!behaviour.entityErrors) throw invalidParams('Unknown scaling group');
  throw new Problem(404, {
    slug: 'entity-not-found',
    title: 'Entity not found.',
    code: 'resource-group_read_not-found',
    msg: 'No ResourceGroupRow matches the given key',
  });
}

/** What is left of its machine. */
function freeOf(group: EmulatedGroup, live: readonly Session[], names: readonly string[]): Slots {
  const used = sumOf(sessionsOf(group, live), names);
  return slotsOf(names, (slot) => Math.max(0, (group.machine?.[slot] ?? 0) - (used[slot] ?? 0)));
}

function sessionsOf({ name }: EmulatedGroup, sessions: readonly Session[]): readonly Session[] {
  return sessions.filter(({ spec }) => spec.resourceGroup === name);
}

function sumOf(sessions: readonly Session[], names: readonly string[]): Slots {
  const sum = (amount: (session: Session) => number): number =>
    sessions.reduce((total, session) => total + amount(session) * session.spec.clusterSize, 0);
  const used: Slots = { cpu: sum(({ spec }) => spec.cpu), mem: sum(({ spec }) => spec.memory) };
  return slotsOf(names, (name) => used[name] ?? 0);
}

function slotsOf(names: readonly string[], amount: (name: string) => number): Slots {
  return Object.fromEntries(names.map((name) => [name, amount(name)]));
}

function lesserOf(a: Slots, b: Slots): Slots {
  return slotsOf(Object.keys(a), (name) => Math.min(a[name] ?? 0, b[name] ?? 0));
}

function fits(wanted: Slots, there: Slots): boolean {
  return Object.entries(wanted).every(([name, amount]) => amount <= (there[name] ?? 0));
}

function shownPreset(behaviour: ReleaseBehaviour, { name, slots }: EmulatedPreset): Record<string, unknown> {
  return {
    ...(behaviour.atLeast('26.3') && { id: stableUuid(`preset ${name}`) }),
    name,
    resource_slots: Object.fromEntries(Object.entries(slots).map(([slot, amount]) => [slot, String(amount)])),
    shared_memory: null,
  };
}

/** As texts; where they come out of a database's own numbers they have six places. */
function written(behaviour: ReleaseBehaviour, slots: Slots): Record<string, string> {
  const places = behaviour.atLeast('26.3') ? 6 : 0;
  return Object.fromEntries(
    Object.entries(slots).map(([name, amount]) => [
      name,
      Number.isFinite(amount) && amount !== 0 ? amount.toFixed(places) : String(amount),
    ]),
  );
}
