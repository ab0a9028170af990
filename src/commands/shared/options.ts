/** Parsers that several commands share; each throws a UsageError that names the option. */

import { parsePort } from '../../core/ssh/port-range.ts';
import { choiceOf } from '../../core/text/similar.ts';
import { UsageError } from '../../errors.ts';

/** Collects a repeatable option. */
export function collect(value: string, earlier: readonly string[] | undefined): string[] {
  return [...(earlier ?? []), value];
}

/** `KEY=VALUE`; the value may hold further `=`. */
export function keyValues(option: string, texts: readonly string[] | undefined): Record<string, string> {
  return Object.fromEntries(
    (texts ?? []).map((text) => {
      const at = text.indexOf('=');
      if (at <= 0) throw new UsageError(`${option} takes NAME=VALUE, not "${text}"`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

/** Seconds as people write them, e.g. `90` or `2.5`; returned in milliseconds. */
export function seconds(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value > 0 && value <= 1e6))
    throw new UsageError(`${option} takes a number of seconds above 0, not "${text}"`);
  return value * 1000;
}

const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `90m`, `8h`, `1d`, `1h30m`; a bare number is hours. Returned in milliseconds. */
export function duration(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const parts = [...text.matchAll(/(\d{1,6})([smhd])/g)];
  const isBare = /^\d{1,6}$/.test(text);
  const ms = isBare
    ? Number(text) * unitMs.h
    : parts.reduce((sum, [, count, unit]) => sum + Number(count) * unitMs[unit as keyof typeof unitMs], 0);
  if ((isBare || parts.map(([part]) => part).join('') === text) && ms > 0) return ms;
  throw new UsageError(`${option} takes a time such as 90m, 8h or 1d, not "${text}"`);
}

const unitBytes = { b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 } as const;

/** Bytes a second with their unit, as curl and rclone take them: `500K`, `10M`, `1.5MiB/s`. */
export function byteRate(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, amount, unit = ''] = /^(\d{1,9}(?:\.\d{1,3})?)(b|[kmg](?:ib)?)(?:\/s)?$/i.exec(text) ?? [];
  const bytes = Number(amount) * unitBytes[unit.slice(0, 1).toLowerCase() as keyof typeof unitBytes];
  if (bytes >= 1024) return bytes;
  throw new UsageError(`${option} takes bytes a second with their unit and at least 1K, not "${text}"`, {
    hint: 'for example 10M, which is 10 MiB a second, or 500K',
  });
}

export function wholeNumber(option: string, text: string | undefined, lowest: number): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= lowest))
    throw new UsageError(`${option} takes a whole number of at least ${lowest}, not "${text}"`);
  return value;
}

export function oneOf<T extends string>(option: string, text: string, choices: readonly T[]): T {
  return choiceOf(choices, text.toLowerCase(), { name: option, text });
}

/** As `oneOf`, for an option that may be left out. */
export function whichOf<T extends string>(
  option: string,
  text: string | undefined,
  choices: readonly T[],
): T | undefined {
  return text === undefined ? undefined : oneOf(option, text, choices);
}

export interface PortFlags {
  readonly port?: string;
  readonly strictPort?: boolean;
}

export function portWish(flags: PortFlags): { port: number | undefined; strictPort: boolean } {
  const port = flags.port === undefined ? undefined : parsePort(flags.port, '--port');
  return { port, strictPort: flags.strictPort === true };
}
