/** A provider in thirty lines: one session, whose SSH server is on a port of this machine. */

import { once } from 'node:events';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import type { OpenProvider } from '../../../src/wiring/providers.ts';

export const openStandIn: OpenProvider = async (_settings, { environment }) => {
  const session = { id: 'box-0001', name: 'demo', status: 'up', createdAt: '', statusInfo: '' };
  const hostKeyAlias = (): string => `stand-in-${session.id}`;
  return {
    ...{ name: 'stand-in', title: 'The stand-in', hostKeyAlias },
    isId: (text) => text === session.id,
    isIdPrefix: () => false,
    phaseOf: (status) => (status === 'up' ? 'ready' : 'ended'),
    find: async (reference) => ([session.id, session.name].includes(reference) ? [session] : []),
    list: async () => [session],
    describe: async (id) => (id === session.id ? session : undefined),
    listing: {
      ...{
        statuses: ['UP'],
        columns: ['name', 'id'].map((field) => ({ title: field.toUpperCase(), field })),
      },
      row: ({ name, id }) => [name, id],
      facts: ({ name, id }) => Object.entries({ name, id }),
      reasonOf: () => '',
      nameProblem: () => undefined,
    },
    access: async () => ({
      ...{ user: userInfo().username, hostKeyAlias: hostKeyAlias() },
      async dial(signal) {
        const socket = connect({ port: Number(environment['STAND_IN_PORT']), host: '127.0.0.1' });
        await once(socket, 'connect', { signal });
        return socket;
      },
    }),
    async [Symbol.asyncDispose]() {},
  };
};
