import { inspect } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseAddress } from '../../src/providers/rescale/address.ts';
import { ApiKey } from '../../src/providers/rescale/api-key.ts';
import {
  chooseApiKey,
  type KeySources,
  type ProfileAccount,
} from '../../src/providers/rescale/credentials.ts';

const none: KeySources = { profile: undefined, environment: {}, apiConfig: undefined };
const usual = 'https://platform.rescale.com';
const eu = 'https://eu.rescale.com';

function profile(fields: Partial<ProfileAccount>): ProfileAccount {
  return { name: 'p', isNamed: false, address: undefined, apiKey: undefined, ...fields };
}

function file(text: string): KeySources['apiConfig'] {
  return { path: '~/.config/rescale/apiconfig', text };
}

/** Whose key it is, where it would go, and where it came from. */
function chosen(sources: Partial<KeySources>): readonly string[] {
  const { key, origin } = chooseApiKey({ ...none, ...sources });
  return [key.headersFor(key.address).Authorization, key.address.origin, origin];
}

const vendors = `[default]\napibaseurl: ${usual}\napikey = file\n[eu]\nApiBaseUrl = eu.rescale.com\napikey = file-eu\n`;
const named = profile({ isNamed: true, address: eu, apiKey: 'mine' });

test.each<[string, Partial<KeySources>, readonly [key: string, address: string, origin: string]]>([
  ['the environment', { environment: { RESCALE_API_KEY: 'env' } }, ['env', usual, 'RESCALE_API_KEY']],
  [
    'the environment with an address',
    { environment: { RESCALE_API_KEY: 'env', RESCALE_API_URL: 'https://kr.rescale.com/' } },
    ['env', 'https://kr.rescale.com', 'RESCALE_API_KEY'],
  ],
  ['a profile', { profile: profile({ apiKey: 'mine', address: eu }) }, ['mine', eu, 'profile "p"']],
  ['a profile without an address', { profile: profile({ apiKey: 'mine' }) }, ['mine', usual, 'profile "p"']],
  [
    'the environment before a profile that nobody named',
    { profile: { ...named, isNamed: false }, environment: { RESCALE_API_KEY: 'env' } },
    ['env', usual, 'RESCALE_API_KEY'],
  ],
  [
    'a profile that was named before the environment',
    { profile: named, environment: { RESCALE_API_KEY: 'env' } },
    ['mine', eu, 'profile "p"'],
  ],
  [
    'the environment, for the address of a profile that has no key',
    { profile: profile({ address: eu }), environment: { RESCALE_API_KEY: 'env' } },
    ['env', eu, 'RESCALE_API_KEY'],
  ],
  [
    'an empty variable is none',
    { environment: { RESCALE_API_KEY: '' }, apiConfig: file(vendors) },
    ['file', usual, '[default] of ~/.config/rescale/apiconfig'],
  ],
  [
    'a section of the file',
    { apiConfig: file(vendors), section: 'eu' },
    ['file-eu', eu, '[eu] of ~/.config/rescale/apiconfig'],
  ],
  [
    'the only section for the address of a profile',
    { profile: profile({ address: eu }), apiConfig: file(vendors) },
    ['file-eu', eu, '[eu] of ~/.config/rescale/apiconfig'],
  ],
  [
    'an address is the usual one when the file has none',
    { apiConfig: file('[default]\napikey = k\n') },
    ['k', usual, '[default] of ~/.config/rescale/apiconfig'],
  ],
  [
    'another section that is broken does not count',
    { apiConfig: file(`[x]\napikey = 5%\napibaseurl = <PROVIDE_VALUE>\n${vendors}`) },
    ['file', usual, '[default] of ~/.config/rescale/apiconfig'],
  ],
])('the key comes from %s', (_what, sources, [key, address, origin]) => {
  expect(chosen(sources)).toEqual([`Token ${key}`, address, origin]);
});

test.each<[string, Partial<KeySources>, string, string]>([
  ['no key anywhere', {}, 'not-signed-in', 'no API key of Rescale is set'],
  ['an empty file', { apiConfig: file('') }, 'not-signed-in', 'no API key of Rescale is set'],
  [
    'a file whose key is for another address than the profile has',
    { profile: profile({ address: 'https://kr.rescale.com' }), apiConfig: file(vendors) },
    'apiconfig-unusable',
    '~/.config/rescale/apiconfig has no API key for https://kr.rescale.com alone',
  ],
  [
    'a section for another address than the profile has',
    { profile: profile({ address: usual }), apiConfig: file(vendors), section: 'eu' },
    'apiconfig-unusable',
    `[eu] of ~/.config/rescale/apiconfig is for ${eu}, and profile "p" for ${usual}`,
  ],
  [
    'a section that is not there',
    { apiConfig: file(vendors), section: 'kr' },
    'apiconfig-unusable',
    '~/.config/rescale/apiconfig has no API key in section kr',
  ],
  [
    'a section of no file',
    { section: 'kr' },
    'apiconfig-unusable',
    '~/.config/rescale/apiconfig is not there',
  ],
  [
    'a file without a section',
    { apiConfig: file('apikey = k\n') },
    'apiconfig-unusable',
    '~/.config/rescale/apiconfig cannot be read: line 1 stands before the first section',
  ],
  [
    'an address that others can read the key on the way to',
    { profile: profile({ address: 'http://eu.rescale.com', apiKey: 'k' }) },
    'clear-text',
    'http://eu.rescale.com (profile "p") is not encrypted: others could read the API key',
  ],
  [
    'the template of the vendor',
    { apiConfig: file('[default]\napikey = <PROVIDE_VALUE>\napibaseurl = <PROVIDE_VALUE>\n') },
    'usage',
    'what [default] of ~/.config/rescale/apiconfig has is no address',
  ],
  [
    'a key with a blank in it',
    { environment: { RESCALE_API_KEY: 'a b' } },
    'usage',
    'what RESCALE_API_KEY has is no API key: there is a blank in it',
  ],
  [
    'a key over two lines',
    { apiConfig: file('[default]\napikey = a\n  b\n') },
    'usage',
    'what [default] of ~/.config/rescale/apiconfig has is no API key: there is a blank in it',
  ],
])('%s is told', (_what, sources, code, message) => {
  expect(() => chooseApiKey({ ...none, ...sources })).toThrow(expect.objectContaining({ code, message }));
});

test.each([
  ['https://platform.rescale.com', 'https://platform.rescale.com'],
  ['https://platform.rescale.com/', 'https://platform.rescale.com'],
  ['eu.rescale.com', 'https://eu.rescale.com'],
  [' https://EU.rescale.com:443 ', 'https://eu.rescale.com'],
  ['http://127.0.0.1:8000', 'http://127.0.0.1:8000'],
  ['http://localhost:8000', 'http://localhost:8000'],
  ['http://[::1]:8000', 'http://[::1]:8000'],
])('%j is the address %s', (text, origin) => {
  expect(parseAddress(text, 'here').origin).toBe(origin);
});

test.each([
  '',
  ' ',
  'ftp://x',
  'javascript:alert(1)',
  'https://',
  'https://u:p@eu.rescale.com',
  'https://eu.rescale.com/?a=b',
  'http://eu.rescale.com',
  'a b',
  'file:///etc/passwd',
])('%j is no address that a key may go to, and is not repeated with what it holds', (text) => {
  const parse = (): URL => parseAddress(text, 'here');
  expect(parse).toThrow(
    expect.objectContaining({ exitCode: 2, message: expect.not.stringContaining('u:p') }),
  );
});

const key = new ApiKey('s3cret-key', new URL(usual), 'a test');

test('a key goes to its own origin only', () => {
  expect(key.headersFor(new URL(`${usual}/api/v2/jobs/`))).toEqual({ Authorization: 'Token s3cret-key' });
  fc.assert(
    fc.property(fc.webUrl({ withQueryParameters: true }), (url) => {
      expect(() => key.headersFor(new URL(url))).toThrow('another origin');
    }),
  );
  for (const near of [
    'http://platform.rescale.com/',
    'https://platform.rescale.com:8443/',
    'https://platform.rescale.com.evil.example/',
    'https://evil.example/platform.rescale.com',
  ])
    expect(() => key.headersFor(new URL(near))).toThrow('another origin');
});

test('a key is not seen, however it is printed', () => {
  for (const shown of [
    String(key),
    JSON.stringify({ key }),
    inspect(key, { showHidden: true }),
    inspect({ key }, { depth: 9 }),
  ])
    expect(shown).not.toContain('s3cret');
});

test.each([
  ['5f0c0000ba', 'Token'],
  ['eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyIjoxfQ.c2ln', 'Bearer'],
  ['ey.only-two', 'Token'],
  ['xeyJ.b.c', 'Token'],
])('%s goes as %s', (text, scheme) => {
  const { Authorization } = new ApiKey(text, new URL(usual), 'a test').headersFor(new URL(usual));
  expect(Authorization).toBe(`${scheme} ${text}`);
});
