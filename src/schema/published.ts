/** The schemas as they are published, made by `npm run docs:reference`: zod, which they are written in, is loaded by no command for them. */

import type { FieldSchema } from '../core/text/template-fields.ts';

export interface PublishedSchema {
  readonly name: string;
  /** Where it is printed, and when. */
  readonly about: string;
  /** The command whose answer has this form, unless the name is the command's. */
  readonly command?: string;
  readonly schema: FieldSchema & { readonly $id: string };
}

interface Published {
  /** Within one version there are additions, and nothing else changes. */
  readonly version: number;
  readonly schemas: readonly PublishedSchema[];
}

export async function published(): Promise<Published> {
  const made: unknown = (await import('./published.json', { with: { type: 'json' } })).default;
  // Written by the same code that makes it; test/unit/schema.test.ts compares them.
  return made as Published;
}

/** What a command, such as `session list`, may print on stdout. */
export function answersOf(
  command: string,
  schemas: readonly Pick<PublishedSchema, 'name' | 'command'>[],
): readonly string[] {
  return schemas.flatMap(({ name, command: owner }) =>
    name === nameOf(command) || owner === command ? [name] : [],
  );
}

export function nameOf(command: string): string {
  return command.replaceAll(' ', '-');
}
