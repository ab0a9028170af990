/** The routes about the caller: credentials check, announcement, the SSH key pair of the access key. */

import { makeKeypair, publicLine, type SshKeypair } from './accounts.ts';
import { type Answer, type Exchange, type Machine, ok, type Route } from './exchange.ts';
import { readParameters } from './parameters.ts';
import { Problem } from './problems.ts';

export function accountRoutes(machine: Machine): readonly Route[] {
  const echo = (exchange: Exchange) => answerEcho(machine, exchange);
  return [
    { method: 'GET', path: '/manager/announcement', handle: () => ok({ enabled: false, message: '' }) },
    ...['/auth', '/auth/test'].flatMap((path) => [
      { method: 'GET', path, handle: echo },
      { method: 'POST', path, handle: echo },
    ]),
    { method: 'GET', path: '/auth/ssh-keypair', handle: (exchange) => showKeypair(machine, exchange) },
    { method: 'PATCH', path: '/auth/ssh-keypair', handle: generateKeypair },
    { method: 'POST', path: '/auth/ssh-keypair', handle: (exchange) => storeKeypair(machine, exchange) },
  ];
}

function answerEcho({ behaviour }: Machine, exchange: Exchange): Answer {
  const place = exchange.method === 'GET' ? 'query' : 'body';
  const echo = readParameters(exchange, behaviour, place).allowOnly(['echo']).requiredText('echo');
  return ok({ authorized: 'yes', echo });
}

function showKeypair({ behaviour }: Machine, { account }: Exchange): Answer {
  const none = behaviour.entityErrors ? '' : null;
  return ok({ ssh_public_key: account.sshKeypair?.publicKey ?? none });
}

async function generateKeypair({ account }: Exchange): Promise<Answer> {
  account.sshKeypair = await makeKeypair('pkcs1');
  return ok(shown(account.sshKeypair));
}

function storeKeypair({ behaviour }: Machine, exchange: Exchange): Answer {
  const parameters = readParameters(exchange, behaviour, 'body').allowOnly(['pubkey', 'privkey']);
  const publicKey = `${parameters.requiredText('pubkey').trim()}\n`;
  const privateKey = `${parameters.requiredText('privkey').trim()}\n`;
  // Before 25.6 nothing is checked: even text that is no key is stored.
  if (behaviour.atLeast('25.6')) checkPair(publicKey, privateKey);
  exchange.account.sshKeypair = { publicKey, privateKey };
  return ok(shown(exchange.account.sshKeypair));
}

function checkPair(publicKey: string, privateKey: string): void {
  const derived = derivedLine(privateKey);
  const same = derived !== undefined && publicKey.split(/\s+/)[1] === derived.split(/\s+/)[1];
  if (same) return;
  throw new Problem(400, {
    slug: 'invalid-api-params',
    title: 'Missing or invalid API parameters.',
    code: 'user-keypair_create_invalid-data-format',
    msg: derived === undefined ? 'Invalid private key format' : 'The key pair does not match',
  });
}

function derivedLine(privateKey: string): string | undefined {
  try {
    return publicLine(privateKey);
  } catch {
    // Whatever the parser makes of it, it is no private key.
    return undefined;
  }
}

function shown({ publicKey, privateKey }: SshKeypair): Record<string, string> {
  return { ssh_public_key: publicKey, ssh_private_key: privateKey };
}
