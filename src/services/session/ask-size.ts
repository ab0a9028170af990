/** Asks how large a new session is to be: a preset, own amounts, or the least that its image takes. */

import type { Choice } from '../../core/questions.ts';
import {
  amountOf,
  amountWords,
  roomWords,
  roughWords,
  slotAbove,
  slotBelow,
} from '../../core/session/amount-words.ts';
import { isFull, slotsIn } from '../../core/session/amounts.ts';
import type { Amounts, ImageOffer, ResourceGroup, ResourceOffer } from '../../core/session/offers.ts';
import type { AskingTools } from './session-tools.ts';

interface AskSizeRequest {
  readonly image: Pick<ImageOffer, 'least'>;
  /** Nothing where the platform does not tell. */
  readonly resources: ResourceOffer | undefined;
  /** The only one that counts; nothing: any may. */
  readonly group: string | undefined;
}

/** Those with something free come first. */
export async function askGroup(
  groups: readonly ResourceGroup[],
  { ask }: AskingTools,
): Promise<string | undefined> {
  if (groups.length < 2) return undefined;
  const sorted = [...groups.filter((group) => !isFull(group)), ...groups.filter(isFull)];
  const choices = sorted.map((group) => ({ value: group.name, label: group.name, note: freeIn(group) }));
  return ask.one('Resource group', choices);
}

function freeIn(group: ResourceGroup): string {
  if (roughWords(group.free).length === 0) return 'nothing free';
  return `${isFull(group) ? 'full; ' : ''}free: ${roomWords(group.free).join(' ')}`;
}

type Size = 'own' | Amounts;

/** `NAME=AMOUNT`; none where the server is to decide. */
export async function askSize(request: AskSizeRequest, tools: AskingTools): Promise<readonly string[]> {
  const { least } = request.image;
  const size = await tools.ask.one(`Size${surroundings(request)}`, sizesOf(request));
  return size === 'own' ? askAmounts(least, request.resources, tools) : amountWords(size);
}

function sizesOf({ image: { least }, resources, group }: AskSizeRequest): Choice<Size>[] {
  const groups = (resources?.groups ?? []).filter(({ name }) => name === (group ?? name));
  const free = (groups.length === 1 ? groups[0]?.free : undefined) ?? {};
  const presets = (resources?.presets ?? [])
    .filter(({ isAvailable }) => isAvailable)
    .filter(
      ({ amounts }) => slotBelow(amounts, least) === undefined && slotAbove(amounts, free) === undefined,
    )
    .map(({ name, amounts }) => ({ value: amounts, label: name, note: amountWords(amounts).join(' ') }));
  const smallest = amountWords(least);
  const hasToWait = slotAbove(least, free) ?? slotAbove(least, resources?.allowed ?? {});
  const wait = hasToWait === undefined ? '' : '; it has to wait until so much is free';
  const none = { value: least, label: 'the least', note: `${smallest.join(' ')}${wait}` };
  return [
    ...presets,
    smallest.length > 0 ? none : { ...none, label: 'none', note: 'the server decides' },
    { value: 'own', label: 'own amounts', note: 'you type them' },
  ];
}

/** `; free in gpu: cpu=28 mem=190g; allowed: cpu=8 mem=32g` */
function surroundings({ resources, group }: AskSizeRequest): string {
  if (resources === undefined) return '';
  const groups = resources.groups.filter(({ name }) => group === undefined || name === group);
  const free = groups.map(
    ({ name, free: amounts }) =>
      `free in ${name}: ${roughWords(amounts).length === 0 ? 'nothing' : roomWords(amounts).join(' ')}`,
  );
  const allowed = roomWords(resources.allowed).join(' ');
  const parts = [...free, ...(allowed === '' ? [] : [`allowed: ${allowed}`])];
  return parts.map((part) => `; ${part}`).join('');
}

async function askAmounts(
  least: Amounts,
  resources: ResourceOffer | undefined,
  { ask }: AskingTools,
): Promise<readonly string[]> {
  const text = await ask.text('Amounts, such as cpu=4 mem=16g', {
    usual: amountWords(least).join(' '),
    problemOf: (typed) => problemOf(typed, least, resources),
  });
  return wordsOf(text);
}

function wordsOf(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '');
}

function problemOf(text: string, least: Amounts, resources: ResourceOffer | undefined): string | undefined {
  const words = wordsOf(text);
  const wrong = words.find(
    (word) => !/^[A-Za-z][\w.-]*=[^=]+$/.test(word) || amountOf(word.split('=')[1] ?? '') === undefined,
  );
  if (wrong !== undefined) return `${wrong} is no NAME=AMOUNT such as cpu=4, mem=16g or cuda.shares=0.5`;
  const amounts: Amounts = Object.fromEntries(words.map((word) => word.split('=') as [string, string]));
  const below = slotBelow(amounts, least);
  if (below !== undefined)
    return `the image needs ${amountWords({ [below]: least[below] ?? '' }).join('')} at least`;
  const known = resources === undefined ? [] : slotsIn(resources);
  const unknown = Object.keys(amounts).find((slot) => known.length > 0 && !known.includes(slot));
  if (unknown !== undefined) return `there is no resource ${unknown}; there are ${known.join(', ')}`;
  const allowed = resources?.allowed ?? {};
  const above = slotAbove(amounts, allowed);
  return above === undefined ? undefined : `you may use ${above}=${shown(allowed, above)} more at most`;
}

function shown(amounts: Amounts, slot: string): string {
  return (
    amountWords({ [slot]: amounts[slot] ?? '' })
      .join('')
      .replace(`${slot}=`, '') || '0'
  );
}
