/** The images sessions can be made of: canonical references and the aliases that lead to them. */

import { machine } from 'node:os';
import { stableUuid } from './accounts.ts';

export interface Image {
  readonly id: string;
  /** `registry/name:tag` */
  readonly reference: string;
  readonly registry: string;
  readonly name: string;
  readonly tag: string;
  readonly architecture: string;
  readonly aliases: readonly string[];
}

export const defaultImages = [
  'cr.backend.ai/stable/python:3.11-ubuntu22.04',
  'cr.backend.ai/stable/python:3.12-ubuntu24.04',
  'cr.backend.ai/stable/python-pytorch:2.3-py311-cuda12.4',
];

/** The first reference of a name also answers to the bare name: `python`. */
export function openImages(references: readonly string[]): readonly Image[] {
  const taken = new Set<string>();
  return references.map((reference) => {
    const { registry, name, tag } = splitReference(reference);
    const base = name.slice(name.lastIndexOf('/') + 1);
    const candidates = [base, `${base}:${tag.split('-')[0]}`, `${base}:${tag}`, `${name}:${tag}`];
    const aliases = candidates.filter((alias) => alias !== reference && !taken.has(alias));
    for (const alias of aliases) taken.add(alias);
    return { id: stableUuid(reference), reference, registry, name, tag, architecture: machine(), aliases };
  });
}

export function findImage(images: readonly Image[], wanted: string): Image | undefined {
  return (
    images.find(({ reference }) => reference === wanted) ??
    images.find(({ aliases }) => aliases.includes(wanted))
  );
}

function splitReference(reference: string): { registry: string; name: string; tag: string } {
  const colon = reference.lastIndexOf(':');
  const hasTag = colon > reference.lastIndexOf('/');
  const path = hasTag ? reference.slice(0, colon) : reference;
  const tag = hasTag ? reference.slice(colon + 1) : 'latest';
  const slash = path.indexOf('/');
  // As with Docker, a first part without a dot or port is no registry.
  const isRegistry = slash > 0 && /[.:]/.test(path.slice(0, slash));
  return {
    registry: isRegistry ? path.slice(0, slash) : 'index.docker.io',
    name: isRegistry ? path.slice(slash + 1) : path,
    tag,
  };
}
