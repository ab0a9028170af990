/** How help is laid out: commands in sections, and the options of every command in one place. */

import { type Command, Help, type Option } from 'commander';

/** The first words of the help in their order: what is used every day, what surrounds it, and what is set once. */
export const sections: Readonly<Record<string, readonly string[]>> = {
  'Daily commands:': ['login', 'session', 'ssh', 'exec', 'sftp', 'forward', 'open'],
  'Around a session:': ['image', 'vfolder', 'resource', 'project', 'app'],
  'Keys and other SSH clients:': ['key', 'host-key', 'ssh-config'],
  'Accounts and settings:': ['whoami', 'logout', 'profile', 'config', 'provider', 'local'],
  'Help and scripts:': ['doctor', 'completion', 'schema', 'version'],
};

/** Each first word of a command stands below the heading of its section. */
export function inSections(program: Command): void {
  for (const [heading, names] of Object.entries(sections)) {
    for (const command of program.commands) if (names.includes(command.name())) command.helpGroup(heading);
  }
}

export const helpLayout: Partial<Help> = {
  visibleCommands(command) {
    const shown = new Help().visibleCommands(command);
    if (command.parent !== null) return shown;
    const order = Object.values(sections).flat();
    return shown.toSorted((a, b) => order.indexOf(a.name()) - order.indexOf(b.name()));
  },
  optionTerm,
  optionDescription,
  formatHelp(command, helper) {
    const text = Help.prototype.formatHelp.call(helper, command, helper);
    return command.parent === null
      ? optionsLast(text)
      : `${text}\n${helper.boxWrap(everyCommands(command), helper.helpWidth ?? 80)}\n`;
  },
};

/** As help, reference and manual write it: `-t, --name NAME`, the value in capitals. Of two long names the last one is taught. */
function optionTerm({ flags }: Pick<Option, 'flags'>): string {
  return flags.replace(/^--[\w-]+, /, '').replace(/<([^>]+)>/, (_, value: string) => value.toUpperCase());
}

/** What happens without it is said of every value, and never that a switch is off. */
function optionDescription({ description, defaultValue }: Option): string {
  const isTold = typeof defaultValue !== 'string' || description.includes('default');
  return isTold ? description : `${description} (default: ${defaultValue})`;
}

/** Of a terminal as far as lines are pleasant to read; pages and pipes get 80. */
export function helpWidth({
  isTTY,
  columns,
}: {
  readonly isTTY?: boolean;
  readonly columns?: number;
}): number {
  return isTTY === true ? Math.min(columns || 80, 100) : 80;
}

/** What there is comes before how it is told. */
function optionsLast(text: string): string {
  const parts = text.trimEnd().split('\n\n');
  const isOptions = (part: string): boolean => part.startsWith('Options:');
  return `${[...parts.filter((part) => !isOptions(part)), ...parts.filter(isOptions)].join('\n\n')}\n`;
}

/** By their names only: nine lines in each help would hide what is the command's own. */
function everyCommands(command: Command): string {
  let root = command;
  while (root.parent !== null) root = root.parent;
  const named = root.options
    .filter(({ hidden, long }) => !hidden && long !== '--version')
    .map(({ short, long }: Option) => (short === undefined ? long : `${short}/${long}`));
  return `Every command takes: ${named.join(', ')} (see bai --help)`;
}
