import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ConfigSyntaxError, parseConfig } from '../../src/providers/rescale/configparser.ts';
import { type Python, pythonMissing, startPython } from '../support/python.ts';

const seed = Number(process.env['BAI_TEST_SEED'] ?? Date.now() % 2 ** 31);
const runs = Number(process.env['BAI_TEST_RUNS'] ?? 3_000);

/** What a file says: the error of reading it, or for each section its options with their values. */
type Reading = 'broken' | Readonly<Record<string, Readonly<Record<string, string | null>>>>;

let python: Python;

/** A value is null when it cannot be had. */
beforeAll(() => {
  if (pythonMissing !== undefined) return;
  python = startPython(`
import configparser, io
def value(config, section, option):
    try:
        return config.get(section, option)
    except configparser.Error:
        return None
config = configparser.ConfigParser()
file = io.TextIOWrapper(io.BytesIO(question.encode('utf-8')), encoding='utf-8')
try:
    config.read_file(file)
except configparser.Error:
    return 'broken'
return {s: {o: value(config, s, o) for o in config.options(s)} for s in config.sections()}
`);
});

afterAll(() => python?.[Symbol.dispose]());

async function theirReading(text: string): Promise<Reading> {
  return (await python.ask(text)) as Reading;
}

/** With the names of options that Python has found, for there is no way to list them. */
function readingOf(text: string, theirs: Reading): Reading {
  try {
    const parsed = parseConfig(text);
    const optionsOf = (section: string): string[] =>
      Object.keys((theirs === 'broken' ? {} : theirs)[section] ?? {});
    return Object.fromEntries(
      parsed.sections.map((section) => [
        section,
        Object.fromEntries(
          optionsOf(section).map((option) => [option, valueFrom(() => parsed.get(section, option))]),
        ),
      ]),
    );
  } catch (error) {
    if (error instanceof ConfigSyntaxError) return 'broken';
    throw error;
  }
}

function valueFrom(get: () => string | undefined): string | null {
  try {
    const value = get();
    if (value === undefined) throw new Error('an option that Python has is not there');
    return value;
  } catch (error) {
    if (error instanceof ConfigSyntaxError) return null;
    throw error;
  }
}

const word = fc.constantFrom(
  'apikey',
  'ApiKey',
  'apibaseurl',
  'a',
  'b',
  'x y',
  'É',
  'https://h/p',
  'ab;c#d',
  '50%%',
  '%(a)s',
  '%(B)s',
  '%',
  '[x]',
  '"q"',
  '',
);
const gap = fc.constantFrom('', ' ', '\t', '  ', '\u00a0', '\x0b', '\x1c', '\u2028', '\ufeff');
const line = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.tuple(gap, word, gap, fc.constantFrom('=', ':', ' = ', ': ', ''), gap, word, gap, word),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(
      gap,
      fc.constantFrom('[default]', '[DEFAULT]', '[prod]', '[a b]', '[x]]y', '[]', '[ x ]'),
      gap,
    ),
  },
  { weight: 1, arbitrary: fc.tuple(gap, fc.constantFrom('; note', '# note', ';', '#=x'), gap) },
  { weight: 1, arbitrary: fc.tuple(gap) },
);
const lineEnd = fc.constantFrom('\n', '\n', '\n', '\r\n', '\r', '\n\n');
const body = fc
  .array(fc.tuple(line, lineEnd))
  .map((lines) => lines.map(([parts, end]) => parts.join('') + end).join(''));
/** Half of them begin well, for what comes later to be read at all. */
const file = fc
  .tuple(fc.constantFrom('', '[default]\n', '[DEFAULT]\na = 1\n[p]\n'), body)
  .map((parts) => parts.join(''));

test.skipIf(pythonMissing !== undefined)(
  `a file means what Python's own configparser takes it for (BAI_TEST_SEED=${seed})`,
  async () => {
    await fc.assert(
      fc.asyncProperty(file, async (text) => {
        // Python takes the mark for text, and refuses the file; here it is passed over.
        fc.pre(!text.startsWith('\ufeff'));
        const theirs = await theirReading(text);
        expect(readingOf(text, theirs)).toEqual(theirs);
      }),
      { seed, numRuns: runs },
    );
  },
);

test.skipIf(pythonMissing !== undefined).each([
  ['a colon, with another in the value', '[default]\napibaseurl: https://eu.rescale.com\napikey: k\n'],
  ['; and # in a value', '[default]\napikey = ab;c#d\n'],
  ['a value that goes on', '[default]\napikey = a\n  b\n\n  c\n'],
  ['names in capitals', '[default]\nApiKey = k\nAPIBASEURL = u\n'],
  ['a section DEFAULT below the others', '[DEFAULT]\napibaseurl = u\n[p]\napikey = k\n'],
  ['references and percent signs', '[p]\nx = a\napikey = %(X)s%%\n'],
  ['a reference to itself', '[p]\napikey = %(apikey)s\n'],
  ['ten references one after the other', chainOf(10)],
  ['eleven references one after the other', chainOf(11)],
  ['a percent sign alone', '[p]\napikey = 5%\n'],
  ['an option twice', '[p]\na = 1\nA = 2\n'],
  ['a section twice', '[p]\na = 1\n[p]\nb = 2\n'],
  ['an option without a value', '[p]\napikey\n'],
  ['an option before the first section', 'apikey = k\n'],
  ['line ends of Windows', '[p]\r\napikey = k\r\n'],
])('%s: as Python has it', async (_what, text) => {
  const theirs = await theirReading(text);
  expect(readingOf(text, theirs)).toEqual(theirs);
});

function chainOf(length: number): string {
  const options = Array.from({ length }, (_, index) => `o${index} = %(o${index + 1})s`);
  return ['[p]', ...options, `o${length} = end %%`].join('\n');
}

test('an option is found however it is written', () => {
  expect(parseConfig('[p]\nApiKey = k\n').get('p', 'APIKEY')).toBe('k');
});

test('a mark in front, as editors of Windows write it, is no part of the first section', () => {
  expect(parseConfig('\ufeff[default]\napikey = k\n').get('default', 'apikey')).toBe('k');
});

test('what is wrong with a file is told without its text, which may be a key', () => {
  for (const text of ['s3cret\n', '[p]\ns3cret\n', '[p]\napikey = s3cret%\n', '[p]\na = 1\na = s3cret\n']) {
    const read = (): unknown => parseConfig(text).get('p', 'apikey') ?? parseConfig(text);
    expect(read).toThrow(ConfigSyntaxError);
    expect(read).not.toThrow(/s3cret/);
  }
});
