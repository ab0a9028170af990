/** Asks somebody at a terminal what a new session is to be made of: its image, folders and size. */

import { requireFeature } from '../../core/session/features.ts';
import { shortNames } from '../../core/session/image-names.ts';
import type { FolderOffer, ImageOffer, ResourceOffer, ResourceScope } from '../../core/session/offers.ts';
import { BaiError, InterruptedError, NotFoundError } from '../../errors.ts';
import { askGroup, askSize } from './ask-size.ts';
import type { AskingTools } from './session-tools.ts';

export interface AskSessionRequest {
  /** Given already, so that nobody is asked. */
  readonly has: { readonly folders: boolean; readonly resources: boolean };
  /** Mounted whatever is answered. */
  readonly mounted: readonly string[];
  /** Whether an option can name this folder. */
  isMountable(this: void, folder: string): boolean;
  /** Where it is to run, as far as it is given. */
  readonly scope: ResourceScope;
}

export interface AskedSession {
  readonly image: string;
  /** The shortest name that means this image alone, as things are. */
  readonly shortName: string;
  /** Nothing where the image has one only. */
  readonly architecture: string | undefined;
  readonly folders: readonly string[];
  /** Nothing where the server has no choice. */
  readonly group: string | undefined;
  /** `NAME=AMOUNT`, as the option for them takes it. */
  readonly resources: readonly string[];
}

export async function askSession(request: AskSessionRequest, tools: AskingTools): Promise<AskedSession> {
  const { images, folders, resources } = await lookAround(request, tools);
  using _terminal = tools.reporter.yieldTerminal();
  const names = shortNames(images.map(({ reference }) => reference));
  const image = await askImage(images, names, tools);
  const isOneOfMore = images.some((each) => each !== image && each.reference === image.reference);
  const start = {
    image: image.reference,
    shortName: names.get(image.reference) ?? image.reference,
    architecture: isOneOfMore ? image.architecture : undefined,
    folders: folders === undefined ? [] : await askFolders(folders, request, tools),
  };
  if (request.has.resources) return { ...start, group: undefined, resources: [] };
  const group = request.scope.group ?? (await askGroup(resources?.groups ?? [], tools));
  return { ...start, group, resources: await askSize({ image, resources, group }, tools) };
}

interface Offers {
  readonly images: readonly ImageOffer[];
  readonly folders: readonly FolderOffer[] | undefined;
  readonly resources: ResourceOffer | undefined;
}

/** All before the first question, so that nobody waits between two. What is asked about is looked up, and nothing else. */
async function lookAround({ has, scope }: AskSessionRequest, tools: AskingTools): Promise<Offers> {
  const { provider, reporter, signal } = tools;
  const busy = reporter.busy('looking what there is to ask for');
  try {
    const [images, folders, resources] = await Promise.all([
      requireFeature(provider, 'images')(signal),
      has.folders ? undefined : ifTold('folders', provider.folders?.(signal), tools),
      has.resources ? undefined : ifTold('amounts', provider.resources?.(signal, scope), tools),
    ]);
    return { images, folders, resources };
  } finally {
    busy.stop();
  }
}

/** A session can be made without them, so what a server does not tell is no reason to stop. */
async function ifTold<T>(
  what: string,
  told: Promise<T> | undefined,
  { reporter, signal }: AskingTools,
): Promise<T | undefined> {
  try {
    return await told;
  } catch (error) {
    if (!(error instanceof BaiError) || error instanceof InterruptedError || signal.aborted) throw error;
    reporter.warn(`nothing is known about ${what}: ${error.message}`);
    return undefined;
  }
}

/** The one that was used last comes first, so that Enter takes it. */
async function askImage(
  images: readonly ImageOffer[],
  names: ReadonlyMap<string, string>,
  { ask, lastImage, provider }: AskingTools,
): Promise<ImageOffer> {
  if (images.length === 0) {
    throw new NotFoundError(`${provider.title} offers you no image`, {
      code: 'image-not-found',
      hint: 'an administrator allows images to a domain and its projects',
    });
  }
  const used = await lastImage?.read();
  const isLast = ({ reference, aliases }: ImageOffer): boolean =>
    used !== undefined && (reference === used || aliases.includes(used));
  const last = images.find(isLast);
  const sorted = last === undefined ? images : [last, ...images.filter((image) => image !== last)];
  const choices = sorted.map((image) => {
    const label = names.get(image.reference) ?? image.reference;
    return { value: image, label, note: noteOf(image, label, image === last) };
  });
  return ask.one('Image', choices);
}

/** Other names than the beginning of its label, and where it is, so that it is found by them too. */
function noteOf({ reference, aliases, architecture }: ImageOffer, label: string, isLast: boolean): string {
  const others = aliases.filter((alias) => !label.startsWith(alias) && !reference.endsWith(alias));
  const place = reference.endsWith(`/${label}`) ? reference.slice(0, -label.length - 1) : '';
  return [isLast ? '(last used)' : '', architecture, ...others, place]
    .filter((word) => word !== '')
    .join('  ');
}

const usable = /^(?:|ready|mounted|performing|cloning)$/i;

const mostNamed = 5;

async function askFolders(
  folders: readonly FolderOffer[],
  { mounted, isMountable }: Pick<AskSessionRequest, 'mounted' | 'isMountable'>,
  { ask, reporter }: AskingTools,
): Promise<readonly string[]> {
  const usual = folders.filter(
    ({ name, isAutomatic, status }) => !isAutomatic && !mounted.includes(name) && usable.test(status),
  );
  const odd = usual.filter(({ name }) => !isMountable(name)).map(({ name }) => `"${name}"`);
  if (odd.length > 0)
    reporter.info(`folders that no option can name are not offered: ${odd.slice(0, mostNamed).join(', ')}`);
  const choices = usual
    .filter(({ name }) => isMountable(name))
    .map(({ name, permission, owner, project, host }) => ({
      value: name,
      label: name,
      note: `${permission}  ${owner}${project === undefined ? '' : ` ${project}`}  ${host}`.trimEnd(),
    }));
  if (choices.length === 0) return [];
  const always = mounted.length === 0 ? '' : ` beside ${mounted.join(', ')}`;
  return ask.several(`Folders to mount${always}`, choices);
}
