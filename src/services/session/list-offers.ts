/** What there is to create sessions of: images, folders, resources, projects. */

import { requireFeature } from '../../core/session/features.ts';
import type {
  FolderOffer,
  ImageOffer,
  ProjectOffer,
  ResourceOffer,
  ResourceScope,
} from '../../core/session/offers.ts';
import type { SessionTools } from './session-tools.ts';

type OfferTools = Pick<SessionTools, 'provider' | 'signal'>;

interface ImageList {
  /** Those that have every word in their name or in an alias, in whichever case. */
  readonly found: readonly ImageOffer[];
  readonly all: readonly ImageOffer[];
}

export async function listImages(
  words: readonly string[],
  { provider, signal }: OfferTools,
): Promise<ImageList> {
  const all = await requireFeature(provider, 'images')(signal);
  const wanted = words.map((word) => word.toLowerCase());
  const found = all.filter(({ reference, aliases }) => {
    const names = [reference, ...aliases].map((name) => name.toLowerCase());
    return wanted.every((word) => names.some((name) => name.includes(word)));
  });
  return { found, all };
}

export function listFolders({ provider, signal }: OfferTools): Promise<readonly FolderOffer[]> {
  return requireFeature(provider, 'folders')(signal);
}

export function listResources(
  scope: ResourceScope,
  { provider, signal }: OfferTools,
): Promise<ResourceOffer> {
  return requireFeature(provider, 'resources')(signal, scope);
}

export function listProjects({ provider, signal }: OfferTools): Promise<readonly ProjectOffer[]> {
  return requireFeature(provider, 'projects')(signal);
}
