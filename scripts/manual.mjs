/** Manual pages in mdoc(7), one for bai and one for each command. */

/** File name → text. */
export function manualPages({ groups, globalOptions }) {
  const commands = groups.flatMap((group) => group.commands);
  const pages = commands.map((command) => [
    `bai-${command.path.replaceAll(' ', '-')}.1`,
    commandPage(command),
  ]);
  return { 'bai.1': mainPage(groups, globalOptions), ...Object.fromEntries(pages) };
}

/** mdoc takes no other form, and no clock: a page is the same however often it is made. */
const date = 'November 30, 2026';

function mainPage(groups, globalOptions) {
  const sections = [...new Set(groups.map(({ section }) => section))];
  const commandsOf = (section) =>
    groups.filter((group) => group.section === section).flatMap((group) => group.commands);
  return page('BAI', [
    ...['.Sh NAME', '.Nm bai', '.Nd into cloud compute sessions from a terminal or a CI job'],
    ...['.Sh SYNOPSIS', '.Nm', '.Op Ar options', '.Ar command', '.Op Ar arguments'],
    '.Sh DESCRIPTION',
    'Creates sessions, opens shells in them, moves files and looks after keys.',
    'The commands, each with a page of its own:',
    ...sections.flatMap((section) => [
      `.Ss ${section}`,
      ...list(commandsOf(section).map(({ path, summary }) => ({ term: `bai ${path}`, text: summary }))),
    ]),
    '.Sh OPTIONS',
    'Every command takes these:',
    ...list(globalOptions),
    '.Sh ENVIRONMENT',
    'See',
    '.Ql bai help environment .',
    '.Sh EXIT STATUS',
    'See',
    '.Ql bai help exit-codes .',
    '.Sh SEE ALSO',
    'ssh(1), sftp(1)',
  ]);
}

function commandPage({ path, summary, usage, aliases, options, notes, examples, isForSession, ...command }) {
  const name = `bai-${path.replaceAll(' ', '-')}`;
  return page(name.toUpperCase(), [
    ...['.Sh NAME', `.Nm ${name}`, `.Nd ${quoted(summary)}`],
    ...['.Sh SYNOPSIS', `.Ql ${quoted(usage)}`],
    ...['.Sh DESCRIPTION', ...filled(`${summary[0].toUpperCase()}${summary.slice(1)}.`)],
    ...(aliases.length > 0 ? filled(`Other names: ${aliases.join(', ')}.`) : []),
    ...(notes === '' ? [] : ['.Bd -literal', ...notes.split('\n').map(line), '.Ed']),
    ...(command.arguments.length > 0 ? ['.Pp', 'The arguments:', ...list(command.arguments)] : []),
    ...(options.length > 0 ? ['.Pp', 'The options:', ...list(options)] : []),
    '.Sh EXIT STATUS',
    isForSession
      ? 'That of the command in the session, 255 when the connection failed, or one of'
      : 'Zero, or one of',
    '.Ql bai help exit-codes .',
    ...['.Sh EXAMPLES', '.Bd -literal', ...examples.map(line), '.Ed'],
    ...['.Sh SEE ALSO', 'bai(1)'],
  ]);
}

function page(title, lines) {
  return `${[`.Dd ${date}`, `.Dt ${title} 1`, '.Os', ...lines].join('\n')}\n`;
}

function list(rows) {
  if (rows.length === 0) return [];
  const items = rows.flatMap(({ term, text, setting }) => [
    `.It ${quoted(term)}`,
    ...filled(setting === undefined ? text : `${text} (setting ${setting})`),
  ]);
  return ['.Bl -tag -width Ds', ...items, '.El'];
}

/** Lines of at most 78 characters, and a new one for each sentence, as mdoc wants it. */
function filled(text) {
  const lines = [''];
  for (const word of quoted(text).split(/\s+/)) {
    const last = lines.at(-1);
    if (last === '') lines[lines.length - 1] = word;
    else if (/[.!?]$/.test(last) || last.length + word.length > 77) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.map((each) => each.replace(/^(?=[.'])/, '\\&'));
}

/** At the beginning of a line a dot or a quote would be a macro. */
function line(text) {
  return quoted(text).replace(/^(?=[.'])/, '\\&');
}

/** Capital words of two letters are macros where arguments of a macro stand. */
function quoted(text) {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('`', '\\(ga')
    .replaceAll("'", '\\(aq')
    .replaceAll('-', '\\-')
    .replaceAll('"', '\\(dq')
    .replaceAll('…', '\\&...')
    .replaceAll('→', '\\->')
    .replace(/(^|\s)([A-Z][a-z])(?=\s|$)/g, '$1\\&$2')
    .replace(/(^|\s)([|.,:;()[\]?!])(?=\s|$)/g, '$1\\&$2');
}
