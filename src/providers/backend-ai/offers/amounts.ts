/** Amounts as managers write them, as exact decimal numbers. */

import * as z from 'zod/mini';
import type { Amounts } from '../../../core/session/offers.ts';
import { parseJson } from '../../../core/text/json.ts';

const anyObject = z.record(z.string(), z.unknown());

/** No machine has more kinds of devices, and none has a longer name. */
const mostSlots = 100;
const longestName = 64;

/** Of an object, or of JSON that is one. What is unlimited (`Infinity`), not told (`NaN`) or no number is not in it. */
export function amountsOf(slots: unknown): Amounts {
  const parsed = anyObject.safeParse(typeof slots === 'string' ? parseJson(slots) : slots);
  if (!parsed.success) return {};
  return Object.fromEntries(
    Object.entries(parsed.data)
      .filter(([name]) => name !== '' && name.length <= longestName)
      .slice(0, mostSlots)
      .flatMap(([name, amount]) => {
        const exact = exactAmount(amount);
        return exact === undefined ? [] : [[name, exact] as const];
      }),
  );
}

/** `2` of `2`, `2.000000` and `0.2E+1`, `67108864` of `64m`; what is below zero, as after a limit was lowered, is none. */
function exactAmount(amount: unknown): string | undefined {
  const decimal = readDecimal(amount);
  if (decimal === undefined) return undefined;
  return decimal.units <= 0n ? '0' : written(decimal);
}

export function sumOf(all: readonly Amounts[]): Amounts {
  const sums = new Map<string, Decimal>();
  for (const [name, amount] of all.flatMap((amounts) => Object.entries(amounts)))
    sums.set(name, plus(sums.get(name) ?? zero, readDecimal(amount) ?? zero));
  return Object.fromEntries([...sums].map(([name, sum]) => [name, written(sum)]));
}

/** Each amount of `amounts`, but no more than there is in `most`, where nothing is none. */
export function atMost(amounts: Amounts, most: Amounts): Amounts {
  return Object.fromEntries(
    Object.entries(amounts).map(([name, amount]) => {
      const limit = Object.hasOwn(most, name) ? (most[name] ?? '0') : '0';
      return [name, isMore(amount, limit) ? limit : amount];
    }),
  );
}

/** `units` divided by 10 to the power of `scale`. */
interface Decimal {
  readonly units: bigint;
  readonly scale: number;
}

const zero: Decimal = { units: 0n, scale: 0 };
const decimalForm = /^([+-]?)(\d{1,40})(?:\.(\d{0,40}))?(?:e([+-]?\d{1,2}))?\s?([kmgtpe]?)(?:i?b)?$/i;

function readDecimal(amount: unknown): Decimal | undefined {
  if (typeof amount !== 'string' && typeof amount !== 'number') return undefined;
  const match = decimalForm.exec(String(amount));
  if (match === null) return undefined;
  const [, sign = '', whole = '', fraction = '', exponent = '0', unit = ''] = match;
  const power = Number(exponent);
  const shift = fraction.length - power;
  const size = 1024n ** BigInt(['', 'k', 'm', 'g', 't', 'p', 'e'].indexOf(unit.toLowerCase()));
  const units = BigInt(`${sign === '-' ? '-' : ''}${whole}${fraction}`) * size;
  return shift >= 0 ? { units, scale: shift } : { units: units * 10n ** BigInt(-shift), scale: 0 };
}

function written({ units, scale }: Decimal): string {
  const digits = String(units).padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, '');
  return fraction === '' ? whole : `${whole}.${fraction}`;
}

function plus(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale);
  return { units: scaled(a, scale) + scaled(b, scale), scale };
}

function isMore(amount: string, limit: string): boolean {
  const [a, b] = [readDecimal(amount) ?? zero, readDecimal(limit) ?? zero];
  const scale = Math.max(a.scale, b.scale);
  return scaled(a, scale) > scaled(b, scale);
}

function scaled({ units, scale }: Decimal, wanted: number): bigint {
  return units * 10n ** BigInt(wanted - scale);
}
