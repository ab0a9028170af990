/** `bai login`: from an address to a profile that works. */

import type { Provider } from '../../core/session/provider.ts';
import type { SignedIn, SignInPlace, SignInWay } from '../../core/session/sign-in.ts';
import { formatInterval } from '../../core/settings/setting-parsers.ts';
import { originsOf } from '../../core/settings/setting-places.ts';
import {
  checkSetting,
  type Settings,
  type SettingValues,
  settingValue,
} from '../../core/settings/settings.ts';
import { plaintextEndpoint } from '../../core/text/is-plaintext-url.ts';
import { UnreachableError, UsageError } from '../../errors.ts';
import type { ProfileTools } from '../profiles/profile-tools.ts';
import { askLogin } from './ask-login.ts';
import { emailOf, findPlace } from './ask-place.ts';
import type { SignInTools } from './sign-in-tools.ts';

export interface LoginRequest {
  /** As somebody types it; asked for, or that of the profile, where it is left out. */
  readonly address?: string | undefined;
  readonly email?: string | undefined;
  readonly accessKey?: string | undefined;
  /** What is piped in. */
  readonly piped?: 'password' | 'secretKey' | 'token' | undefined;
  readonly code?: string | undefined;
  readonly force: boolean;
  /** Secrets may go over a line that others can read. */
  readonly yes: boolean;
}

export interface LoginResult {
  readonly profile: string;
  readonly endpoint: string;
  readonly provider: string;
  readonly account: SignedIn;
  readonly secretsIn: 'keyring' | 'file';
  /** ISO 8601; nothing where it lasts, or nobody says. */
  readonly endsAt: string | undefined;
}

/** Nothing is stored before the account was tried and let in. */
export async function logIn(request: LoginRequest, tools: SignInTools): Promise<LoginResult> {
  const { reporter, profiles } = tools;
  const place = await findPlace(request.address, tools);
  reporter.info(`${place.endpoint} is ${place.description}`);
  await refuseElsewhere(place, request, tools);
  await refuseReadable(place, request, tools);
  const before = await tools.settings();
  const { values, endsAt } = await ways[place.way](place, request, tools);
  const { account, saved } = await keepIfGood(values, await whatWas(place, before), tools);
  const { secretsIn, because } = saved;
  if (because !== undefined) reporter.info(`not in the system's keyring: ${because}`);
  const { endpoint, provider } = place;
  return { profile: profiles.profile, endpoint, provider, account, secretsIn, endsAt: endsAt?.toISOString() };
}

type ProfileChange = Parameters<ProfileTools['saveProfile']>[1];

/** A login that is of no use, because it was refused after all or could not be kept, does not go on counting. */
async function keepIfGood(
  values: SettingValues,
  gone: ProfileChange,
  { open, profiles, storedLogin, endLoginAt, signal }: SignInTools,
): Promise<{ readonly account: SignedIn; readonly saved: Awaited<ReturnType<ProfileTools['saveProfile']>> }> {
  const { loginId, endpoint = '' } = values;
  const before = await storedLogin();
  try {
    const account = await whoIs(await open(values), signal);
    const saved = await profiles.saveProfile(profiles.profile, { ...gone, ...values });
    await before?.end(false);
    return { account, saved };
  } catch (error) {
    if (loginId !== undefined) await endLoginAt(endpoint, loginId);
    throw error;
  }
}

/** What a profile loses: a command that prints a secret is for the address that it was set for. */
async function whatWas({ endpoint, way }: SignInPlace, before: Settings): Promise<ProfileChange> {
  const wasSession = settingValue(before, 'endpointType') === 'session';
  const isSame = before.endpoint.value === endpoint && wasSession === (way === 'password');
  return isSame ? nothingElse : { ...nothingElse, secretCommand: undefined };
}

/** Another server than the one that was typed is somebody's word for it. */
async function refuseElsewhere(
  { endpoint, sentOnFrom }: SignInPlace,
  { yes }: LoginRequest,
  { ask }: SignInTools,
): Promise<void> {
  if (sentOnFrom === undefined || yes) return;
  const problem = `${sentOnFrom} sends you on to ${endpoint}`;
  if (ask !== undefined && (await ask.yesOrNo(`${problem}. Sign in there?`))) return;
  throw new UnreachableError(problem, {
    code: 'redirected',
    hint: `\`bai login ${endpoint}\` signs in there, if that is where you mean to`,
  });
}

/** Whatever a profile had for another way in, or another address. */
const nothingElse = {
  ...{
    accessKey: undefined,
    secretKey: undefined,
    token: undefined,
    loginId: undefined,
    loginTime: undefined,
  },
  ...{ email: undefined, endpointType: undefined },
} satisfies Partial<Record<keyof SettingValues, undefined>>;

async function refuseReadable(
  { endpoint, way }: SignInPlace,
  { yes }: LoginRequest,
  { ask }: SignInTools,
): Promise<void> {
  // A secret key never goes over the line: requests are signed with it.
  if (way === 'keypair' || yes || plaintextEndpoint([endpoint]) === undefined) return;
  const secret = way === 'password' ? 'password' : 'token';
  const problem = `your ${secret} would go to ${endpoint} unencrypted, for everybody in between to read`;
  if (ask !== undefined && (await ask.yesOrNo(`${capital(problem)}. Go on?`))) return;
  throw new UsageError(problem, {
    code: 'clear-text',
    hint: 'use an address that begins with https://, or --yes where you trust the network',
  });
}

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

interface Signed {
  readonly values: SettingValues;
  readonly endsAt?: Date | undefined;
}

type Way = (place: SignInPlace, request: LoginRequest, tools: SignInTools) => Promise<Signed>;

const ways: Readonly<Record<SignInWay, Way>> = { password: byPassword, keypair: byKeypair, token: byToken };

async function byPassword(place: SignInPlace, request: LoginRequest, tools: SignInTools): Promise<Signed> {
  refuseOthers(place, request, { piped: 'password', flag: 'accessKey' });
  const { reporter, ask, signal } = tools;
  const email = await emailOf(request.email, tools);
  const password = request.piped === 'password' ? await tools.readPiped() : await givenPassword(place, tools);
  const since = new Date();
  const wish = { email, password, code: request.code, force: request.force };
  const warn = (message: string): void => reporter.warn(message);
  const login = await askLogin(wish, { door: tools.door(place), ask, warn, signal });
  const { id, accessKey, endsAt } = login;
  const values = {
    ...{ provider: place.provider, endpoint: place.endpoint, endpointType: 'session', email, loginId: id },
    // It comes from the server, and goes into questions about sessions.
    ...(/^[\x21-\x7e]{1,128}$/.test(accessKey) && { accessKey }),
    ...(endsAt !== undefined &&
      endsAt > since && {
        loginTime: formatInterval({ sinceMs: since.getTime(), untilMs: endsAt.getTime() }),
      }),
  };
  return { values, endsAt };
}

/** What the user's own command prints, where it is for this address. */
async function givenPassword(
  { endpoint }: SignInPlace,
  { profiles, settings }: SignInTools,
): Promise<string | undefined> {
  const known = (await settings()).endpoint.value;
  const isHere = known === undefined || originsOf(known).split(', ').includes(new URL(endpoint).origin);
  return isHere ? profiles.readSecretCommand() : undefined;
}

async function byKeypair(place: SignInPlace, request: LoginRequest, tools: SignInTools): Promise<Signed> {
  refuseOthers(place, request, { piped: 'secretKey', flag: 'email' });
  const { ask } = tools;
  const accessKey = request.accessKey ?? (await ask?.line('Access key: '))?.trim();
  if (accessKey === undefined || accessKey === '')
    throw new UsageError('no access key was given', { hint: 'give --access-key KEY and --secret-key-stdin' });
  const secretKey = await secretOf('secretKey', 'Secret key: ', request, tools);
  return { values: { provider: place.provider, endpoint: place.endpoint, accessKey, secretKey } };
}

async function byToken(place: SignInPlace, request: LoginRequest, tools: SignInTools): Promise<Signed> {
  refuseOthers(place, request, { piped: 'token', flag: 'email' });
  const token = await secretOf('token', 'API token: ', request, tools);
  return { values: { provider: place.provider, endpoint: place.endpoint, token } };
}

const pipeFlags = { password: '--password-stdin', secretKey: '--secret-key-stdin', token: '--token-stdin' };
const otherFlags = { email: '--email', accessKey: '--access-key' };

/** What was given for another way in would be passed over, and whoever gave it would not hear of it. */
function refuseOthers(
  { endpoint, description }: SignInPlace,
  request: LoginRequest,
  own: { readonly piped: keyof typeof pipeFlags; readonly flag: keyof typeof otherFlags },
): void {
  const { piped } = request;
  const wrong =
    piped !== undefined && piped !== own.piped
      ? pipeFlags[piped]
      : request[own.flag] === undefined
        ? undefined
        : otherFlags[own.flag];
  if (wrong === undefined) return;
  throw new UsageError(`${wrong} is of no use here: ${endpoint} is ${description}`, {
    hint: `it takes ${pipeFlags[own.piped]}; \`bai login --help\` shows what each takes`,
  });
}

async function secretOf(
  name: 'secretKey' | 'token',
  prompt: string,
  { piped }: LoginRequest,
  { ask, readPiped }: SignInTools,
): Promise<string> {
  const secret = piped === name ? await readPiped() : await ask?.secret(prompt);
  if (secret === undefined || secret === '')
    throw new UsageError(`no ${name} was given`, { hint: `pipe it in: … | bai login ${pipeFlags[name]}` });
  checkSetting(name, secret, name);
  return secret;
}

/** Rejects with a DeniedError when the account is refused. */
async function whoIs(provider: Provider, signal: AbortSignal): Promise<SignedIn> {
  return (await provider.signedInAs?.(signal)) ?? { text: 'signed in' };
}
