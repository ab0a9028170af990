/** The login at a web console that calls go by: from settings, or from the Python client's cookie file. */

import { readPythonLogin } from '../config/python-login.ts';
import type { Environment } from '../context.ts';
import type { Reporter } from '../core/reporter.ts';
import type { Provider } from '../core/session/provider.ts';
import type { PasswordDoor } from '../core/session/sign-in.ts';
import { formatInterval } from '../core/settings/setting-parsers.ts';
import { type Settings, type SettingValues, settingValue } from '../core/settings/settings.ts';
import { DeniedError } from '../errors.ts';
import type { Network } from '../net/network.ts';
import { type ConsoleCalls, consoleCalls } from '../providers/backend-ai/console/console-calls.ts';
import { ConsoleLogin } from '../providers/backend-ai/console/console-login.ts';
import { type Asker, askLogin } from '../services/sign-in/ask-login.ts';
import type { Renewal } from './stored-login.ts';

/** For logins that end: who can be asked for the password, and where the next login is kept. */
export interface SignInMeans extends Renewal {
  readonly ask: Asker | undefined;
  /** Where bai's login is from when it is `profile "NAME"`. */
  readonly profile: string;
  /** Whether the profile has this login, which it had before or has got by `saveProfile`. */
  holdsLogin(this: void, id: string): Promise<boolean>;
  /** Told of a stored login that is used, and of the one in its place. */
  useLogin(this: void, id: string): void;
  /** The provider whose tunnels are known to keep that login in use. */
  holding(this: void, provider: Provider): Provider;
  /** What `secretCommand` prints: the password, where nobody sits. */
  readPassword(this: void): Promise<string | undefined>;
  /** The profile's login of now is the one to use: whether it has it is asked of this one. */
  followLogin(this: void): Promise<void>;
  saveProfile(
    this: void,
    values: Readonly<Partial<Record<keyof SettingValues, string | undefined>>>,
  ): Promise<unknown>;
}

interface ConsoleOptions {
  readonly endpoint: URL;
  readonly network: Network;
  readonly userAgent: string;
  readonly means: SignInMeans;
  readonly environment: Environment;
  readonly reporter: Reporter;
}

/** Throws a DeniedError `not-signed-in` where there is no login, and nobody can be asked for one. */
export async function openConsoleLogin(settings: Settings, options: ConsoleOptions): Promise<ConsoleLogin> {
  const { endpoint, network, userAgent, means } = options;
  const now = (): Date => new Date();
  const calls = consoleCalls({ endpoint, network, userAgent, now });
  const isStored = settings.loginId.origin === storedIn(means);
  const id = settings.loginId.value ?? (await pythonLogin(settings, options)) ?? '';
  const email = settings.email.value;
  // Who has signed out is not asked to sign in by whatever command comes next.
  if (id === '' && (email === undefined || settings.secretCommand.value === undefined))
    throw notSignedIn(settings);
  if (isStored && id !== '') means.useLogin(id);
  const again: SignInAgain = { settings, options, calls };
  return new ConsoleLogin({
    ...{ id, calls, now },
    time: settingValue(settings, 'loginTime'),
    renew: (refused, signal) => renew(refused, again, signal),
    async prolonged(used, time) {
      if (isStored && (await means.holdsLogin(used)))
        await means.saveProfile({ loginTime: formatInterval(time) });
    },
    // Only what bai itself keeps is taken away by `bai logout`.
    isWanted: async (used) => !isStored || (await means.holdsLogin(used)),
  });
}

/** The client's own variables alone say that its login is meant: its cookie does not tell whose it is. */
async function pythonLogin(
  { endpoint, endpointType }: Settings,
  { endpoint: { hostname }, environment }: ConsoleOptions,
): Promise<string | undefined> {
  const isMeant = endpoint.origin === 'BACKEND_ENDPOINT' && endpointType.origin === 'BACKEND_ENDPOINT_TYPE';
  return isMeant ? await readPythonLogin(hostname, environment) : undefined;
}

function storedIn({ profile }: SignInMeans): string {
  return `profile "${profile}"`;
}

function notSignedIn({ endpoint }: Settings): DeniedError {
  return new DeniedError(`you are not signed in to ${endpoint.value}`, {
    code: 'not-signed-in',
    hint: '`bai login` signs in with e-mail and password; `bai config list` shows where the address comes from',
  });
}

interface SignInAgain {
  readonly settings: Settings;
  readonly options: ConsoleOptions;
  readonly calls: ConsoleCalls;
}

type Renewed = ReturnType<ConstructorParameters<typeof ConsoleLogin>[0]['renew']>;

/** Another process may have signed in meanwhile, or be asking for the password just now. */
async function renew(refused: string, again: SignInAgain, signal: AbortSignal): Renewed {
  const { settings, options } = again;
  const { means, endpoint } = options;
  if (settings.loginId.origin !== storedIn(means)) return await signInAgain(again, signal);
  const taken = async (): Renewed => {
    const login = await means.newer(refused, endpoint);
    if (login === undefined) return undefined;
    await means.followLogin();
    means.useLogin(login.id);
    return login;
  };
  const login = await taken();
  const canAsk = means.ask !== undefined || settings.secretCommand.value !== undefined;
  if (login !== undefined || !canAsk) return login;
  return await means.alone(async () => (await taken()) ?? (await signInAgain(again, signal)));
}

/** With what `secretCommand` prints, or the password of whoever sits there; the new login, kept where the old one was. */
async function signInAgain({ settings, options, calls }: SignInAgain, signal: AbortSignal): Renewed {
  const { endpoint, means, reporter } = options;
  const email = settings.email.value;
  if (email === undefined) return undefined;
  const password = await means.readPassword();
  if (means.ask === undefined && password === undefined) return undefined;
  reporter.warn(`your login at ${endpoint.origin} has ended`);
  const door: PasswordDoor = { origin: endpoint.origin, login: calls.login };
  const since = new Date();
  const warn = (message: string): void => reporter.warn(message);
  const login = await askLogin({ email, password }, { door, ask: means.ask, warn, signal });
  const untilMs = login.endsAt?.getTime() ?? 0;
  const time = untilMs > since.getTime() ? { sinceMs: since.getTime(), untilMs } : undefined;
  if (settings.email.origin === storedIn(means)) {
    await means.saveProfile({ loginId: login.id, loginTime: time && formatInterval(time) });
    means.useLogin(login.id);
  }
  return { id: login.id, time };
}
