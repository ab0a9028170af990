/** What `--allow-from` takes, and what it says of the rest. */

import { expect, test } from 'vitest';
import { parseAllowFrom } from '../../src/core/allow-from.ts';
import { UsageError } from '../../src/errors.ts';
import { gatewayIn, hostAndPort } from '../../src/providers/backend-ai/app-proxy/addresses.ts';

test.each([
  ['everywhere', 'everywhere'],
  [' me ', 'me'],
  ['203.0.113.7', ['203.0.113.7/32']],
  ['203.0.113.0/24, 2001:DB8::1', ['203.0.113.0/24', '2001:db8::1/128']],
  // A worker sees 203.0.113.7 and compares it with rules of IPv4 only.
  ['::ffff:203.0.113.7', ['203.0.113.7/32']],
  ['::ffff:203.0.113.0/120', ['203.0.113.0/24']],
  ['203.0.113.7,203.0.113.7/32, ::ffff:cb00:7107', ['203.0.113.7/32']],
])('--allow-from %j', (text, wish) => {
  expect(parseAllowFrom(text, '--allow-from')).toEqual(wish);
});

test.each([
  ['', 'an empty word is neither'],
  ['mine', 'mine is neither'],
  ['me,203.0.113.7', 'takes me alone'],
  ['0.0.0.0/0', 'is every address'],
  ['::/0', 'is every address'],
  ['::ffff:0:0/96', 'is every address'],
  ['0.0.0.0/1', 'is every address, or as good as that'],
  ['::ffff:203.0.113.7/120', 'is an address in a network'],
  ['203.0.113.7/24', 'is an address in a network'],
  ['203.0.113.7/33', 'more than the 32 bits'],
  [Array.from({ length: 20 }, (_, index) => `203.0.113.${index + 1}`).join(), 'longer than the 255'],
])('--allow-from %j is told what is wrong with it', (text, message) => {
  const parse = (): unknown => parseAllowFrom(text, '--allow-from');
  expect(parse).toThrow(UsageError);
  expect(parse).toThrow(message);
});

test.each([
  ['tcp://127.0.0.1:18300', { host: '127.0.0.1', port: 18300 }],
  ['tcp://worker_1.example.com:22/', { host: 'worker_1.example.com', port: 22 }],
  ['tcp://[2001:db8::1]:22', { host: '2001:db8::1', port: 22 }],
  ['http://127.0.0.1:22', undefined],
  ['tcp://u@127.0.0.1:22', undefined],
  ['tcp://-oProxyCommand=x:22', undefined],
  ['tcp://host:65536', undefined],
  ['tcp://host', undefined],
  ['tcp://ho st:22', undefined],
])('the port in %j', (text, place) => {
  expect(hostAndPort(text)).toEqual(place);
});

test('of the address that a worker gives nothing but the gateway counts, and only for TCP', () => {
  const url = (query: string): string => `http://localhost:45678/start?${query}`;
  expect(gatewayIn(url('directTCP=true&auth=x&gateway=tcp%3A%2F%2F192.0.2.1%3A10201')).port).toBe(10_201);
  expect(() => gatewayIn(url('gateway=tcp%3A%2F%2F192.0.2.1%3A10201'))).toThrow('does not tell which');
});
