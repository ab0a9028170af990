/** `bai schema [NAME]`: what the JSON of each command looks like, for programs that read it. */

import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { similarNames } from '../core/text/similar.ts';
import { NotFoundError } from '../errors.ts';
import type { PublishedSchema } from '../schema/published.ts';
import { commands } from './index.ts';

export function define(command: Command, context: Context): void {
  command
    .argument('[name...]', 'a command, such as `session list`, or a name of the list (default: the list)')
    .action(async (words: readonly string[]) => {
      const { nameOf, published } = await import('../schema/published.ts');
      const { schemas } = await published();
      if (words.length === 0) return list(schemas, context);
      const name = nameOf(words.join(' '));
      const found = schemas.find((each) => each.name === name);
      if (found === undefined) throw noSchema(name, schemas);
      context.reporter.result(found.schema, JSON.stringify(found.schema, undefined, 2).split('\n'));
    });
}

function list(schemas: readonly PublishedSchema[], { reporter }: Context): void {
  const listed = schemas.map(({ name, about, command }) => {
    const path = command ?? commands.find((entry) => entry.path.replaceAll(' ', '-') === name)?.path;
    return { name, about, ...(path !== undefined && { command: path }) };
  });
  reporter.result(listed, {
    columns: [{ title: 'NAME', whole: true }, { title: 'COMMAND', gives: 'first' }, 'WHAT'],
    rows: listed.map(({ name, about, command }) => [name, command, about]),
  });
}

function noSchema(name: string, schemas: readonly PublishedSchema[]): NotFoundError {
  const near = similarNames(
    name,
    schemas.map((each) => each.name),
  );
  return new NotFoundError(`there is no schema ${name}`, {
    hint: near.length > 0 ? `did you mean ${near.join(', ')}?` : '`bai schema` lists them',
  });
}
