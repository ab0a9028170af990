/** What stands at an address that somebody typed. */

import type { RecognisedPlace, SignInPlace } from '../core/session/sign-in.ts';
import { type ProviderName, providerNames } from '../core/settings/setting-parsers.ts';
import { countDown, within } from '../core/time-limit.ts';
import { BaiError, ProtocolError, TimeoutError, UsageError } from '../errors.ts';
import { type PeekParts, peek } from '../net/peek.ts';
import { recogniseBackendAi } from '../providers/backend-ai/console/recognise.ts';
import { recogniseRescale } from '../providers/rescale/recognise.ts';
import { recogniseUcloud } from '../providers/ucloud/recognise.ts';

type Recogniser = (address: URL, parts: PeekParts) => Promise<RecognisedPlace | undefined>;

const recognisers: Readonly<Record<ProviderName, Recogniser>> = {
  'backend.ai': recogniseBackendAi,
  ucloud: recogniseUcloud,
  rescale: recogniseRescale,
};

/** For an address of which nobody said how it is spoken to: what is there answers in less, and nobody waits for it twice. */
const guessMs = 15_000;
/** How long https alone is asked. */
const headStartMs = 2_000;

/** What one types in a browser is fine: without a scheme, and with the page that one happens to be at. */
export async function recognise(typed: string, parts: PeekParts, limitMs = guessMs): Promise<SignInPlace> {
  const { address, plain } = addressOf(typed);
  return await (plain === undefined ? placeAt(address, parts) : guess({ address, plain }, parts, limitMs));
}

/** https counts where it answers; without it only where nothing else answers there. */
async function guess(
  { address, plain }: { readonly address: URL; readonly plain: URL },
  parts: PeekParts,
  limitMs: number,
): Promise<SignInPlace> {
  const done = new AbortController();
  const signal = AbortSignal.any([parts.signal, done.signal]);
  const look = (at: URL): Promise<SignInPlace> =>
    within((until) => placeAt(at, { ...parts, signal: until }), {
      ...{ signal, ms: limitMs },
      late: () => silent(at, limitMs),
    });
  let other: Promise<SignInPlace> | undefined;
  const lookPlainly = (): Promise<SignInPlace> => {
    other ??= look(plain);
    // It is nobody's failure where https answers after all.
    other.catch(() => {});
    return other;
  };
  using _soon = countDown(Math.min(headStartMs, limitMs), () => void lookPlainly());
  try {
    return await look(address);
  } catch (error) {
    // A certificate that is wrong is said: without TLS the same name may be somebody else.
    if (parts.signal.aborted || !(error instanceof BaiError) || error.code === 'tls') throw error;
    return await lookPlainly().catch((plainly: unknown) => {
      if (parts.signal.aborted || !(plainly instanceof BaiError)) throw plainly;
      throw answered(plainly) && !answered(error) ? plainly : error;
    });
  } finally {
    done.abort();
  }
}

function answered({ code }: BaiError): boolean {
  return code === 'not-a-manager';
}

function silent({ host }: URL, limitMs: number): TimeoutError {
  return new TimeoutError(`${host} did not answer in ${Math.round(limitMs / 1000)} s`, {
    hint: 'check the address, and whether this machine reaches it: a VPN may be needed',
  });
}

async function placeAt(address: URL, parts: PeekParts): Promise<SignInPlace> {
  const place = await recogniseBelow(address, parts);
  if (place !== undefined) return place;
  throw unknownServer(address);
}

interface Addresses {
  readonly address: URL;
  /** The same without TLS, where nobody wrote a scheme. */
  readonly plain?: URL | undefined;
}

function addressOf(typed: string): Addresses {
  const text = typed.trim();
  const hasScheme = /^[a-z][a-z\d+.-]*:\/\//i.test(text);
  const texts = hasScheme ? [text] : [`https://${text}`, `http://${text}`];
  const urls = texts.filter((each) => URL.canParse(each)).map((each) => bare(new URL(each)));
  const [address, plain] = urls;
  const isAddress = urls.every(({ protocol }) => /^https?:$/.test(protocol));
  if (address !== undefined && isAddress && urls.every((each) => each.username + each.password === ''))
    return { address, plain };
  // The text is not repeated: it may hold a password.
  throw new UsageError('that is not an address of a server', {
    hint: 'type what stands in the browser, such as https://console.example.com',
  });
}

/** Without what only a browser's page has. */
function bare(url: URL): URL {
  url.search = '';
  url.hash = '';
  return url;
}

/** At the top of the server, where most are, else below the path that was typed. */
async function recogniseBelow(typed: URL, parts: PeekParts): Promise<SignInPlace | undefined> {
  const path = await redirected(typed, parts);
  const isElsewhere = path.hostname !== typed.hostname;
  const top = await recogniseAt(new URL(path.origin), parts);
  const found = top ?? (path.pathname === '/' ? undefined : await recogniseAt(path, parts));
  return found && isElsewhere ? { ...found, sentOnFrom: typed.hostname } : found;
}

const mostRedirects = 5;

/** Where the server sends browsers to, which may be its address with TLS, or another one. */
async function redirected(address: URL, parts: PeekParts): Promise<URL> {
  let at = address;
  for (let count = 0; count < mostRedirects; count += 1) {
    const { status, location } = await peek(at, '', parts);
    if (status < 300 || status >= 400 || location === undefined || !/^https?:$/.test(location.protocol))
      return at;
    // From an address with TLS to one without leads nobody who is about to type a password.
    if (at.protocol === 'https:' && location.protocol === 'http:') return at;
    at = bare(location);
  }
  return at;
}

/** What one platform answers to the questions of another is no failure of the address. */
async function recogniseAt(address: URL, parts: PeekParts): Promise<SignInPlace | undefined> {
  const endpoint = address.href.replace(/\/+$/, '');
  const looks = providerNames.map(async (provider): Promise<SignInPlace | undefined> => {
    const found = await recognisers[provider](address, parts);
    return found && { endpoint, provider, ...found };
  });
  const outcomes = await Promise.allSettled(looks);
  const places = outcomes.flatMap((each) => (each.status === 'fulfilled' && each.value ? [each.value] : []));
  if (places.length > 0) return places[0];
  const failed = outcomes.find((each) => each.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return undefined;
}

function unknownServer({ origin }: URL): ProtocolError {
  return new ProtocolError(`${origin} answers, but not as Backend.AI, UCloud or Rescale do`, {
    code: 'not-a-manager',
    hint: 'check the address: what one types in the browser to get to the web console, or the address of the API',
  });
}
