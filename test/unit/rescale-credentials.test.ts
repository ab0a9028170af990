import { inspect } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseAddress } from '../../src/providers/rescale/address.ts';
import { ApiKey } from '../../src/providers/rescale/api-key.ts';
import { chooseApiKey, type KeySources, type OwnAccount } from '../../src/providers/rescale/credentials.ts';

interface Sources {
  readonly own?: Partial<OwnAccount>;
  readonly environment?: KeySources['environment'];
  /** Of the vendor's file. */
  readonly file?: string;
}

const usual = 'https://platform.rescale.com';
const eu = 'https://eu.rescale.com';
const path = '~/.config/rescale/apiconfig';

function choose({ own = {}, environment = {}, file }: Sources): ReturnType<typeof chooseApiKey> {
  return chooseApiKey({
    own: { origin: 'profile "p"', address: undefined, apiKey: undefined, ...own },
    environment,
    apiConfig: async () => (file === undefined ? undefined : { path, text: file }),
  });
}

const vendors = `[default]\napibaseurl: ${usual}\napikey = file\n[eu]\nApiBaseUrl = eu.rescale.com\napikey = file-eu\n`;
const named = `[default] of ${path}`;

test.each<[string, Sources, readonly [key: string, address: string, origin: string]]>([
  ['the environment', { environment: { RESCALE_API_KEY: 'env' } }, ['env', usual, 'RESCALE_API_KEY']],
  [
    'the environment with an address',
    { environment: { RESCALE_API_KEY: 'env', RESCALE_API_URL: 'https://kr.rescale.com/' } },
    ['env', 'https://kr.rescale.com', 'RESCALE_API_KEY'],
  ],
  ['a profile', { own: { apiKey: 'mine', address: eu } }, ['mine', eu, 'profile "p"']],
  ['a profile without an address', { own: { apiKey: 'mine' } }, ['mine', usual, 'profile "p"']],
  [
    'a profile before the environment and the file',
    { own: { apiKey: 'mine', address: eu }, environment: { RESCALE_API_KEY: 'env' }, file: vendors },
    ['mine', eu, 'profile "p"'],
  ],
  [
    'the environment before the file',
    { environment: { RESCALE_API_KEY: 'env' }, file: vendors },
    ['env', usual, 'RESCALE_API_KEY'],
  ],
  [
    'the environment, for the address of a profile that has no key',
    { own: { address: eu }, environment: { RESCALE_API_KEY: 'env' } },
    ['env', eu, 'RESCALE_API_KEY'],
  ],
  [
    'the file, when the variable is empty',
    { environment: { RESCALE_API_KEY: '' }, file: vendors },
    ['file', usual, named],
  ],
  [
    'the only section for the address of a profile',
    { own: { address: eu }, file: vendors },
    ['file-eu', eu, `[eu] of ${path}`],
  ],
  ['a section without an address', { file: '[default]\napikey = k\n' }, ['k', usual, named]],
  [
    'the file, whatever is wrong with other sections of it',
    { file: `[x]\napikey = 5%\napibaseurl = <PROVIDE_VALUE>\n${vendors}` },
    ['file', usual, named],
  ],
])('the key comes from %s', async (_what, sources, [text, address, place]) => {
  const { key: found, origin } = await choose(sources);
  const sent = found.headersFor(found.address).Authorization;
  expect([sent, found.address.origin, origin]).toEqual([`Token ${text}`, address, place]);
});

test('the file is not read when another place has a key', async () => {
  const apiConfig = (): Promise<never> => Promise.reject(new Error('it was read'));
  const own = { origin: 'p', address: undefined, apiKey: undefined };
  await chooseApiKey({ own: { ...own, apiKey: 'k' }, environment: {}, apiConfig });
  await chooseApiKey({ own, environment: { RESCALE_API_KEY: 'k' }, apiConfig });
  await expect(chooseApiKey({ own, environment: {}, apiConfig })).rejects.toThrow('it was read');
});

test.each<[string, Sources, string, string]>([
  ['no key anywhere', {}, 'not-signed-in', 'no API key of Rescale is set'],
  ['an empty file', { file: '' }, 'not-signed-in', 'no API key of Rescale is set'],
  [
    'a file whose keys are for other addresses than the profile has',
    { own: { address: 'https://kr.rescale.com' }, file: vendors },
    'apiconfig-unusable',
    `${path} has no API key for https://kr.rescale.com alone`,
  ],
  [
    'a file without the section',
    { file: '[x]\napikey = k\n' },
    'apiconfig-unusable',
    `${path} has no API key in section default`,
  ],
  [
    'a file with text before its sections',
    { file: 'apikey = k\n' },
    'apiconfig-unusable',
    `${path} cannot be read: line 1 stands before the first section`,
  ],
  [
    'an address that others can read the key on the way to',
    { own: { address: 'http://eu.rescale.com', apiKey: 'k' } },
    'clear-text',
    'http://eu.rescale.com (profile "p") is not encrypted: others could read the API key',
  ],
  [
    'the template of the vendor',
    { file: '[default]\napikey = <PROVIDE_VALUE>\napibaseurl = <PROVIDE_VALUE>\n' },
    'usage',
    `what ${named} has is not an address`,
  ],
  [
    'a key with a blank in it',
    { environment: { RESCALE_API_KEY: 'a b' } },
    'usage',
    'what RESCALE_API_KEY has is not an API key: there is a space in it',
  ],
  [
    'a key over two lines',
    { file: '[default]\napikey = a\n  b\n' },
    'usage',
    `what ${named} has is not an API key: there is a space in it`,
  ],
])('%s is told', async (_what, sources, code, message) => {
  await expect(choose(sources)).rejects.toMatchObject({ code, message });
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
