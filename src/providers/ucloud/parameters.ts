/** Values for an application's parameters, as people write them and as UCloud wants them. */

import { UsageError } from '../../errors.ts';
import type { ParameterRow } from './schema.ts';

export interface ParameterValue {
  readonly type: string;
  readonly value?: string | number | boolean;
  readonly path?: string;
  readonly readOnly?: boolean;
}

/** Throws a UsageError for a name the application does not have, a value it does not take, and what is missing. */
export function parameterValues(
  given: Readonly<Record<string, string>>,
  parameters: readonly ParameterRow[],
): Readonly<Record<string, ParameterValue>> {
  const byName = new Map(parameters.map((each) => [each.name, each]));
  const values = Object.entries(given).map(([name, text]) => {
    const parameter = byName.get(name);
    if (parameter === undefined) throw unknownParameter(name, parameters);
    return [name, readValue(parameter, text)] as const;
  });
  const missing = parameters.filter(
    (each) => !each.optional && each.defaultValue == null && !Object.hasOwn(given, each.name),
  );
  if (missing.length > 0) throw missingParameters(missing);
  return Object.fromEntries(values);
}

function unknownParameter(name: string, parameters: readonly ParameterRow[]): UsageError {
  const known = parameters.map(described);
  return new UsageError(`the application has no parameter ${name}`, {
    hint: known.length === 0 ? 'it has none at all' : `it has: ${known.join(', ')}`,
    details: { parameters: parameters.map((each) => each.name) },
  });
}

function missingParameters(missing: readonly ParameterRow[]): UsageError {
  const one = missing.length === 1;
  return new UsageError(
    `the application needs ${one ? 'a value' : 'values'} for ${missing.map(described).join(', ')}`,
    {
      hint: missing.map(({ name }) => `--param ${name}=…`).join(' '),
      details: { parameters: missing.map(({ name }) => name) },
    },
  );
}

/** `note (text)`, `mode (fast, slow)` */
function described({ name, type, options }: ParameterRow): string {
  const choices = (options ?? []).map((option) => option.name);
  return `${name} (${choices.length > 0 ? choices.join(', ') : type.replaceAll('_', ' ')})`;
}

function readValue(parameter: ParameterRow, text: string): ParameterValue {
  switch (parameter.type) {
    case 'text':
    case 'textarea':
      return { type: 'text', value: text };
    case 'integer':
      return { type: 'integer', value: numberOf(parameter, text, /^[+-]?\d{1,15}$/) };
    case 'floating_point':
      return {
        type: 'floating_point',
        value: numberOf(parameter, text, /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i),
      };
    case 'boolean':
      return { type: 'boolean', value: truthOf(parameter, text) };
    case 'enumeration':
      return { type: 'text', value: optionOf(parameter, text) };
    case 'input_file':
    case 'input_directory':
      return { type: 'file', path: text, readOnly: false };
    default:
      throw new UsageError(`bai has no way to write a value for ${described(parameter)}`, {
        hint: "start this application in UCloud's web interface",
      });
  }
}

function numberOf(parameter: ParameterRow, text: string, form: RegExp): number {
  const value = form.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(value)) throw badValue(parameter, text, 'it is not a number of that kind');
  const { min, max } = parameter;
  if (typeof min === 'number' && value < min) throw badValue(parameter, text, `the minimum is ${min}`);
  if (typeof max === 'number' && value > max) throw badValue(parameter, text, `the maximum is ${max}`);
  return value;
}

const truths: Readonly<Record<string, boolean>> = { true: true, yes: true, false: false, no: false };

function truthOf(parameter: ParameterRow, text: string): boolean {
  const value = Object.hasOwn(truths, text.toLowerCase()) ? truths[text.toLowerCase()] : undefined;
  if (value === undefined) throw badValue(parameter, text, 'write true or false');
  return value;
}

/** By its name or by its value; UCloud wants the name. */
function optionOf(parameter: ParameterRow, text: string): string {
  const options = parameter.options ?? [];
  const option = options.find(({ name }) => name === text) ?? options.find(({ value }) => value === text);
  if (option === undefined) throw badValue(parameter, text, 'it is not one of its choices');
  return option.name;
}

function badValue(parameter: ParameterRow, text: string, why: string): UsageError {
  return new UsageError(`"${text}" is not a valid value for ${described(parameter)}: ${why}`, {
    hint: `--param ${parameter.name}=…`,
  });
}
