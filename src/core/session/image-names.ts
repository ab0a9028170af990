/** The short names of images: the end of a path, and of a tag its beginning. */

import { similarNames } from '../text/similar.ts';

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
  const all = new Set(references);
  /** How many references each short name means: to compare each with each takes minutes where there are thousands. */
  const meant = new Map<string, number>();
  for (const reference of all)
    for (const name of namesOf(reference)) meant.set(name, (meant.get(name) ?? 0) + 1);
  return new Map([...all].map((reference) => [reference, shortName(reference, meant)]));
}

function shortName(reference: string, meant: ReadonlyMap<string, number>): string {
  const { path, tag } = partsOf(reference);
  const isUnique = (end: string): boolean => meant.get(`${end}:${tag}`) === 1;
  // A path with a port in it cannot be told from one with a tag, and without a tag any is meant.
  const end = tag === '' ? undefined : endsOf(path).find((each) => !each.includes(':') && isUnique(each));
  return end === undefined || end === path ? reference : `${end}:${tag}`;
}

/** All by which it is meant, but for those that have parts without end. */
function namesOf(reference: string): Set<string> {
  const { path, tag } = partsOf(reference);
  const words = tag.split('-').slice(0, mostParts);
  const tags = [...words.keys()].map((at) => words.slice(0, at + 1).join('-'));
  return new Set(endsOf(path).flatMap((end) => [tag, ...tags].map((each) => `${end}:${each}`)));
}

const mostParts = 16;

/** The last part of a path, the last two, and so on. */
function endsOf(path: string): string[] {
  const parts = path.split('/').slice(-mostParts);
  return [...parts.keys()].map((at) => parts.slice(parts.length - 1 - at).join('/'));
}

/**
 * Names that may have been meant by one that no image has, the likeliest first: those that hold it or are in it, those that are
 * spelt like it, and then one of each kind. Short ones, which are taken as well.
 */
export function nearImages(
  wanted: string,
  images: readonly { readonly reference: string; readonly aliases: readonly string[] }[],
): string[] {
  const word = kindOf(wanted);
  const short = shortNames(images.map(({ reference }) => reference));
  const all = images.map(({ reference, aliases }) => ({
    shown: short.get(reference) ?? reference,
    kinds: [reference, ...aliases].map(kindOf),
  }));
  const near = similarNames(
    word,
    all.flatMap(({ kinds }) => kinds),
  );
  const holding = all.filter(({ kinds }) => kinds.some((kind) => kind.includes(word) || word.includes(kind)));
  const alike = all.filter(({ kinds }) => kinds.some((kind) => near.includes(kind)));
  const seen = new Set<string | undefined>();
  const oneOfEach = all.filter(({ kinds: [kind] }) => !seen.has(kind) && seen.add(kind));
  return [...new Set([...holding, ...alike, ...oneOfEach].map(({ shown }) => shown))];
}

/** `cr.test/stable/python-pytorch:2.3` is a `python-pytorch`. */
function kindOf(name: string): string {
  const last = name.slice(name.lastIndexOf('/') + 1);
  return (last.split(':')[0] ?? last).toLowerCase();
}

function partsOf(reference: string): { readonly path: string; readonly tag: string } {
  const colon = reference.lastIndexOf(':');
  return { path: reference.slice(0, colon), tag: reference.slice(colon + 1) };
}
