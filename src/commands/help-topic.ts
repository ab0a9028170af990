/** `bai help TOPIC`, for what is no command. */

import type { Command } from 'commander';
import type { Context } from '../context.ts';
import type { Table } from '../core/reporter.ts';
import { oneOf } from './shared/options.ts';
import { type HelpTopic, helpTopics } from './usage.ts';

export function define(command: Command, context: Context): void {
  command.argument('<topic>', `one of ${helpTopics.join(', ')}`).action(async (topic: string) => {
    const { human, value } = await tellers[oneOf('the topic', topic, helpTopics)]();
    context.reporter.result(value, human);
  });
}

interface Told {
  readonly human: readonly string[] | Table;
  readonly value: unknown;
}

const tellers: Readonly<Record<HelpTopic, () => Promise<Told>>> = {
  'exit-codes': exitCodes,
  'error-codes': errorCodes,
  settings,
  environment,
  json,
};

async function exitCodes(): Promise<Told> {
  const [{ ExitCode }, { statusMeanings }] = await Promise.all([
    import('../errors.ts'),
    import('../error-codes/statuses.ts'),
  ]);
  const names = Object.keys(ExitCode) as (keyof typeof ExitCode)[];
  const value = names.map((name) => ({ status: ExitCode[name], name, meaning: statusMeanings[name] }));
  return tableOf(value, ['status', 'name', 'meaning']);
}

async function errorCodes(): Promise<Told> {
  const all = (await import('../error-codes/index.ts')).errorCodes;
  const value = Object.values(all).flatMap((codes) =>
    Object.entries(codes).map(([code, { status, meaning }]) => ({ code, status, meaning })),
  );
  return tableOf(value, ['code', 'status', 'meaning']);
}

async function settings(): Promise<Told> {
  const { definitionOf, settingNames } = await import('../core/settings/settings.ts');
  const value = settingNames.map((setting) => {
    const { fallback, summary } = definitionOf(setting);
    return { setting, default: fallback, meaning: summary };
  });
  return tableOf(value, ['setting', 'default', 'meaning']);
}

async function environment(): Promise<Told> {
  const { definitionOf, settingNames } = await import('../core/settings/settings.ts');
  const ofSettings = settingNames.flatMap((name) =>
    definitionOf(name).env.map((variable) => ({ variable, meaning: `the setting ${name}` })),
  );
  return tableOf([...ofSettings, ...otherVariables], ['variable', 'meaning']);
}

const otherVariables = [
  { variable: 'BAI_PROFILE', meaning: 'the profile to read settings from' },
  { variable: 'BAI_HOME', meaning: "one folder for all of bai's own files" },
  { variable: 'BAI_LOG', meaning: 'a file to which every command appends what goes on, without secrets' },
  {
    variable: 'HTTP_PROXY, HTTPS_PROXY, ALL_PROXY',
    meaning: 'proxies for calls and tunnels, http, socks4 and socks5',
  },
  { variable: 'NO_PROXY', meaning: 'names, addresses and ranges that are reached without one' },
  { variable: 'NODE_EXTRA_CA_CERTS', meaning: 'a file with certificates to trust as well' },
  { variable: 'RESCALE_API_KEY', meaning: 'the API key of Rescale' },
  { variable: 'NO_COLOR, FORCE_COLOR, TERM, CI', meaning: 'colours, spinners and questions, as elsewhere' },
];

async function json(): Promise<Told> {
  const human = [
    'With --json, stdout holds the answer as one JSON value; stderr holds one JSON object a line:',
    '  {"warning":"…"}   {"error":{"code":"session-not-found","message":"…","hint":"…","exitCode":4}}',
    'Fields keep their names, types and meanings within a major version; new ones may appear.',
    '`code` (bai help error-codes) and `exitCode` (bai help exit-codes) are for scripts, messages are for people.',
    '--json=events also reports progress on stderr, of sftp put, get and sync.',
    "Every command's fields: docs/json-output.md in the package and the repository.",
  ];
  return { human, value: human.join('\n') };
}

function tableOf<T extends Readonly<Record<string, unknown>>>(
  value: readonly T[],
  fields: readonly (keyof T & string)[],
): Told {
  const columns = fields.map((title) => ({ title: title.toUpperCase(), whole: true }));
  const rows = value.map((row) =>
    fields.map((field) => (row[field] === undefined ? undefined : String(row[field]))),
  );
  return { value, human: { columns, rows } };
}
