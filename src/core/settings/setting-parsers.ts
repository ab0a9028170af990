/** What the texts of settings mean. Each throws a UsageError when a text is no value of its setting; `name` says where it was written. */

import { UsageError } from '../../errors.ts';
import { type WayIn, waysIn } from '../allow-from.ts';
import { choiceOf } from '../text/similar.ts';

/** The platforms, by the names that profiles have them by. */
export const providerNames = ['backend.ai', 'ucloud', 'rescale'] as const;
export type ProviderName = (typeof providerNames)[number];

export function asWritten(text: string): string {
  return text;
}

/** `y`, `yes`, `t`, `true`, `1`, `on` and their opposites, as the Python client has them. */
export function parseFlag(text: string, name: string): boolean {
  if (/^(y|yes|t|true|1|on)$/i.test(text)) return true;
  if (/^(n|no|f|false|0|off)$/i.test(text)) return false;
  throw new UsageError(`${name} must be yes or no, not "${text}"`);
}

const mostSeconds = 86_400;

/** In milliseconds. */
export function parseSeconds(text: string, name: string, lowest: number): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= lowest && value <= mostSeconds) return value * 1000;
  throw new UsageError(`${name} must be a number from ${lowest} to ${mostSeconds}, not "${text}"`);
}

export function parseUser(text: string, name: string): string {
  if (!/^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(text)) {
    throw new UsageError(
      `${name} must be an account name of letters, digits, ".", "_" and "-", not "${text}"`,
    );
  }
  return text;
}

const endpointTypes = ['api', 'session'] as const;
type EndpointType = (typeof endpointTypes)[number];

export function parseEndpointType(text: string, name: string): EndpointType {
  return oneOf(endpointTypes, text, name);
}

/** As `parseInterval` reads it. */
export function formatInterval({
  sinceMs,
  untilMs,
}: {
  readonly sinceMs: number;
  readonly untilMs: number;
}): string {
  return `${new Date(sinceMs).toISOString()}/${new Date(untilMs).toISOString()}`;
}

/** From when to when, in ISO 8601, as `2026-11-30T08:00:00Z/2026-12-07T08:00:00Z`. */
export function parseInterval(
  text: string,
  name: string,
): { readonly sinceMs: number; readonly untilMs: number } {
  const [since = '', until = '', ...rest] = text.split('/');
  const [sinceMs, untilMs] = [Date.parse(since), Date.parse(until)];
  if (rest.length === 0 && sinceMs <= untilMs) return { sinceMs, untilMs };
  throw new UsageError(
    `${name} must be two times such as 2026-11-30T08:00:00Z/2026-12-07T08:00:00Z, not "${text}"`,
  );
}

export function parseWayIn(text: string, name: string): WayIn {
  return oneOf(waysIn, text, name);
}

export const keyStores = ['file', 'agent', 'memory'] as const;
export type KeyStore = (typeof keyStores)[number];

const secretStores = ['auto', 'keyring', 'file'] as const;
export type SecretStore = (typeof secretStores)[number];

export function parseSecretStore(text: string, name: string): SecretStore {
  return oneOf(secretStores, text, name);
}

const webSecrets = ['cookie', 'none'] as const;
type WebSecret = (typeof webSecrets)[number];

export function parseWebSecret(text: string, name: string): WebSecret {
  return oneOf(webSecrets, text, name);
}

const hostKeyCheckings = ['ask', 'accept-new'] as const;
export type HostKeyChecking = (typeof hostKeyCheckings)[number];

export function parseHostKeyChecking(text: string, name: string): HostKeyChecking {
  return oneOf(hostKeyCheckings, text, name);
}

function oneOf<T extends string>(choices: readonly T[], text: string, name: string): T {
  return choiceOf(choices, text, { name, text });
}

export function parseFingerprint(text: string, name: string): string {
  if (/^SHA256:[A-Za-z0-9+/]{43}$/.test(text)) return text;
  throw new UsageError(`${name} must be a fingerprint such as SHA256:…, not "${text}"`, {
    hint: '`ssh-keygen -lf` shows that of a host key, and so does the question at the first login',
  });
}

export function parseProvider(text: string, name: string): ProviderName {
  return oneOf(providerNames, text, name);
}

export function parseKeyStore(text: string, name: string): KeyStore {
  return oneOf(keyStores, text, name);
}

/** As `ssh-add -t` has them. */
export function parseLifetime(text: string, name: string): string {
  if (/^(\d{1,6}[smhdw]?)+$/.test(text) && /[1-9]/.test(text)) return text;
  throw new UsageError(`${name} must be a time above 0 such as 90m, 8h or 1d, not "${text}"`);
}

export const copyAgain = 'copy it again, without quotes or line breaks';

/** Goes into a header or a signature; and what does not look like a key may be a secret in the wrong place, so it is not repeated. */
export function parseHeaderText(text: string, name: string): string {
  if (!/^[\x21-\x7e]+$/.test(text)) {
    throw new UsageError(`${name} contains a space or a character that is not ASCII`, { hint: copyAgain });
  }
  return text;
}

export function parseEndpoints(text: string, name: string): readonly URL[] {
  return text.split(',').map((part) => {
    const url = URL.canParse(part.trim()) ? new URL(part.trim()) : undefined;
    if (url !== undefined && /^https?:$/.test(url.protocol) && !url.username && !url.password) return url;
    // The value is not repeated: it may hold a password, or be a key that stands in the wrong place.
    throw new UsageError(`${name} must be http:// or https:// addresses without a user name`, {
      hint: 'for example https://api.example.com; several are separated by commas',
    });
  });
}
