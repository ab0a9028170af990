/**
 * bai's own file of ssh's configuration has a part for each profile whose hosts were installed. ssh takes the first value it
 * finds and adds up key files, so no pattern may match the hosts of another profile.
 */

export const usualProfile = 'default';

/** What host names of a profile's sessions end with; ssh takes host names for the same in either case. */
export function hostSuffixOf(profile: string): string {
  return profile === usualProfile ? '.bai' : `.${profile.toLowerCase()}.bai`;
}

/**
 * The pattern of all hosts of a profile, but for names that would not stay one word in ProxyCommand: with a quote where a shell reads it,
 * with a blank on Windows, where none does.
 */
export function hostPattern(profile: string, platform?: NodeJS.Platform): string {
  const others = platform === 'win32' ? '"!* *" "!*\t*"' : `"!*'*"`;
  return `Host *${hostSuffixOf(profile)} ${others}`;
}

/** As this machine writes it, and as Windows does: a home folder may be shared. */
export function hostPatterns(profile: string): readonly string[] {
  return [hostPattern(profile), hostPattern(profile, 'win32')];
}

const marker = /^# Hosts of profile ([\w.-]{1,64}):$/gm;

export function markerOf(profile: string): string | undefined {
  return profile === usualProfile ? undefined : `# Hosts of profile ${profile}:`;
}

/** The file with `part` for this profile; those of the others stay. */
export function withPart(before: string, profile: string, part: string): string {
  const parts = partsOf(before).set(profile, part);
  const named = [...parts.keys()].filter((name) => name !== usualProfile).sort();
  const all = [...named, ...(parts.has(usualProfile) ? [usualProfile] : [])];
  return all.map((name) => withoutOthers(parts.get(name) ?? '', name, named)).join('');
}

/** Nothing when the file has none for this profile. */
export function partOf(text: string, profile: string): string | undefined {
  return partsOf(text).get(profile);
}

/** Profile → its part. That of the default profile has no marker, and is the last. */
function partsOf(text: string): Map<string, string> {
  const parts = new Map<string, string>();
  const starts = [...text.matchAll(marker)];
  for (const [index, { index: start, 1: profile = '' }] of starts.entries()) {
    const rest = text.slice(start, starts[index + 1]?.index);
    const end = rest.indexOf(usualHead, 1);
    parts.set(profile, end < 0 ? rest : rest.slice(0, end));
    if (end >= 0) parts.set(usualProfile, rest.slice(end));
  }
  if (starts.length === 0 && text !== '') parts.set(usualProfile, text);
  return parts;
}

/** How the part of the default profile begins. */
export const usualHead = '# Written by `bai ssh-config install`, which replaces this ';

/** `*.bai` would match `demo.prod.bai`, too. */
function withoutOthers(part: string, profile: string, named: readonly string[]): string {
  const own = hostSuffixOf(profile);
  const longer = named.map(hostSuffixOf).filter((suffix) => suffix !== own && suffix.endsWith(own));
  const patterns = hostPatterns(profile);
  const lineFor = (each: string): string => {
    const plain = patterns.find((pattern) => each === pattern || each.startsWith(`${pattern} !`));
    return plain === undefined ? each : [plain, ...longer.map((suffix) => `!*${suffix}`)].join(' ');
  };
  return part.split('\n').map(lineFor).join('\n');
}
