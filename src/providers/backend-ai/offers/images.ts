/** The images that the caller may use. */

import type { ImageOffer } from '../../../core/session/offers.ts';
import type { ManagerClient } from '../manager/client.ts';
import { type GraphqlCall, graphql } from '../manager/graphql.ts';
import { imagesQuery } from '../manager/queries.ts';
import { amountsOf } from './amounts.ts';
import { isName } from './names.ts';
import { imagesSchema } from './schemas.ts';

/** As the manager has them. */
export async function imagesOf(client: ManagerClient, signal: AbortSignal): Promise<ImageOffer[]> {
  const call: GraphqlCall = { what: 'list the images', query: imagesQuery, variables: {}, signal };
  const rows = await graphql(client, call, 'images', imagesSchema);
  return rows
    .filter(({ name }) => name !== '')
    .map(({ registry, name, tag, architecture, installed, size_bytes: size, aliases, resource_limits }) => ({
      reference: `${registry}/${name}:${tag}`,
      aliases: aliases.filter(isName).slice(0, mostAliases),
      architecture,
      isInstalled: installed ?? undefined,
      sizeBytes: bytesOf(size),
      least: neededOf(resource_limits),
    }))
    .filter(({ reference }) => isName(reference));
}

const mostAliases = 100;

/** By name, and within one the newest tag first. All of them: who looks for words would not find what was left out before. */
export async function imageOffers(
  client: ManagerClient,
  signal: AbortSignal,
): Promise<readonly ImageOffer[]> {
  const images = (await imagesOf(client, signal)).map((image) => ({ image, ...partsOf(image) }));
  images.sort(
    (a, b) =>
      byNumbers.compare(a.name, b.name) ||
      Number(b.tag === 'latest') - Number(a.tag === 'latest') ||
      byNumbers.compare(b.tag, a.tag) ||
      byNumbers.compare(a.image.architecture, b.image.architecture),
  );
  return images.map(({ image }) => image);
}

/** `3.9` stands before `3.12`. */
const byNumbers = new Intl.Collator('en', { numeric: true });

function partsOf({ reference }: ImageOffer): { readonly name: string; readonly tag: string } {
  const colon = reference.lastIndexOf(':');
  return { name: reference.slice(0, colon), tag: reference.slice(colon + 1) };
}

/** 0 stands for not known. */
function bytesOf(size: number | string | null | undefined): number | undefined {
  const bytes = typeof size === 'string' && /^\d+$/.test(size) ? Number(size) : size;
  return typeof bytes === 'number' && Number.isSafeInteger(bytes) && bytes > 0 ? bytes : undefined;
}

function neededOf(limits: readonly { readonly key: string; readonly min?: unknown }[]): ImageOffer['least'] {
  const least = amountsOf(Object.fromEntries(limits.map(({ key, min }) => [key, min])));
  return Object.fromEntries(Object.entries(least).filter(([, amount]) => amount !== '0'));
}
