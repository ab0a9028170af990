/** Whether what a request asks for is there: what its image needs, which resources there are, and what is free and allowed. */

import {
  amountOf,
  amountWord,
  roughWords,
  slotAbove,
  slotBelow,
} from '../../../core/session/amount-words.ts';
import { slotsIn } from '../../../core/session/amounts.ts';
import type { Amounts, ImageOffer, ResourceOffer } from '../../../core/session/offers.ts';
import { similarNames } from '../../../core/text/similar.ts';
import { UsageError } from '../../../errors.ts';
import type { ComputeSessionRequest } from '../session/compute-session.ts';

type Wanted = Pick<ComputeSessionRequest, 'resources' | 'clusterSize' | 'resourceGroup'>;

/** Throws a UsageError for what every manager refuses. What is not asked for is as the image has it. */
export function checkLeast(
  { resources }: Wanted,
  { reference, least }: Pick<ImageOffer, 'reference' | 'least'>,
): void {
  const below = slotBelow(resources, onlyOf(least, Object.keys(resources)));
  if (below === undefined) return;
  throw new UsageError(`the image ${reference} needs ${amountWord(below, least[below] ?? '')} at least`, {
    hint: `-r ${below}=${resources[below]} is less`,
  });
}

/** Throws a UsageError. A manager tells of all that it knows, used or not. */
export function checkSlots({ resources }: Wanted, offer: ResourceOffer): void {
  const known = slotsIn(offer);
  const unknown = Object.keys(resources).find((slot) => !known.includes(slot));
  if (unknown === undefined || known.length === 0) return;
  const near = similarNames(unknown, known);
  throw new UsageError(`there is no resource ${unknown}`, {
    hint: near.length > 0 ? `did you mean ${near.join(' or ')}?` : `there are ${known.join(', ')}`,
  });
}

/** Why the session would have to wait, as far as sums tell; nothing when it would start at once. */
export function shortageOf(
  session: Wanted,
  least: Amounts,
  { groups, allowed }: ResourceOffer,
): string | undefined {
  const wanted = timesOf({ ...least, ...session.resources }, session.clusterSize);
  const over = slotAbove(wanted, allowed);
  if (over !== undefined)
    return `you may use ${shown(over, allowed)} more, and it asks for ${shown(over, wanted)}`;
  const usable = groups.filter(({ name }) => name === (session.resourceGroup ?? name));
  const lacking = usable.map(({ name, free }) => ({ name, free, slot: slotBelow(free, wanted) }));
  if (lacking.length === 0 || lacking.some(({ slot }) => slot === undefined)) return undefined;
  const places = lacking.map(({ name, free, slot = '' }) => `${shown(slot, free)} in ${name}`);
  return `free: ${named(places)}; it asks for ${roughWords(wanted).join(' ')}`;
}

/** Why it can never start as things are: it is more than the account's limit, or than all of each group; nothing where nobody knows. */
export function impossibilityOf(
  session: Wanted,
  least: Amounts,
  { groups, allowed, used }: ResourceOffer,
): string | undefined {
  const wanted = timesOf({ ...least, ...session.resources }, session.clusterSize);
  const limits = sumOf(allowed, used);
  const over = slotAbove(wanted, limits);
  if (over !== undefined)
    return `your limit is ${shown(over, limits)}, and it asks for ${shown(over, wanted)}`;
  const usable = groups.filter(({ name }) => name === (session.resourceGroup ?? name));
  const small = usable.flatMap(({ name, total }) => {
    const slot = total && slotBelow(total, onlyOf(wanted, Object.keys(total)));
    return slot === undefined ? [] : [`${shown(slot, total ?? {})} in ${name}`];
  });
  if (small.length < usable.length || small.length === 0) return undefined;
  return `no resource group has so much: ${named(small)}; it asks for ${roughWords(wanted).join(' ')}`;
}

/** Of what `limits` names. */
function sumOf(limits: Amounts, more: Amounts): Amounts {
  return Object.fromEntries(
    Object.entries(limits).map(([slot, amount]) => [
      slot,
      String((amountOf(amount) ?? Number.POSITIVE_INFINITY) + (amountOf(more[slot] ?? '') ?? 0)),
    ]),
  );
}

const mostNamed = 3;

function named(places: readonly string[]): string {
  return `${places.slice(0, mostNamed).join(', ')}${places.length > mostNamed ? ', …' : ''}`;
}

function shown(slot: string, amounts: Amounts): string {
  const amount = amounts[slot] ?? '0';
  return roughWords({ [slot]: amount })[0] ?? `${slot}=0`;
}

function onlyOf(amounts: Amounts, names: readonly string[]): Amounts {
  return Object.fromEntries(Object.entries(amounts).filter(([name]) => names.includes(name)));
}

/** More than there is anywhere, and as long a number as is read. */
const mostAmount = 9e17;

/** In plain numbers, whatever units they were written with. */
function timesOf(amounts: Amounts, count: number): Amounts {
  return Object.fromEntries(
    Object.entries(amounts).map(([slot, amount]) => [
      slot,
      Math.min((amountOf(amount) ?? 0) * count, mostAmount).toFixed(6),
    ]),
  );
}
