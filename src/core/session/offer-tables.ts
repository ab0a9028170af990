/** How what there is for new sessions is shown to people. */

import type { Column, Table } from '../reporter.ts';
import { formatBytes } from '../text/units.ts';
import { bySlot, describeAmounts, isFull } from './amounts.ts';
import type { Amounts, FolderOffer, ImageOffer, ProjectOffer, ResourceOffer } from './offers.ts';

/** `short` has names that stand for the long ones, by which a terminal shows them. */
export function imageTable(
  images: readonly ImageOffer[],
  { short, wide }: { readonly short: ReadonlyMap<string, string>; readonly wide: boolean },
): Table {
  return {
    columns: [
      { title: 'IMAGE', whole: true, short: (reference) => short.get(reference) ?? reference },
      { title: 'ALIASES', short: shortestOf, gives: 'last' },
      { title: 'ARCH', whole: true, gives: 'first' },
      { title: 'SIZE', whole: true, gives: 'first' },
      { title: 'NEEDS', whole: true, gives: 'first' },
      { title: 'INSTALLED', whole: true, gives: 'first' },
    ],
    wide,
    rows: images.map(({ reference, aliases, architecture, least, sizeBytes, isInstalled }) => [
      reference,
      aliases.join(', '),
      architecture,
      sizeBytes === undefined ? undefined : formatBytes(sizeBytes),
      describeAmounts(least),
      yesOrNo(isInstalled),
    ]),
  };
}

/** Of several names the one that is quickest to type, and how many more there are. */
function shortestOf(aliases: string): string {
  const [shortest = '', ...others] = aliases.split(', ').toSorted((a, b) => a.length - b.length);
  return others.length === 0 ? shortest : `${shortest} +${others.length}`;
}

export function folderTable(folders: readonly FolderOffer[], wide: boolean): Table {
  return {
    columns: [
      { title: 'NAME', whole: true },
      { title: 'ACCESS', whole: true, gives: 'last' },
      { title: 'OWNER', gives: 'last' },
      { title: 'STATUS', whole: true, gives: 'last' },
      { title: 'HOST', gives: 'last' },
      { title: 'ID', whole: true, gives: 'first' },
    ],
    wide,
    rows: folders.map(({ name, permission, owner, project, status, host, id }) => [
      ...[name, permission, owner === 'project' ? `project ${project ?? ''}`.trim() : owner],
      ...[status, host, id],
    ]),
  };
}

export function projectTable(projects: readonly ProjectOffer[], wide: boolean): Table {
  return {
    columns: [
      { title: 'NAME', whole: true },
      { title: 'CURRENT', whole: true },
      { title: 'DOMAIN', gives: 'last' },
      { title: 'ID', whole: true, gives: 'first' },
    ],
    wide,
    rows: projects.map(({ name, isChosen, domain, id }) => [name, isChosen ? 'yes' : undefined, domain, id]),
  };
}

/** A column for each kind of resource, a row for each group and preset, for what is used and for what is still allowed. */
export function resourceTable({ groups, allowed, used, presets }: ResourceOffer, wide: boolean): Table {
  const all = [...groups.flatMap(({ total, free }) => [total ?? {}, free]), allowed, used];
  const slots = slotsOf([...all, ...presets.map(({ amounts }) => amounts)]);
  const cells = (cellOf: (slot: string) => string | undefined): (string | undefined)[] => slots.map(cellOf);
  return {
    columns: [
      { title: 'KIND', whole: true },
      'NAME',
      { title: 'NOW', whole: true },
      ...slots.map((slot): Column => ({ title: titleOf(slot), whole: true, gives: 'last' })),
    ],
    wide,
    rows: [
      ...groups.map(({ name, total, free }) => [
        ...['group', name, isFull({ free }) ? 'full' : 'free'],
        ...cells((slot) => freeOf(slot, free, total)),
      ]),
      ['used', 'by you', undefined, ...cells((slot) => amountOf(slot, used))],
      ['left', 'for you', undefined, ...cells((slot) => amountOf(slot, allowed) ?? 'no limit')],
      ...presets.map(({ name, amounts, isAvailable }) => [
        ...['preset', name, isAvailable ? 'fits' : 'no'],
        ...cells((slot) => amountOf(slot, amounts)),
      ]),
    ],
  };
}

/** More are not for reading. */
const mostSlots = 30;

function slotsOf(all: readonly Amounts[]): readonly string[] {
  return [...new Set(all.flatMap((amounts) => Object.keys(amounts)))].toSorted(bySlot).slice(0, mostSlots);
}

function titleOf(slot: string): string {
  return slot === 'mem' ? 'MEM GiB' : slot.toUpperCase();
}

/** `4/16`, or `4` where the whole is not told. */
function freeOf(slot: string, free: Amounts, total: Amounts | undefined): string | undefined {
  const [now, all] = [amountOf(slot, free), total && amountOf(slot, total)];
  return now === undefined || all === undefined ? now : `${now}/${all}`;
}

/** With two places at most, and never more than there is. */
function amountOf(slot: string, amounts: Amounts): string | undefined {
  const amount = Object.hasOwn(amounts, slot) ? amounts[slot] : undefined;
  if (amount === undefined) return undefined;
  const value = Number(amount) / (slot === 'mem' ? 1024 ** 3 : 1);
  return Number.isSafeInteger(Math.ceil(value)) ? String(Math.floor(value * 100) / 100) : amount;
}

function yesOrNo(value: boolean | undefined): string | undefined {
  return value === undefined ? undefined : value ? 'yes' : 'no';
}
