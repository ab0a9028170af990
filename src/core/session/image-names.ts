/** The short names of images: the end of a path, and of a tag its beginning. */

/** `python:3.11` means `registry/project/python:3.11-ubuntu22.04`; a name without a tag means any tag. */
export function isMeant(wanted: string, reference: string): boolean {
  const [name = '', tag = ''] = wanted.split(':');
  const { path, tag: theirTag } = partsOf(reference);
  return (
    (path === name || path.endsWith(`/${name}`)) &&
    (theirTag === tag || tag === '' || theirTag.startsWith(`${tag}-`))
  );
}

/** For each reference the shortest end of it that means no other one. */
export function shortNames(references: readonly string[]): ReadonlyMap<string, string> {
  const alike = new Map<string, string[]>();
  for (const reference of new Set(references)) {
    const last = partsOf(reference).path.split('/').at(-1) ?? '';
    alike.set(last, [...(alike.get(last) ?? []), reference]);
  }
  return new Map([...alike.values()].flatMap((group) => group.map((each) => [each, shortName(each, group)])));
}

function shortName(reference: string, alike: readonly string[]): string {
  for (let at = reference.lastIndexOf('/'); at > 0; at = reference.lastIndexOf('/', at - 1)) {
    const short = reference.slice(at + 1);
    // A path with a port in it cannot be told from one with a tag.
    if (short.split(':').length === 2 && alike.every((each) => each === reference || !isMeant(short, each)))
      return short;
  }
  return reference;
}

function partsOf(reference: string): { readonly path: string; readonly tag: string } {
  const colon = reference.lastIndexOf(':');
  return { path: reference.slice(0, colon), tag: reference.slice(colon + 1) };
}
