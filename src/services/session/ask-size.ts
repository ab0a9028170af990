/** Asks how large a new session is to be: a preset, own amounts, or the least that its image takes. */

import type { Choice } from '../../core/questions.ts';
import { amountOf, amountWords, roughWords, slotAbove, slotBelow } from '../../core/session/amount-words.ts';
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
  const choices = groups.map(({ name, free }) => ({ value: name, label: name, note: freeIn(free) }));
  const isEmpty = ({ note }: { readonly note: string }): boolean => note === nothingFree;
  return ask.one('Resource group', [...choices.filter((each) => !isEmpty(each)), ...choices.filter(isEmpty)]);
}

const nothingFree = 'nothing free';

function freeIn(free: Amounts): string {
  const words = roughWords(free);
  return words.length === 0 ? nothingFree : `free: ${words.join(' ')}`;
}

type Size = 'own' | Amounts;

/** `NAME=AMOUNT`; none where the server is to decide. */
export async function askSize(request: AskSizeRequest, tools: AskingTools): Promise<readonly string[]> {
  const { least } = request.image;
  const size = await tools.ask.one(`Size${surroundings(request)}`, sizesOf(request));
  return size === 'own' ? askAmounts(least, request.resources, tools) : amountWords(size);
}

function sizesOf({ image: { least }, resources, group }: AskSizeRequest): Choice<Size>[] {
  const free = resources?.groups.find(({ name }) => name === group)?.free ?? {};
  const presets = (resources?.presets ?? [])
    .filter(({ isAvailable }) => isAvailable)
    .filter(
      ({ amounts }) => slotBelow(amounts, least) === undefined && slotAbove(amounts, free) === undefined,
    )
    .map(({ name, amounts }) => ({ value: amounts, label: name, note: amountWords(amounts).join(' ') }));
  const smallest = amountWords(least);
  const none = { value: least, label: 'the least', note: smallest.join(' ') };
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
    ({ name, free: amounts }) => `free in ${name}: ${roughWords(amounts).join(' ') || 'nothing'}`,
  );
  const allowed = roughWords(resources.allowed).join(' ');
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
    problemOf: (typed) => problemOf(typed, least, resources?.allowed ?? {}),
  });
  return wordsOf(text);
}

function wordsOf(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '');
}

function problemOf(text: string, least: Amounts, allowed: Amounts): string | undefined {
  const words = wordsOf(text);
  const wrong = words.find(
    (word) => !/^[A-Za-z][\w.-]*=[^=]+$/.test(word) || amountOf(word.split('=')[1] ?? '') === undefined,
  );
  if (wrong !== undefined) return `${wrong} is no NAME=AMOUNT such as cpu=4, mem=16g or cuda.shares=0.5`;
  const amounts: Amounts = Object.fromEntries(words.map((word) => word.split('=') as [string, string]));
  const below = slotBelow(amounts, least);
  if (below !== undefined)
    return `the image needs ${amountWords({ [below]: least[below] ?? '' }).join('')} at least`;
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
