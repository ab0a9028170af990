import { expect, test } from 'vitest';
import { checkRuns, chooseNodes, nodesOf } from '../../src/services/ssh/enter-node.ts';
import { providerWith } from '../support/provider.ts';

const session = { id: '8d8f4b1c-9f0b-4a52-8c7d-0a2f7d0f6a11', name: 'demo', status: 'RUNNING' };

function managerOf(...hostnames: string[]): Parameters<typeof nodesOf>[1] {
  const list = async () => hostnames.map((hostname) => ({ hostname, status: 'RUNNING' }));
  const provider = providerWith({ nodes: { main: 'main1', list } });
  return { provider, signal: new AbortController().signal };
}

test('nodes come in the order of their numbers, main1 first', async () => {
  const nodes = await nodesOf(session, managerOf('sub10', 'sub2', 'main1', 'sub1'));
  expect(nodes.map(({ hostname }) => hostname)).toEqual(['main1', 'sub1', 'sub2', 'sub10']);
});

test.each(['../../etc', 'sub1 -oProxyCommand=x', '-sub1', 'sub1\n', 'a,b', '', 'x'.repeat(64), '*'])(
  'a manager that names a container %j is not believed',
  async (hostname) => {
    const failed = nodesOf(session, managerOf('main1', hostname));
    await expect(failed).rejects.toMatchObject({ code: 'protocol' });
  },
);

test('nodes are chosen once each; an unknown one is refused with those there are', async () => {
  const nodes = await nodesOf(session, managerOf('main1', 'sub1', 'sub2'));
  const chosen = chooseNodes(nodes, ['sub2', 'main1', 'sub2'], session);
  expect(chosen.map(({ hostname }) => hostname)).toEqual(['main1', 'sub2']);
  expect(() => chooseNodes(nodes, ['sub7'], session)).toThrow(
    expect.objectContaining({ code: 'node-not-found', hint: expect.stringContaining('main1, sub1, sub2') }),
  );
});

test('a node that does not run says so', () => {
  expect(() => checkRuns(session, { hostname: 'sub1', status: 'TERMINATED' }, managerOf())).toThrow(
    expect.objectContaining({ code: 'node-not-running', message: expect.stringContaining('TERMINATED') }),
  );
  checkRuns(session, { hostname: 'sub1', status: 'RUNNING' }, managerOf());
});
