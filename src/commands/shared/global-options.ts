/** The options that every command takes. */

import { type Command, Option } from 'commander';

export function addGlobalOptions(program: Command): Command {
  return program
    .option('--json', 'print the answer, and errors, as JSON (--json=events: also progress, on stderr)')
    .addOption(new Option('--json-events').hideHelp())
    .option('--template <text>', "print fields of the answer instead, such as '{{name}} {{status}}'")
    .option('-q, --quiet', 'print errors and the answer only')
    .option('--verbose', 'say what is going on: settings and their origins, requests, milestones of ssh')
    .option('--color', 'use colours even without a terminal')
    .option('--no-color', 'no colours')
    .option('-P, --profile <name>', 'the profile to read settings from')
    .option('--endpoint <url>', "the manager's address")
    .addOption(new Option('--env-file <path>', 'read variables that are not set from this file'));
}
