/** What an emulated web console does with time, limits and options, which a genuine one lets nobody wait for. */

import { once } from 'node:events';
import { expect, test } from 'vitest';
import { openConsole, totpSecret } from '../support/consoles.ts';
import { consoleClient, firstFrame } from './console-client.ts';

async function signedIn(options: Parameters<typeof openConsole>[0] = {}) {
  const opened = await openConsole(options);
  const web = consoleClient(opened.endpoint);
  const right = { username: opened.email, password: opened.password };
  const { id = '' } = await web.logIn({ ...right, ...(opened.otp && { otp: await opened.otp() }) });
  return {
    ...{ opened, web, right, id },
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}

test('calls do not prolong a login, and to extend it does', async () => {
  await using bed = await signedIn({ console: { loginLifeMs: 25_000 } });
  const { web, id, opened } = bed;
  opened.console.passTime(24_000);
  expect(await web.knock({ id })).toBe(404);
  opened.console.passTime(2_000);
  expect(await web.knock({ id })).toBe(401);
  const again = await web.logIn(bed.right);
  opened.console.passTime(24_000);
  await web.call('POST', '/server/extend-login-session', { id: again.id });
  opened.console.passTime(24_000);
  expect(await web.knock({ id: again.id })).toBe(404);
  expect(again.headers.get('set-cookie')).toContain('Max-Age=25;');
});

test('a block refuses the right password, begins anew with each try, and is over at last', async () => {
  await using bed = await signedIn({ console: { allowedFailures: 3, blockMs: 10_000 } });
  const { web, right, opened } = bed;
  for (const _ of [1, 2, 3]) await web.logIn({ ...right, password: 'wrong' });
  expect((await web.logIn(right)).status).toBe(429);
  opened.console.passTime(9_000);
  expect((await web.logIn(right)).status).toBe(429);
  opened.console.passTime(9_000);
  expect((await web.logIn(right)).status).toBe(429);
  opened.console.passTime(11_000);
  expect((await web.logIn(right)).status).toBe(200);
});

test('a login that succeeds makes failures forgotten, and wrong codes are none', async () => {
  await using bed = await signedIn({ console: { allowedFailures: 2 }, signIn: { totpSecret } });
  const { web, right, opened } = bed;
  for (const _ of [1, 2, 3]) await web.logIn({ ...right, otp: '000000' });
  const statuses: number[] = [];
  for (const otp of [undefined, await opened.otp?.(), undefined, await opened.otp?.()]) {
    const fields = otp === undefined ? { ...right, password: 'wrong' } : { ...right, otp };
    statuses.push((await web.logIn(fields)).status);
  }
  expect(statuses).toEqual([401, 200, 401, 200]);
});

test('who must set up codes first gets 200, and a token for that', async () => {
  await using bed = await openConsole({ signIn: { mustEnrol: true } });
  const { logIn } = consoleClient(bed.endpoint);
  expect(await logIn({ username: bed.email, password: bed.password })).toMatchObject({
    status: 200,
    json: {
      authenticated: false,
      data: {
        type: expect.stringMatching(/require-totp-registration$/),
        two_factor_registration_token: expect.any(String),
      },
    },
  });
});

test('calls beyond the limit are 429 in the manager’s form, until the window is over', async () => {
  await using bed = await signedIn({ console: { rateLimit: 2 } });
  const { web, id, opened } = bed;
  for (const left of ['1', '0']) {
    const reply = await web.call('GET', '/func/session/nosuch', { id });
    expect(reply.headers.get('x-ratelimit-remaining')).toBe(left);
  }
  const reply = await web.call('GET', '/func/session/nosuch', { id });
  expect([reply.status, reply.json, reply.headers.get('x-ratelimit-limit')]).toEqual([
    429,
    {
      type: 'https://api.backend.ai/probs/rate-limit-exceeded',
      title: 'You have reached your API query rate limit.',
      error_code: 'api_access_unavailable',
    },
    '2',
  ]);
  opened.console.passTime(900_000);
  expect(await web.knock({ id })).toBe(404);
});

test('the cookie is for https alone where that is wanted', async () => {
  await using bed = await signedIn({ console: { secureCookie: true } });
  const reply = await bed.web.logIn(bed.right);
  expect(reply.headers.get('set-cookie')).toMatch(/; Secure$/);
});

test('logins can be ended on the server’s side, and a password can be another', async () => {
  await using bed = await signedIn();
  const { web, id, opened, right } = bed;
  expect(opened.console.logins(opened.email)).toEqual([id]);
  opened.console.endLogins(opened.email);
  expect([await web.knock({ id }), opened.console.logins(opened.email)]).toEqual([401, []]);
  opened.console.setSignIn(opened.email, { password: 'another' });
  expect((await web.logIn(right)).status).toBe(401);
  expect((await web.logIn({ ...right, password: 'another' })).status).toBe(200);
});

test('what the manager streams comes as it is, and what is sent goes on whole', async () => {
  await using bed = await signedIn();
  const { web, id, opened } = bed;
  const headers = { 'X-BackendAI-SessionID': id };
  await web.call('POST', '/func/session', {
    id,
    headers: { 'Content-Type': 'application/json' },
    body: { name: 'demo', image: 'python' },
  });
  const events = await fetch(
    `${opened.endpoint}/func/events/session?sessionId=${opened.emulator.sessions.get('demo').id}`,
    { headers },
  );
  expect(events.headers.get('content-type')).toMatch(/^text\/event-stream/);
  const form = new FormData();
  const content = Buffer.alloc(300_000, 'x');
  form.append('src', new Blob([content]), 'sent.bin');
  const up = await fetch(`${opened.endpoint}/func/session/demo/upload`, {
    method: 'POST',
    headers,
    body: form,
  });
  expect(up.status).toBe(204);
  const down = await fetch(`${opened.endpoint}/func/session/demo/download_single?file=sent.bin`, {
    method: 'POST',
    headers: { ...headers, 'Content-Type': 'application/json' },
    body: '{"file":"sent.bin"}',
  });
  expect(Buffer.from(await down.arrayBuffer()).equals(content)).toBe(true);
  await web.call('DELETE', '/func/session/demo?forced=true', { id });
  expect(await untilSaid(events, 'session_terminated')).toBe(true);
});

/** Whether an answer without an end comes to say this. */
async function untilSaid(answer: Response, words: string): Promise<boolean> {
  let text = '';
  for await (const chunk of answer.body ?? []) {
    text += Buffer.from(chunk).toString();
    if (text.includes(words)) return true;
  }
  return false;
}

test.each([
  ['26.9.6', 503, 'webserver/manager-connection-unavailable'],
  ['24.09.14', 502, 'bad-gateway'],
])(
  'without a manager behind it %s answers %i to calls and logins, and knows logins still',
  async (release, status, slug) => {
    await using bed = await signedIn({ release });
    const { web, id, opened } = bed;
    await opened.emulator.faults.refuseConnections(true);
    const away = { status, json: { type: `https://api.backend.ai/probs/${slug}` } };
    expect(await web.call('GET', '/func/session/nosuch', { id })).toMatchObject(away);
    expect(await web.logIn(bed.right)).toMatchObject(away);
    expect((await web.call('POST', '/server/login-check', { id })).json).toMatchObject({
      authenticated: true,
    });
  },
);

test('the end of the client is passed on, that of the session is not', async () => {
  await using bed = await signedIn();
  const { web, id, opened } = bed;
  await web.call('POST', '/func/session', {
    id,
    headers: { 'Content-Type': 'application/json' },
    body: { name: 'demo', image: 'python' },
  });
  const [kept, left] = [
    web.tunnel('demo/tcpproxy?app=sshd', { id }),
    web.tunnel('demo/tcpproxy?app=sshd', { id }),
  ];
  await Promise.all([firstFrame(kept), firstFrame(left)]);
  expect([opened.emulator.openTunnels, opened.console.openTunnels]).toEqual([2, 2]);
  left.close();
  await once(left, 'close');
  await expect.poll(() => opened.emulator.openTunnels).toBe(1);
  await web.call('DELETE', '/func/session/demo?forced=true', { id });
  await expect.poll(() => opened.emulator.openTunnels).toBe(0);
  kept.ping();
  await once(kept, 'pong');
  expect(opened.console.openTunnels).toBe(1);
  kept.terminate();
});
