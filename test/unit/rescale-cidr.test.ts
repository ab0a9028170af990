import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { parseCidr } from '../../src/providers/rescale/cidr.ts';
import { type Python, pythonMissing, startPython } from '../support/python.ts';

const seed = Number(process.env['BAI_TEST_SEED'] ?? Date.now() % 2 ** 31);

test.each([
  ['everywhere', { kind: 'everywhere' }],
  ['mine', { kind: 'mine' }],
  ['203.0.113.7', { kind: 'rules', rules: '203.0.113.7/32' }],
  ['203.0.113.0/24', { kind: 'rules', rules: '203.0.113.0/24' }],
  ['10.0.0.0/8, 76.238.240.39/32', { kind: 'rules', rules: '10.0.0.0/8,76.238.240.39/32' }],
  ['2001:DB8::/32', { kind: 'rules', rules: '2001:db8::/32' }],
  ['2001:db8::1', { kind: 'rules', rules: '2001:db8::1/128' }],
])('--cidr %s', (text, wish) => {
  expect(parseCidr(text)).toEqual(wish);
});

test.each([
  ['', 'an empty word is neither an address nor a network', 'everywhere, mine'],
  ['nowhere', 'nowhere is neither an address nor a network', 'everywhere, mine'],
  ['Mine', 'Mine is neither an address nor a network', 'everywhere, mine'],
  ['203.0.113.7,', 'an empty word is neither an address nor a network', 'everywhere, mine'],
  ['mine,203.0.113.7', '--cidr takes mine alone', 'everywhere, mine'],
  ['203.0.113.7/33', '203.0.113.7/33 has more than the 32 bits', 'everywhere, mine'],
  ['203.0.113.0/24/8', 'is neither an address nor a network', 'everywhere, mine'],
  ['203.0.113.0/', 'is neither an address nor a network', 'everywhere, mine'],
  ['203.0.113.0/024', 'is neither an address nor a network', 'everywhere, mine'],
  ['203.0.113.0/-1', 'is neither an address nor a network', 'everywhere, mine'],
  ['203.0.113.0/255.255.255.0', 'is neither an address nor a network', 'everywhere, mine'],
  ['203.0.113', 'is neither an address nor a network', 'everywhere, mine'],
  ['0203.0.113.7', 'is neither an address nor a network', 'everywhere, mine'],
  ['fe80::1%eth0', 'is neither an address nor a network', 'everywhere, mine'],
  [
    '203.0.113.7/24',
    'is an address in a network, and not the network',
    'write 203.0.113.0/24 for the network, or 203.0.113.7/32 for the address',
  ],
  [
    '2001:db8::1/32',
    'is an address in a network, and not the network',
    'write 2001:db8::/32 for the network, or 2001:db8::1/128 for the address',
  ],
  ['0.0.0.0/0', 'is every address, or as good as that', '--cidr everywhere'],
  ['0.0.0.0', 'is every address, or as good as that', '--cidr everywhere'],
  ['0.0.0.0/1', 'is every address, or as good as that', '--cidr everywhere'],
  ['1.2.3.4/0', 'is every address, or as good as that', '--cidr everywhere'],
  ['::/0', 'is every address, or as good as that', '--cidr everywhere'],
  ['$(reboot)', 'is neither an address nor a network', 'everywhere, mine'],
])('--cidr %j is told what is wrong with it', (text, message, hint) => {
  const parse = (): unknown => parseCidr(text);
  expect(parse).toThrow(UsageError);
  expect(parse).toThrow(
    expect.objectContaining({
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    }),
  );
});

let python: Python;

beforeAll(() => {
  if (pythonMissing !== undefined) return;
  python = startPython(`
import ipaddress
try:
    network = ipaddress.ip_network(question, strict=True)
except ValueError:
    return None
return 'everything' if int(network.network_address) == 0 else str(network)
`);
});

afterAll(() => python?.[Symbol.dispose]());

const group = fc.integer({ min: 0, max: 0xffff }).map((number) => number.toString(16));
const ipv6 = fc.oneof(
  fc.ipV6().filter((text) => !text.includes('%')),
  fc.tuple(group, group).map((groups) => `${groups.join(':')}::`),
  fc.tuple(group).map((groups) => `::${groups.join(':')}`),
);
const ipv4 = fc.oneof(
  fc.ipV4(),
  fc
    .tuple(fc.integer({ min: 0, max: 256 }), fc.integer({ min: 0, max: 255 }))
    .map((two) => `${two.join('.')}.0.0`),
);
const rule = fc
  .tuple(
    fc.oneof(ipv4, ipv6),
    fc.oneof(
      fc.constant(''),
      fc.integer({ min: 0, max: 130 }).map((bits) => `/${bits}`),
    ),
  )
  .map((parts) => parts.join(''));

test.skipIf(pythonMissing !== undefined)(
  `a rule is one when Python's ipaddress takes it for a network, and is written as it writes it (BAI_TEST_SEED=${seed})`,
  async () => {
    await fc.assert(
      fc.asyncProperty(rule, async (text) => {
        // With the four numbers of IPv4 at the end, which Python's newer releases write in another way.
        fc.pre(!/:.*\./.test(text) && !/::ffff:/i.test(text));
        const theirs = await python.ask(text);
        if (theirs === null || theirs === 'everything') expect(() => parseCidr(text)).toThrow(UsageError);
        else expect(parseCidr(text)).toEqual({ kind: 'rules', rules: theirs });
      }),
      { seed, numRuns: 2_000 },
    );
  },
);
