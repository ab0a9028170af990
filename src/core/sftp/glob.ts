/**
 * Patterns for file names, as shells know them: `*`, `?`, `[a-z]`, `[!a-z]`, and `**` for any number of folders.
 * A backslash takes the meaning from the next character. Matching uses no regular expression, so
 * that no name, however long, makes it slow.
 */

type Token =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'one' }
  | { readonly kind: 'many' }
  | {
      readonly kind: 'set';
      readonly negated: boolean;
      readonly ranges: readonly (readonly [string, string])[];
    };

/** A pattern for one name. */
export interface NamePattern {
  readonly tokens: readonly Token[];
  /** No wildcard: it matches `literal` only. */
  readonly literal: string | undefined;
}

/** Whether anything in the text asks for expansion. */
export function hasWildcards(pattern: string): boolean {
  return pattern.split('/').some((part) => parseName(part).literal === undefined);
}

/** A pattern that matches this text only. */
export function literalPattern(text: string): string {
  return text.replaceAll(/[*?[\]\\]/g, '\\$&');
}

/** An unfinished `[` stands for itself. */
export function parseName(pattern: string): NamePattern {
  const characters = Array.from(pattern);
  const tokens: Token[] = [];
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at] ?? '';
    const set = character === '[' ? readSet(characters, at) : undefined;
    if (set !== undefined) {
      tokens.push(set.token);
      at = set.end;
    } else if (character === '*') tokens.push({ kind: 'many' });
    else if (character === '?') tokens.push({ kind: 'one' });
    else if (character === '\\' && at + 1 < characters.length) {
      at += 1;
      tokens.push({ kind: 'text', text: characters[at] ?? '' });
    } else tokens.push({ kind: 'text', text: character });
  }
  const isLiteral = tokens.every(({ kind }) => kind === 'text');
  const literal = tokens.map((token) => (token.kind === 'text' ? token.text : '')).join('');
  return { tokens, literal: isLiteral ? literal : undefined };
}

/** Whether the whole name fits. A dot at its beginning is matched by a dot of the pattern only, as in shells. */
export function matchesName(pattern: NamePattern, name: string): boolean {
  const [first] = pattern.tokens;
  if (name.startsWith('.') && !(first?.kind === 'text' && first.text === '.')) return false;
  return matchesText(pattern, name);
}

/** As `matchesName`, but wildcards also match a dot at the beginning. */
export function matchesText({ tokens }: NamePattern, text: string): boolean {
  const characters = Array.from(text);
  let [at, next] = [0, 0];
  // Where the last `*` stands and how far it reaches: a mismatch later on lets it reach one further.
  let star: { token: number; reach: number } | undefined;
  while (at < characters.length) {
    const token = tokens[next];
    if (token?.kind === 'many') {
      star = { token: next, reach: at };
      next += 1;
    } else if (token !== undefined && matchesOne(token, characters[at] ?? '')) {
      at += 1;
      next += 1;
    } else if (star !== undefined) {
      star.reach += 1;
      at = star.reach;
      next = star.token + 1;
    } else return false;
  }
  return tokens.slice(next).every(({ kind }) => kind === 'many');
}

function matchesOne(token: Token, character: string): boolean {
  switch (token.kind) {
    case 'text':
      return token.text === character;
    case 'one':
      return true;
    case 'many':
      return false;
    case 'set':
      return token.ranges.some(([low, high]) => low <= character && character <= high) !== token.negated;
  }
}

/** `]` right after `[` or `[!` is a member of the set. */
function readSet(characters: readonly string[], start: number): { token: Token; end: number } | undefined {
  let at = start + 1;
  const negated = characters[at] === '!' || characters[at] === '^';
  if (negated) at += 1;
  const members: string[] = [];
  const ranges: (readonly [string, string])[] = [];
  for (let first = true; at < characters.length; first = false, at += 1) {
    let character = characters[at] ?? '';
    if (character === ']' && !first) {
      ranges.push(...members.map((member) => [member, member] as const));
      return { token: { kind: 'set', negated, ranges }, end: at };
    }
    if (character === '\\' && at + 1 < characters.length) {
      at += 1;
      character = characters[at] ?? '';
    }
    const high = characters[at + 2];
    if (characters[at + 1] === '-' && high !== undefined && high !== ']') {
      ranges.push([character, high]);
      at += 2;
    } else members.push(character);
  }
  return undefined;
}

export interface GlobEntry {
  readonly name: string;
  /** Nothing for a link: where it leads is asked for only if it matters. */
  readonly isFolder: boolean | undefined;
  /** Why the name must not become part of a path. */
  readonly problem?: string | undefined;
}

/** The file system a pattern is expanded in. */
export interface GlobPlace {
  /** Names in a folder (`''` is where relative paths start); what is not there or not readable lists nothing. */
  list(folder: string): AsyncIterable<GlobEntry>;
  /** Whether a path is there. */
  exists(path: string): Promise<boolean>;
  isFolder(path: string): Promise<boolean>;
  join(folder: string, name: string): string;
  /** A name that matches and has a problem; it is left out. */
  refused?(path: string, problem: string): void;
}

/** All paths that match, each once, sorted. `**` goes into no hidden folder and through no link. */
export async function expandGlob(pattern: string, place: GlobPlace): Promise<string[]> {
  const isAbsolute = pattern.startsWith('/');
  const wantsFolder = pattern.endsWith('/');
  const parts = pattern
    .split('/')
    .filter((part, index, all) => part !== '' && !(part === '**' && all[index - 1] === '**'));
  let found: string[] = [isAbsolute ? '/' : ''];
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1;
    const next = new Set<string>();
    for (const folder of found)
      for await (const path of step(folder, part, { isLast, place })) next.add(path);
    found = [...next];
  }
  if (wantsFolder) {
    const checked = await Promise.all(found.map((path) => place.isFolder(path)));
    found = found.filter((_, index) => checked[index]);
  }
  return found.sort();
}

interface Step {
  readonly isLast: boolean;
  readonly place: GlobPlace;
}

async function* step(folder: string, part: string, { isLast, place }: Step): AsyncGenerator<string> {
  if (part === '**') {
    yield* descend(folder, { isLast, place });
    return;
  }
  const pattern = parseName(part);
  if (pattern.literal !== undefined) {
    const path = place.join(folder, pattern.literal);
    if (isLast ? await place.exists(path) : await place.isFolder(path)) yield path;
    return;
  }
  for await (const { name, isFolder, problem } of place.list(folder)) {
    if (!matchesName(pattern, name)) continue;
    const path = place.join(folder, name);
    if (problem !== undefined) place.refused?.(path, problem);
    else if (isLast || (isFolder ?? (await place.isFolder(path)))) yield path;
  }
}

/** The folder itself and all below; at the end of a pattern everything in them. */
async function* descend(top: string, { isLast, place }: Step): AsyncGenerator<string> {
  const waiting = [top];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    if (!isLast) yield folder;
    for await (const { name, isFolder, problem } of place.list(folder)) {
      if (name.startsWith('.') && problem === undefined) continue;
      const path = place.join(folder, name);
      if (problem !== undefined) {
        place.refused?.(path, problem);
        continue;
      }
      if (isFolder === true) waiting.push(path);
      if (isLast) yield path;
    }
  }
}
