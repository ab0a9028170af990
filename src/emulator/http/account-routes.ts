/** The routes about the caller: credentials check, announcement, the SSH key pair of the access key. */

import { makeKeypair, type SshKeypair } from '../model/accounts.ts';
import { checkRole } from '../model/problems.ts';
import { type Answer, ok } from '../server/answer.ts';
import type { Exchange, Machine, Route } from '../session/exchange.ts';
import { readParameters } from '../session/parameters.ts';
import { checkKeypair } from './keypair-check.ts';

export function accountRoutes(machine: Machine): readonly Route[] {
  const echo = (exchange: Exchange) => answerEcho(machine, exchange);
  return [
    { method: 'GET', path: '/manager/announcement', handle: () => ok({ enabled: false, message: '' }) },
    ...['/auth', '/auth/test'].flatMap((path) => [
      { method: 'GET', path, handle: echo },
      { method: 'POST', path, handle: echo },
    ]),
    { method: 'GET', path: '/auth/ssh-keypair', handle: (exchange) => showKeypair(machine, exchange) },
    { method: 'PATCH', path: '/auth/ssh-keypair', handle: (exchange) => generateKeypair(machine, exchange) },
    { method: 'POST', path: '/auth/ssh-keypair', handle: (exchange) => storeKeypair(machine, exchange) },
  ];
}

function answerEcho({ behaviour }: Machine, exchange: Exchange): Answer {
  const place = exchange.method === 'GET' ? 'query' : 'body';
  const echo = readParameters(exchange, behaviour, place).allowOnly(['echo']).requiredText('echo');
  return ok({ authorized: 'yes', echo });
}

function showKeypair({ behaviour }: Machine, { account }: Exchange): Answer {
  checkRole(behaviour, account, 'read on keypair');
  const none = behaviour.entityErrors ? '' : null;
  return ok({ ssh_public_key: account.sshKeypair?.publicKey ?? none });
}

async function generateKeypair({ behaviour }: Machine, { account }: Exchange): Promise<Answer> {
  checkRole(behaviour, account, 'create on keypair');
  account.sshKeypair = await makeKeypair('pkcs1');
  return ok(shown(account.sshKeypair));
}

function storeKeypair({ behaviour }: Machine, exchange: Exchange): Answer {
  checkRole(behaviour, exchange.account, 'create on keypair');
  const parameters = readParameters(exchange, behaviour, 'body').allowOnly(['pubkey', 'privkey']);
  const publicKey = `${parameters.requiredText('pubkey').trim()}\n`;
  const privateKey = `${parameters.requiredText('privkey').trim()}\n`;
  checkKeypair(publicKey, privateKey, behaviour);
  exchange.account.sshKeypair = { publicKey, privateKey };
  return ok(shown(exchange.account.sshKeypair));
}

function shown({ publicKey, privateKey }: SshKeypair): Record<string, string> {
  return { ssh_public_key: publicKey, ssh_private_key: privateKey };
}
