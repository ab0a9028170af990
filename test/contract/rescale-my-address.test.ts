import { expect, test } from 'vitest';
import { createNetwork } from '../../src/net/network.ts';
import { findMyAddress } from '../../src/providers/rescale/my-address.ts';
import { openNetwork, openStranger, signal } from '../support/rescale-bed.ts';

const common = { userAgent: 'bai/test', now: () => new Date(), signal };

test('an address that only this machine knows is not sent as a rule: it is said where the right one stands', async () => {
  const network = openNetwork();
  const found = findMyAddress({ ...common, network, address: new URL('http://127.0.0.1:1') });
  await expect(found).rejects.toMatchObject({
    message:
      "--cidr mine: this machine's own address is 127.0.0.1, which is private; another one is seen outside",
    hint: expect.stringContaining('My Current IP'),
  });
});

test('a platform that has no address is told', async () => {
  const network = openNetwork();
  const found = findMyAddress({ ...common, network, address: new URL('https://no-such-host.invalid') });
  await expect(found).rejects.toMatchObject({ code: 'unreachable', hint: expect.stringContaining('--cidr') });
});

test.each([
  ['203.0.113.7\n', '203.0.113.7'],
  ['2001:db8::7', '2001:db8::7'],
])('a service that somebody names is believed when it answers with an address: %j', async (said, address) => {
  await using service = await openStranger((_asked, response) => response.end(said));
  const network = openNetwork();
  const request = {
    ...common,
    network,
    address: new URL('http://127.0.0.1:1'),
    service: new URL(service.address),
  };
  expect(await findMyAddress(request)).toBe(address);
  expect(service.asked[0]?.headers.authorization).toBeUndefined();
  await network.close();
});

test.each(['', '203.0.113.7 x', '<html>', '0.0.0.0/0', '$(reboot)'])(
  '%j of a service is no address',
  async (said) => {
    await using service = await openStranger((_asked, response) => response.end(said));
    const network = openNetwork();
    const request = {
      ...common,
      network,
      address: new URL('http://127.0.0.1:1'),
      service: new URL(service.address),
    };
    await expect(findMyAddress(request)).rejects.toMatchObject({
      message: expect.stringContaining('does not answer'),
    });
    await network.close();
  },
);

test('a service behind a proxy would see the proxy, which SSH does not go through', async () => {
  const options = { ...openNetwork().options, environment: { HTTPS_PROXY: 'http://127.0.0.1:1' } };
  const network = createNetwork(options);
  const service = new URL('https://address.example/');
  const found = findMyAddress({ ...common, network, address: new URL('http://127.0.0.1:1'), service });
  await expect(found).rejects.toMatchObject({ message: expect.stringContaining('the address of a proxy') });
});
