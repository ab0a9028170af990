/** Endpoint and keys belong together: nothing sends the keys of one place to the address of another. */

import { expect, test } from 'vitest';
import { resolveSettings, type SettingSources } from '../../src/core/settings/resolve-settings.ts';
import { isSet, type SettingValues } from '../../src/core/settings/settings.ts';

type Part = 'endpoint' | 'accessKey' | 'secretKey';
const parts: readonly Part[] = ['endpoint', 'accessKey', 'secretKey'];

/** Every value tells where it is from. */
const valueAt = (part: Part, place: string): string =>
  part === 'endpoint' ? `https://${place}.example` : `${part}-${place}`;

/** Those of the parts whose bits are set. */
function some(place: string, bits: number): SettingValues {
  return Object.fromEntries(
    parts.flatMap((part, bit) => (bits & (1 << bit) ? [[part, valueAt(part, place)]] : [])),
  );
}

const variables: Readonly<Record<Part, string>> = {
  endpoint: 'BACKEND_ENDPOINT',
  accessKey: 'BAI_ACCESS_KEY',
  secretKey: 'BACKEND_SECRET_KEY',
};

const asVariables = (values: SettingValues): Record<string, string> =>
  Object.fromEntries(parts.flatMap((part) => (values[part] ? [[variables[part], values[part]]] : [])));

interface Combination {
  readonly flag: boolean;
  readonly environment: number;
  readonly file: number;
  readonly profile: number;
  readonly isNamed: boolean;
  readonly local: boolean;
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

const combinations: readonly Combination[] = upTo(2).flatMap((flag) =>
  upTo(8).flatMap((environment) =>
    upTo(8).flatMap((file) =>
      upTo(8).flatMap((profile) =>
        upTo(2).flatMap((isNamed) =>
          upTo(2).map((local) => ({
            flag: flag === 1,
            environment,
            file,
            profile,
            isNamed: isNamed === 1,
            local: local === 1,
          })),
        ),
      ),
    ),
  ),
);

function sourcesOf({ flag, environment, file, profile, isNamed, local }: Combination): SettingSources {
  return {
    flags: some('flag', flag ? 1 : 0),
    environment: asVariables(some('environment', environment)),
    environmentFile: { path: 'ci.env', values: asVariables(some('file', file)) },
    profile: { name: 'one', values: some('profile', profile), isNamed },
    local: some('local', local ? 7 : 0),
  };
}

const placeOf = (value: string | undefined): string | undefined =>
  /(flag|environment|file|profile|local)/.exec(value ?? '')?.[1];

/** Where each of the three comes from. */
function placesOf(combination: Combination): Record<Part, string | undefined> {
  const settings = resolveSettings(sourcesOf(combination));
  const { endpoint, accessKey, secretKey } = settings;
  return {
    endpoint: placeOf(endpoint.value),
    accessKey: placeOf(accessKey.value),
    secretKey: placeOf(secretKey.value),
  };
}

test(`in none of ${combinations.length} combinations do keys go where they were not meant for`, () => {
  for (const combination of combinations) {
    const { endpoint, accessKey, secretKey } = placesOf(combination);
    // Without an access key nothing is signed, so nothing is sent.
    if (accessKey === undefined) continue;
    for (const key of [accessKey, secretKey]) {
      if (key === undefined || endpoint === undefined || key === endpoint) continue;
      // Only the address that was typed, with keys that were named beside it or have no address of their own.
      expect({ combination, endpoint }).toMatchObject({ endpoint: 'flag' });
      const wasNamed = key === 'file' || (key === 'profile' && combination.isNamed);
      const bits =
        key === 'environment' ? combination.environment : key === 'profile' ? combination.profile : 7;
      expect({ combination, key, isMeant: wasNamed || (bits & 1) === 0 }).toMatchObject({ isMeant: true });
    }
  }
});

test('a place that has all three is used whole when nothing before it has any', () => {
  const order = (isNamed: boolean): readonly (keyof Combination)[] =>
    isNamed ? ['profile', 'environment', 'file', 'local'] : ['environment', 'file', 'profile', 'local'];
  for (const isNamed of [true, false]) {
    for (const [at, place] of order(isNamed).entries()) {
      const after = order(isNamed).slice(at + 1);
      const full = { flag: false, environment: 0, file: 0, profile: 0, local: false, isNamed };
      const combination = { ...full, [place]: place === 'local' ? true : 7 };
      for (const later of after) Object.assign(combination, { [later]: later === 'local' ? true : 7 });
      expect(placesOf(combination)).toEqual({ endpoint: place, accessKey: place, secretKey: place });
    }
  }
});

const none: SettingSources = {
  flags: {},
  environment: {},
  profile: { name: 'default', values: {} },
  local: {},
};
const whole = some('profile', 7);

test('a profile that the command line names goes before the environment, for every setting', () => {
  const profile = { name: 'one', values: { ...whole, project: 'ours' }, isNamed: true };
  const environment = {
    BACKEND_ENDPOINT: 'https://two.example',
    BACKEND_GROUP: 'theirs',
    BACKEND_DOMAIN: 'lab',
  };
  const settings = resolveSettings({ ...none, profile, environment });
  expect(settings.endpoint).toEqual({ value: 'https://profile.example', origin: 'profile "one"' });
  expect([settings.project.value, settings.domain.value]).toEqual(['ours', 'lab']);
});

test('the keys of another place are not set, and the reason is their origin', () => {
  const environment = { BACKEND_ENDPOINT: 'https://two.example' };
  const settings = resolveSettings({ ...none, profile: { name: 'default', values: whole }, environment });
  expect(settings.endpoint.value).toBe('https://two.example');
  expect(settings.accessKey.value).toBeUndefined();
  expect(settings.accessKey.origin).toBe('not set: that of profile "default" is for https://profile.example');
});

test.each([
  ['https://profile.example', true],
  ['https://PROFILE.example:443/', true],
  ['https://other.example', false],
  ['https://profile.example,https://other.example', false],
])('--endpoint %s takes the keys that are for another address along: %s', (endpoint, isSame) => {
  const settings = resolveSettings({
    ...none,
    flags: { endpoint },
    profile: { name: 'default', values: whole },
  });
  expect(settings.endpoint.value).toBe(endpoint);
  expect(settings.accessKey.value).toBe(isSame ? 'accessKey-profile' : undefined);
  if (!isSame) expect(settings.accessKey.origin).toContain('https://profile.example');
});

test('localhost is the same address as 127.0.0.1, and no other port is', () => {
  const values = { ...whole, endpoint: 'http://127.0.0.1:8091' };
  const keyFor = (endpoint: string): string | undefined =>
    resolveSettings({ ...none, flags: { endpoint }, profile: { name: 'p', values } }).accessKey.value;
  expect(keyFor('http://localhost:8091')).toBe('accessKey-profile');
  expect(keyFor('http://localhost:8092')).toBeUndefined();
  expect(keyFor('http://localhost.example:8091')).toBeUndefined();
});

test('one address of several that a place has goes with its keys', () => {
  const values = { ...whole, endpoint: 'https://a.example, https://b.example' };
  const settings = resolveSettings({
    ...none,
    flags: { endpoint: 'https://b.example' },
    profile: { name: 'p', values },
  });
  expect(settings.secretKey.value).toBe('secretKey-profile');
});

test('an address and a file that are both typed go together, with what the environment has for that address', () => {
  const settings = resolveSettings({
    ...none,
    flags: { endpoint: 'https://a.example' },
    environment: { BACKEND_ENDPOINT: 'https://a.example', BACKEND_ACCESS_KEY: 'AKIA' },
    environmentFile: { path: 'ci.env', values: { BACKEND_SECRET_KEY: 'secret' } },
  });
  expect([settings.accessKey.value, settings.secretKey.value]).toEqual(['AKIA', 'secret']);
});

test('the kind of an endpoint comes from where the endpoint is from', () => {
  const profile = { name: 'one', values: { ...whole, endpointType: 'api' }, isNamed: false };
  const environment = asVariables(some('environment', 7));
  expect(resolveSettings({ ...none, profile, environment }).endpointType.origin).toBe('default');
  const other = { ...none, profile, environment: { BACKEND_ENDPOINT_TYPE: 'session' } };
  expect(resolveSettings(other).endpointType).toEqual({ value: 'api', origin: 'profile "one"' });
});

const kept = { name: 'p', values: { endpoint: 'https://p.example', accessKey: 'AK' } };

test('a secret in the keyring belongs to its profile as one in the file does, and has no value yet', () => {
  const profile = { ...kept, keyringItems: { secretKey: 'a1' } };
  const own = resolveSettings({ ...none, profile }).secretKey;
  expect(own).toEqual({ value: undefined, origin: 'profile "p"', keyringItem: 'a1' });
  expect(isSet(own)).toBe(true);
  const environment = { BACKEND_ENDPOINT: 'https://other.example' };
  const other = resolveSettings({ ...none, profile, environment }).secretKey;
  expect(other.origin).toBe('not set: that of profile "p" is for https://p.example');
  expect(isSet(other)).toBe(false);
  // It is what an account is chosen by, too.
  const alone = { name: 'p', values: {}, keyringItems: { token: 'b2' } };
  expect(resolveSettings({ ...none, profile: alone, local: { token: 'local' } }).token.keyringItem).toBe(
    'b2',
  );
});

test('a command for the secret goes with its own address, and with no other', () => {
  const profile = { ...kept, values: { ...kept.values, secretCommand: 'pass show p' } };
  expect(resolveSettings({ ...none, profile }).secretCommand.value).toBe('pass show p');
  const typed = (endpoint: string): string | undefined =>
    resolveSettings({ ...none, profile, flags: { endpoint } }).secretCommand.value;
  expect(typed('https://p.example/')).toBe('pass show p');
  expect(typed('https://other.example')).toBeUndefined();
  const environment = { BACKEND_ENDPOINT: 'https://other.example' };
  const { secretCommand } = resolveSettings({ ...none, profile, environment });
  expect(secretCommand).toEqual({
    value: undefined,
    origin: 'not set: that of profile "p" is for https://p.example',
  });
  // One of the environment does not run for the address of a profile.
  const foreign = resolveSettings({ ...none, profile: kept, environment: { BAI_SECRET_COMMAND: 'x' } });
  expect(foreign.endpoint.value).toBeUndefined();
});

test('the local manager is of no sign-in that a profile or a variable has for elsewhere', () => {
  const local = { endpoint: 'http://127.0.0.1:1', accessKey: 'A', secretKey: 'S' };
  const profile = {
    name: 'default',
    values: { endpointType: 'session', email: 'kim@example.com' },
    isNamed: false,
  };
  const settings = resolveSettings({ ...none, profile, local });
  expect(settings.endpoint.origin).toBe('the local manager');
  expect([settings.endpointType.value, settings.email.value]).toEqual(['api', undefined]);
});
