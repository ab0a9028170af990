/**
 * `--template`: Mustache's names, sections and inverted sections, over the same value that `--json` prints. Nothing is escaped for HTML,
 * nothing of it is code, and only own fields of the value are looked at.
 */

import { UsageError } from '../../errors.ts';

type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'field'; readonly path: readonly string[] }
  | {
      readonly kind: 'section';
      readonly path: readonly string[];
      /** Shown where there is nothing. */
      readonly isInverted: boolean;
      readonly parts: readonly Part[];
    };

export type Template = readonly Part[];

/** How an answer is told in place of the usual: as a template says, or one field of each entry (see `CommandEntry.ids`). */
export type AnswerShape = { readonly template: Template } | { readonly ids: string };

interface OpenSection {
  readonly name: string;
  readonly isInverted: boolean;
  readonly parts: Part[];
}

/** `\n`, `\t` and `\\` outside of tags are what they are elsewhere. */
export function parseTemplate(source: string): Template {
  const open: OpenSection[] = [{ name: '', isInverted: false, parts: [] }];
  const tag = /\{\{\s*([#^/!]?)\s*([^{}]*?)\s*\}\}/g;
  let end = 0;
  for (const match of source.matchAll(tag)) {
    addText(source.slice(end, match.index), open);
    end = match.index + match[0].length;
    addTag({ sign: match[1] ?? '', name: match[2] ?? '' }, open);
  }
  addText(source.slice(end), open);
  const [{ parts } = { parts: [] }, unclosed] = open;
  if (unclosed !== undefined)
    throw wrong(
      `{{${unclosed.isInverted ? '^' : '#'}${unclosed.name}}} is not closed`,
      `{{/${unclosed.name}}} closes it`,
    );
  return parts;
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', '\\': '\\' };

function addText(text: string, open: readonly OpenSection[]): void {
  if (/\{\{|\}\}/.test(text))
    throw wrong('braces that are no tag', 'a tag is {{name}}, {{#list}}…{{/list}} or {{^list}}…{{/list}}');
  if (text === '') return;
  const shown = text.replaceAll(/\\([nt\\])/g, (_, letter: string) => escapes[letter] ?? '');
  open.at(-1)?.parts.push({ kind: 'text', text: shown });
}

function addTag(
  { sign, name: written }: { readonly sign: string; readonly name: string },
  open: OpenSection[],
): void {
  if (sign === '!') return;
  // As templates of Go have it.
  const name = written.length > 1 ? written.replace(/^\./, '') : written;
  if (!/^(?:\.|[^\s.]+(?:\.[^\s.]+)*)$/.test(name))
    throw wrong(
      `{{${sign}${written}}} is no name of a field`,
      'names are as in --json, and a.b is one inside of another',
    );
  const path = name === '.' ? [] : name.split('.');
  if (sign === '') open.at(-1)?.parts.push({ kind: 'field', path });
  else if (sign !== '/') open.push({ name, isInverted: sign === '^', parts: [] });
  else close(name, open);
}

function close(name: string, open: OpenSection[]): void {
  const section = open.length > 1 ? open.pop() : undefined;
  if (section?.name !== name)
    throw wrong(
      `{{/${name}}} closes what is not open`,
      section === undefined ? 'leave it out' : `{{/${section.name}}} is what closes here`,
    );
  const { isInverted, parts } = section;
  open.at(-1)?.parts.push({ kind: 'section', path: name === '.' ? [] : name.split('.'), isInverted, parts });
}

function wrong(what: string, hint: string): UsageError {
  return new UsageError(`--template: ${what}`, { hint });
}

/** `shown` makes text of the value safe; what the template itself says is the user's. */
export function renderTemplate(template: Template, value: unknown, shown: (text: string) => string): string {
  return render(template, [value], shown);
}

function render(parts: readonly Part[], stack: readonly unknown[], shown: (text: string) => string): string {
  return parts
    .map((part) => {
      if (part.kind === 'text') return part.text;
      const value = lookUp(part.path, stack);
      if (part.kind === 'field') return shown(textOf(value));
      const list = Array.isArray(value) ? value : value ? [value] : [];
      if (part.isInverted) return list.length === 0 ? render(part.parts, stack, shown) : '';
      return list.map((item: unknown) => render(part.parts, [item, ...stack], shown)).join('');
    })
    .join('');
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The innermost value that has the first name. A name with dots in it, such as `cuda.device`, is one too. */
function lookUp(path: readonly string[], stack: readonly unknown[]): unknown {
  if (path.length === 0) return stack[0];
  for (const value of stack) {
    const found = inside(value, path);
    if (found.has) return found.value;
  }
  return undefined;
}

interface Found {
  readonly has: boolean;
  readonly value?: unknown;
}

function inside(value: unknown, path: readonly string[]): Found {
  if (path.length === 0) return { has: true, value };
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { has: false };
  for (let length = path.length; length > 0; length -= 1) {
    const name = path.slice(0, length).join('.');
    if (!Object.hasOwn(value, name)) continue;
    const field: unknown = Reflect.get(value, name);
    return { has: true, value: inside(field, path.slice(length)).value };
  }
  return { has: false };
}

/** Of each entry the field that `-q` prints, where it has one; `keys.path` where the list is in the field `keys`. Else the entry's id. */
export function idsIn(answer: unknown, field: string): readonly string[] {
  const [list, name] = field.includes('.') ? field.split('.') : [undefined, field];
  const entries: unknown = Array.isArray(answer) ? answer : inside(answer, [list ?? '']).value;
  if (!Array.isArray(entries)) return [];
  return entries
    .map((entry: unknown) => textOf(inside(entry, [name ?? '']).value ?? inside(entry, ['id']).value))
    .filter((id) => id !== '');
}
