/** A client of the manager and the HTTP server it talks to, without a wire between them that is not real. */

import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createNetwork } from '../../src/net/network.ts';
import {
  type ClientOptions,
  createManagerClient,
  type ManagerClient,
} from '../../src/providers/backend-ai/manager/client.ts';

export const wireKey = { accessKey: 'AKIATEST', secretKey: 'a-secret' };

export interface WireClient extends AsyncDisposable {
  readonly client: ManagerClient;
}

/** To the `server`, which is made to listen and is closed with the client. `endpointOf` says by what address. */
export async function openWireClient(
  server: Server,
  endpointOf = (port: number): string => `http://127.0.0.1:${port}`,
  memory?: ClientOptions['memory'],
): Promise<WireClient> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // A TCP server that listens has one.
  const network = createNetwork({
    environment: {},
    skipTlsVerify: false,
    connectTimeoutMs: 5_000,
    readTimeoutMs: 5_000,
  });
  const client = createManagerClient({
    endpoints: [new URL(endpointOf(port))],
    key: wireKey,
    domain: 'default',
    userAgent: 'test',
    network,
    now: () => new Date(),
    memory,
  });
  return {
    client,
    async [Symbol.asyncDispose]() {
      await network.close();
      server.close();
      await once(server, 'close');
    },
  };
}
