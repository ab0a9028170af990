/**
 * What bai prints as JSON: a schema for each answer, and for each line on stderr. For scripts and tests; commands have
 * `published.ts`. docs/json-output.md says what schemas promise.
 */

import * as z from 'zod/mini';
import { conversationSchemas } from './conversation.ts';
import { doctorSchemas } from './doctor.ts';
import { fileSchemas } from './files.ts';
import { forwardSchemas } from './forwards.ts';
import { keySchemas } from './keys.ts';
import { offerSchemas } from './offers.ts';
import { sessionSchemas } from './sessions.ts';
import { settingSchemas } from './settings.ts';

/** Changes with whatever is no addition: docs/json-output.md. */
const version = 1;

/** Strict, so that no answer moves away from its schema unseen: a field that is not in it is an error. */
export const schemas: Readonly<Record<string, z.ZodMiniType>> = {
  ...sessionSchemas,
  ...offerSchemas,
  ...forwardSchemas,
  ...fileSchemas,
  ...keySchemas,
  ...settingSchemas,
  ...doctorSchemas,
  ...conversationSchemas,
};

const schemaNames: readonly string[] = Object.keys(schemas).sort();

/** Of the lines on stderr. */
export const conversationNames: readonly string[] = Object.keys(conversationSchemas);

/** Of commands that have several forms of answers: whose the schema is, and when. */
const forms: Readonly<Record<string, { readonly command: string; readonly when: string }>> = {
  'session-create-plan': { command: 'session create', when: 'with --dry-run' },
  'session-list-change': { command: 'session list', when: 'with --watch, a line for each change' },
  'sftp-put-plan': { command: 'sftp put', when: 'with --dry-run' },
  'sftp-get-plan': { command: 'sftp get', when: 'with --dry-run' },
  'sftp-sync-plan': { command: 'sftp sync', when: 'with --dry-run' },
  'key-list-account': { command: 'key list', when: 'with --account' },
};

/** Where it is printed, and when. */
function about(name: string): string {
  if (name.startsWith('event-')) return 'a line on stderr with --json=events';
  if (conversationNames.includes(name)) return 'a line on stderr';
  const form = forms[name];
  return form === undefined ? 'the answer' : `the answer ${form.when}`;
}

/** For whoever reads bai's output: open for the fields and words that later releases add. */
export const published = {
  version,
  schemas: schemaNames.map((name) => {
    const command = forms[name]?.command;
    return { name, about: about(name), ...(command !== undefined && { command }), schema: jsonSchema(name) };
  }),
};

function jsonSchema(name: string): object {
  const { $schema, ...made } = z.toJSONSchema(schemas[name] ?? z.never(), {
    target: 'draft-2020-12',
    override: ({ jsonSchema: part }) => open(part),
  });
  const $id = `urn:bai:schema:${version}:${name}`;
  return { $schema, $id, title: name, description: about(name), ...made };
}

/** What zod says of whole numbers is Number.MAX_SAFE_INTEGER, which tells nobody anything. */
function open(part: z.core.JSONSchema.BaseSchema): void {
  if (part.additionalProperties === false) delete part.additionalProperties;
  if (part.maximum === Number.MAX_SAFE_INTEGER) delete part.maximum;
  if (part.minimum === Number.MIN_SAFE_INTEGER) delete part.minimum;
  if (part.enum === undefined) return;
  part.anyOf = [{ enum: part.enum }, { type: 'string' }];
  delete part.enum;
  delete part.type;
}
