/** Which source of a setting wins, and what each value may be. */

import { expect, test } from 'vitest';
import { resolveSettings, type SettingSources } from '../../src/core/settings/resolve-settings.ts';
import {
  definitionOf,
  type SettingName,
  settingNames,
  settingValue,
} from '../../src/core/settings/settings.ts';
import { UsageError } from '../../src/errors.ts';

const nothing: SettingSources = {
  flags: {},
  environment: {},
  profile: { name: 'default', values: {} },
  local: {},
};

/** Two different good values of every setting. */
const samples: Record<SettingName, readonly [string, string]> = {
  provider: ['ucloud', 'rescale'],
  endpoint: ['https://one.example.com', 'http://127.0.0.1:8091,https://two.example.com'],
  endpointType: ['api', 'session'],
  accessKey: ['AKIAONE', 'AKIATWO'],
  secretKey: ['secret-one', 'secret-two'],
  loginId: ['login-one', 'login-two'],
  loginTime: ['2026-11-30T08:00:00Z/2026-12-07T08:00:00Z', '2026-12-01T08:00:00Z/2026-12-08T08:00:00Z'],
  email: ['kim@example.com', 'lee@example.com'],
  token: ['token-one', 'token-two'],
  secretCommand: ['pass show one', 'pass show two'],
  secretStore: ['keyring', 'file'],
  domain: ['one', 'two'],
  project: ['one', 'two'],
  mounts: ['one', 'one,two'],
  sshPort: ['12000', '13000'],
  proxyJump: ['login.example', 'me@one.example:2222,two.example'],
  via: ['proxy', 'direct'],
  allowFrom: ['everywhere', '203.0.113.7,198.51.100.0/24'],
  user: ['work', 'root'],
  identity: ['/one', '/two'],
  keyStore: ['agent', 'memory'],
  keyLifetime: ['90m', '1d12h'],
  sshDir: ['/one', '/two'],
  skipTlsVerify: ['yes', 'no'],
  connectTimeout: ['1', '2.5'],
  readTimeout: ['1', '0'],
  hostKeyChecking: ['ask', 'accept-new'],
  accessible: ['yes', 'no'],
  webSecret: ['cookie', 'none'],
  acceptHostKey: [`SHA256:${'a'.repeat(43)}`, `SHA256:${'b'.repeat(43)}`],
  answerTimeout: ['1', '2.5'],
};

const withVariables = settingNames.flatMap((name) =>
  definitionOf(name).env.map((variable) => [variable, name] as const),
);

test('the variables of the Python client are known', () => {
  const known = withVariables.map(([variable]) => variable);
  for (const name of [
    'ENDPOINT',
    'ENDPOINT_TYPE',
    'DOMAIN',
    'GROUP',
    'ACCESS_KEY',
    'SECRET_KEY',
    'VFOLDER_MOUNTS',
    'SKIP_SSLCERT_VALIDATION',
    'CONNECTION_TIMEOUT',
    'READ_TIMEOUT',
  ]) {
    expect(known).toContain(`BACKEND_${name}`);
  }
});

test.each(withVariables)('%s sets %s, and is its origin', (variable, name) => {
  const [value] = samples[name];
  const settings = resolveSettings({ ...nothing, environment: { [variable]: value } });
  expect(settings[name]).toEqual({ value, origin: variable });
});

const inFiles = withVariables.filter(([, name]) => definitionOf(name).program !== true);

test.each(inFiles)('%s in an --env-file sets %s, and the file is named', (variable, name) => {
  const [value] = samples[name];
  const environmentFile = { path: '/etc/my.env', values: { [variable]: value } };
  expect(resolveSettings({ ...nothing, environmentFile })[name]).toEqual({
    value,
    origin: `${variable} in /etc/my.env`,
  });
});

test.each(settingNames)('%s: flag, then BAI_, then BACKEND_, then file, then profile', (name) => {
  const [value, other] = samples[name];
  const [first = '', second] = definitionOf(name).env;
  const profile = { name: 'work', values: { [name]: other } };
  expect(resolveSettings({ ...nothing, profile })[name]).toEqual({ value: other, origin: 'profile "work"' });

  const environmentFile = { path: 'f', values: { [first]: value } };
  // What a project brings along does not say what is run.
  const fromFile = definitionOf(name).program ? 'profile "work"' : `${first} in f`;
  expect(resolveSettings({ ...nothing, profile, environmentFile })[name].origin).toBe(fromFile);

  const last = second ?? first;
  const all = { ...nothing, profile, environmentFile, environment: { [last]: other } };
  expect(resolveSettings(all)[name]).toEqual({ value: other, origin: last });

  const both = { ...all, environment: { [last]: other, [first]: value } };
  expect(resolveSettings(both)[name]).toEqual({ value, origin: first });

  const flagged = { ...both, flags: { [name]: other } };
  expect(resolveSettings(flagged)[name]).toEqual({ value: other, origin: 'the command line' });
});

test('an empty variable is as good as none', () => {
  const environment = { BAI_DOMAIN: '', BACKEND_DOMAIN: 'lab' };
  expect(resolveSettings({ ...nothing, environment }).domain.origin).toBe('BACKEND_DOMAIN');
});

test('without any source there are defaults, and what has none is not set', () => {
  const settings = resolveSettings(nothing);
  expect(settings.user).toEqual({ value: 'work', origin: 'default' });
  expect(settings.endpoint).toEqual({ value: undefined, origin: 'not set' });
  expect([settings.domain.value, settings.project.value]).toEqual(['default', 'default']);
  expect([settings.connectTimeout.value, settings.readTimeout.value]).toEqual(['10', '60']);
});

const local = { endpoint: 'http://127.0.0.1:1', accessKey: 'AKIALOCAL', secretKey: 'local-secret' };

test('the local manager serves when no other account is set', () => {
  expect(resolveSettings({ ...nothing, local }).accessKey).toEqual({
    value: 'AKIALOCAL',
    origin: 'the local manager',
  });
});

test.each(['endpoint', 'accessKey', 'secretKey'] as const)(
  'keys of the local manager are not mixed with a %s from elsewhere',
  (name) => {
    const [value] = samples[name];
    const settings = resolveSettings({
      ...nothing,
      local,
      profile: { name: 'p', values: { [name]: value } },
    });
    const values = [settings.endpoint, settings.accessKey, settings.secretKey].map(({ value: v }) => v);
    expect(values.filter((each) => each !== undefined)).toEqual([value]);
  },
);

const refused: readonly (readonly [SettingName, string])[] = [
  ['endpoint', 'api.example.com'],
  ['endpoint', 'ftp://api.example.com'],
  ['endpoint', 'https://ok.example.com,,https://two.example.com'],
  ['endpoint', 'https://user@api.example.com'],
  ['endpointType', 'console'],
  ['loginTime', '2026-11-30T08:00:00Z'],
  ['loginTime', '2026-12-07T08:00:00Z/2026-11-30T08:00:00Z'],
  ['loginId', 'two words'],
  ['sshPort', '22'],
  ['sshPort', '70000'],
  ['sshPort', 'http'],
  ['proxyJump', '-oProxyCommand=x'],
  ['proxyJump', 'one.example,'],
  ['proxyJump', 'a b'],
  ['proxyJump', 'host:70000'],
  ['proxyJump', 'me@$(id)'],
  ['user', '-oProxyCommand=x'],
  ['user', 'a b'],
  ['skipTlsVerify', 'maybe'],
  ['connectTimeout', '-1'],
  ['readTimeout', 'soon'],
];

test.each(refused)('%s cannot be "%s", and the error names the variable', (name, value) => {
  const variable = definitionOf(name).env[0] ?? '';
  const resolve = () => resolveSettings({ ...nothing, environment: { [variable]: value } });
  expect(resolve).toThrow(UsageError);
  expect(resolve).toThrow(variable);
});

test.each(['https://me:hunter2@api.example.com', 'https://api.example.com,http://me:hunter2@b'])(
  'a password inside the endpoint %s is not repeated in the error',
  (value) => {
    const resolve = () => resolveSettings({ ...nothing, environment: { BAI_ENDPOINT: value } });
    expect(resolve).toThrow(UsageError);
    expect(resolve).not.toThrow('hunter2');
  },
);

test.each(['y', 'yes', 't', 'true', '1', 'on', 'YES', 'True'])('"%s" means yes', (text) => {
  expect(
    settingValue(
      resolveSettings({ ...nothing, environment: { BAI_SKIP_TLS_VERIFY: text } }),
      'skipTlsVerify',
    ),
  ).toBe(true);
});

test.each(['n', 'no', 'false', '0', 'off', '', undefined])('"%s" does not mean yes', (text) => {
  expect(
    settingValue(
      resolveSettings({ ...nothing, environment: { BAI_SKIP_TLS_VERIFY: text } }),
      'skipTlsVerify',
    ),
  ).toBe(false);
});
