/** `--template TEXT`, which every command with an answer in JSON takes, and `-q` of lists. */

import type { GlobalFlags } from '../context.ts';
import type { AnswerShape } from '../core/text/template.ts';
import { UsageError } from '../errors.ts';
import { commands } from './index.ts';

type ShapeFlags = Pick<GlobalFlags, 'command' | 'json' | 'template' | 'ids'>;

/** Rejects before anything is done when the command has no answer, or a field is not one of it. */
export async function readShape({
  command = '',
  json,
  template,
  ids = false,
}: ShapeFlags): Promise<AnswerShape> {
  const given = [
    ...(json ? ['--json'] : []),
    ...(template === undefined ? [] : ['--template']),
    ...(ids ? ['-q/--ids'] : []),
  ];
  if (given.length > 1) throw new UsageError(`${given.join(' and ')} cannot be used together`);
  if (template === undefined) return { ids: commands.find(({ path }) => path === command)?.ids ?? 'id' };
  const [{ parseTemplate }, { unknownField }, { answersOf, published }] = await Promise.all([
    import('../core/text/template.ts'),
    import('../core/text/template-fields.ts'),
    import('../schema/published.ts'),
  ]);
  const { schemas } = await published();
  const names = answersOf(command, schemas);
  if (names.length === 0)
    throw new UsageError(`\`bai ${command}\` has no answer that a template could show`, {
      hint: '`bai schema` lists the answers that there are',
    });
  const parsed = parseTemplate(template);
  const unknown = unknownField(
    parsed,
    schemas.flatMap(({ name, schema }) => (names.includes(name) ? [schema] : [])),
  );
  if (unknown === undefined) return { template: parsed };
  const { name, fields } = unknown;
  throw new UsageError(`--template: \`bai ${command}\` has no field ${name}`, {
    hint: `fields: ${fields.join(', ')}`,
    details: { fields },
  });
}
