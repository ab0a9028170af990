/** Which fields of an answer a template may name, by the answer's JSON Schema: a wrong name is found before anything is done. */

import type { Template } from './template.ts';

/** As much of JSON Schema as bai's own schemas have. */
export interface FieldSchema {
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  /** Of an object whose names are not known before. */
  readonly additionalProperties?: FieldSchema;
  readonly items?: FieldSchema;
  readonly anyOf?: readonly FieldSchema[];
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
}

interface UnknownField {
  readonly name: string;
  /** What there is in its place. */
  readonly fields: readonly string[];
}

/** The first field that is in none of the schemas; a list stands for each of its values. */
export function unknownField(template: Template, schemas: readonly FieldSchema[]): UnknownField | undefined {
  return find(template, [schemas.flatMap(valuesOf)]);
}

function find(template: Template, stack: readonly (readonly FieldSchema[])[]): UnknownField | undefined {
  for (const part of template) {
    if (part.kind === 'text') continue;
    const found =
      part.path.length === 0 ? stack[0] : stack.map((each) => inside(each, part.path)).find(Boolean);
    if (found === undefined) return { name: part.path.join('.'), fields: stack.flatMap(namesIn) };
    if (part.kind !== 'section') continue;
    const inner = part.isInverted ? stack : [found.flatMap(valuesOf), ...stack];
    const unknown = find(part.parts, inner);
    if (unknown !== undefined) return unknown;
  }
  return undefined;
}

/** Nothing where none of them has it. */
function inside(
  schemas: readonly FieldSchema[],
  [name, ...rest]: readonly string[],
): readonly FieldSchema[] | undefined {
  if (name === undefined) return schemas;
  const found = schemas.flatMap((schema): readonly FieldSchema[] => {
    const { properties = {} } = schema;
    const field = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (field !== undefined) return inside(alternatives(field), rest) ?? [];
    // Names with dots in them are among these.
    if (schema.additionalProperties !== undefined) return alternatives(schema.additionalProperties);
    return isAnything(schema) ? [schema] : [];
  });
  return found.length === 0 ? undefined : found;
}

function alternatives(schema: FieldSchema): readonly FieldSchema[] {
  return schema.anyOf === undefined ? [schema] : schema.anyOf.flatMap(alternatives);
}

function valuesOf(schema: FieldSchema): readonly FieldSchema[] {
  return alternatives(schema).flatMap((each) => (each.items === undefined ? [each] : valuesOf(each.items)));
}

function isAnything({ type, properties, const: constant, enum: words }: FieldSchema): boolean {
  return type === undefined && properties === undefined && constant === undefined && words === undefined;
}

function namesIn(schemas: readonly FieldSchema[]): readonly string[] {
  return [...new Set(schemas.flatMap(({ properties = {} }) => Object.keys(properties)))];
}
