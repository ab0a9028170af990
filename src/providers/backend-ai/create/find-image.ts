/** The image that was meant by a short name. */

import { isMeant, nearImages } from '../../../core/session/image-names.ts';
import { type BaiError, NotFoundError } from '../../../errors.ts';
import type { ComputeSessionRequest, ImageSummary } from '../session/compute-session.ts';
import type { CreateDeps } from './create-deps.ts';

/**
 * The one image that the manager can only have meant; nothing when it knows the image, so that the refusal is about
 * something else. Throws when there is none, or more than one.
 */
export async function findImage(
  session: ComputeSessionRequest,
  refusal: BaiError,
  deps: CreateDeps,
): Promise<ImageSummary | undefined> {
  const image = meantImage(session, await deps.api.images(deps.signal), refusal);
  const isKnown = image.reference === session.image && session.architecture !== undefined;
  return isKnown ? undefined : image;
}

/** Throws when there is none, or more than one: `refusal` where no image is in sight. */
export function meantImage(
  session: ComputeSessionRequest,
  all: readonly ImageSummary[],
  refusal?: BaiError,
): ImageSummary {
  const images = all.filter(
    (image) => session.architecture === undefined || image.architecture === session.architecture,
  );
  const same = images.filter(
    (image) => image.reference === session.image || image.aliases.includes(session.image),
  );
  const meant = images.filter((image) => isMeant(session.image, image.reference));
  const only = onlyOne(same) ?? onlyOne(meant);
  if (only !== undefined) return only;
  if (meant.length > 0) throw oneOfMore(session.image, meant, refusal);
  throw unknownImage(session.image, images, refusal);
}

/** It may be there for several architectures: then that of most machines is meant, unless --architecture says another. */
function onlyOne(images: readonly ImageSummary[]): ImageSummary | undefined {
  const [first] = images;
  if (first === undefined || images.some(({ reference }) => reference !== first.reference)) return undefined;
  return images.find(({ architecture }) => architecture === 'x86_64') ?? first;
}

function oneOfMore(wanted: string, meant: readonly ImageSummary[], refusal?: BaiError): BaiError {
  const names = [...new Set(meant.map(({ reference }) => reference))];
  const shown = `${names.slice(0, 5).join(', ')}${names.length > 5 ? ', …' : ''}`;
  return new NotFoundError(`${wanted} may be any of ${names.length} images`, {
    code: 'image-not-found',
    hint: `write more of the name of one: ${shown}`,
    cause: refusal,
  });
}

function unknownImage(wanted: string, images: readonly ImageSummary[], refusal?: BaiError): BaiError {
  const near = nearImages(wanted, images).slice(0, 5);
  // Without any image in sight the refusal may be about the project or the resource group.
  if (near.length === 0 && refusal !== undefined) return refusal;
  return new NotFoundError(`there is no image ${wanted}`, {
    code: 'image-not-found',
    hint:
      near.length === 0
        ? 'you can use none at all'
        : `images you can use: ${near.join(', ')}; \`bai image list\` shows all`,
    cause: refusal,
  });
}
