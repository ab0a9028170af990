/** The address that this machine is seen with from outside, for a rule that lets in nobody else. */

import { createSocket } from 'node:dgram';
import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { BaiError, reasonOf, UnreachableError } from '../../errors.ts';
import { acceptEncoding } from '../../net/decode.ts';
import { readBody } from '../../net/http.ts';
import type { Network } from '../../net/network.ts';
import { send } from '../../net/send.ts';

interface AddressRequest {
  /** The platform: the way to it is as good as any. */
  readonly address: URL;
  /** Answers whoever asks with his address as plain text; nobody is asked when there is none. */
  readonly service?: URL | undefined;
  readonly network: Network;
  readonly userAgent: string;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

const hint =
  'give the address that others see: --cidr A.B.C.D; Rescale shows it in User Profile Settings, Job Settings, Access Restriction (CIDR) as "My Current IP"';

/**
 * Without a service it is the address of the interface that leads there, which no packet is sent for. Throws a BaiError when that
 * is a private one: then a router in between has the one that counts.
 */
export async function findMyAddress(request: AddressRequest): Promise<string> {
  if (request.service !== undefined) return askService(request.service, request);
  const own = await outgoingAddress(request.address, request.signal);
  if (!unseen.check(own)) return own;
  throw new BaiError(
    `--cidr mine: this machine's own address is ${own}, which is private; another one is seen outside`,
    { hint },
  );
}

function outgoingAddress({ hostname, port, protocol }: URL, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    const end = (error?: Error): void => {
      signal.removeEventListener('abort', stop);
      const found = error === undefined ? socket.address().address : undefined;
      socket.close();
      if (found !== undefined) resolve(found);
      else reject(error);
    };
    const stop = (): void => end(reasonOf(signal));
    socket.once('error', (cause) =>
      end(
        new UnreachableError(`--cidr mine: there is no way to ${hostname}, and so no address`, {
          cause,
          hint,
        }),
      ),
    );
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop, { once: true });
    socket.once('connect', () => end());
    // With a callback a name that is not known would be told to that, and to no listener.
    socket.connect(Number(port) || (protocol === 'https:' ? 443 : 80), hostname);
  });
}

async function askService(url: URL, request: AddressRequest): Promise<string> {
  const { network, userAgent, now, signal } = request;
  const server = { name: url.host, kind: 'a service that answers with your address' };
  // SSH goes to the job without a proxy, and is seen with another address.
  if (network.proxyTo(url) !== undefined)
    throw new BaiError(
      `--cidr mine: ${url.host} would see the address of a proxy, which SSH does not go through`,
      {
        hint,
      },
    );
  const headers = { 'User-Agent': userAgent, ...acceptEncoding };
  const what = 'tell the address of this machine';
  const response = await send(
    { what, method: 'GET', url, headers, signal },
    { network, server, isRepeatable: true, now },
  );
  const said = (await readBody(response, { signal, limit: 1 << 12, server })).toString().trim();
  if (response.statusCode === 200 && (isIPv4(said) || isIPv6(said))) return said;
  throw new BaiError(
    `--cidr mine: ${url.host} does not answer with an address (status ${response.statusCode})`,
    {
      hint,
    },
  );
}

/** Those that are not seen outside: private, shared by a provider, link-local, loopback, for documents, multicast. */
const unseen = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  unseen.addSubnet(network, prefix);
