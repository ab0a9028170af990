/**
 * What a web console answers, row by row: the emulated one of two releases, and genuine ones where there are any. This is what keeps the
 * emulated console honest.
 */

import { createCipheriv } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { until } from '../support/until.ts';
import { type ConsoleClient, consoleClient, firstFrame } from './console-client.ts';
import { type ConsoleGround, groundKinds, groundWaitMs } from './console-ground.ts';
import { endOf } from './emulator-client.ts';

const probs = 'https://api.backend.ai/probs/';
const mismatch = reason('auth-failed', 'Credential/signature mismatch.', 'User credential mismatch.');
const dead = '0123456789abcdef0123456789abcdef';

for (const kind of groundKinds()) {
  describe(kind.name, () => {
    let ground: ConsoleGround;
    let web: ConsoleClient;
    /** Of the account that is right, unless a row says otherwise. */
    let right: { readonly username: string; readonly password: string };
    let isActive = true;
    beforeAll(async () => {
      ground = await kind.open();
      web = consoleClient(ground.endpoint);
      right = { username: ground.email, password: ground.password };
      await ground.become('active');
    }, groundWaitMs);
    afterAll(async () => await ground[Symbol.asyncDispose]());
    const become = async (state: Parameters<ConsoleGround['become']>[0]) => {
      isActive = state === 'active';
      await ground.become(state);
    };
    afterEach(async () => {
      if (!isActive) await become('active');
    });
    const entered = async (): Promise<string> => {
      const { id, json } = await web.logIn(right);
      if (id === undefined) throw new Error(`no login: ${JSON.stringify(json)}`);
      return id;
    };
    /** Before 26.8 a refusal is told by the body alone. */
    const refused = (status: number) => (ground.refusesByStatus ? status : 200);

    describe('what is there, without a login', () => {
      test.each([
        ['/', 200, /^text\/html/, '<!DOCTYPE html>'],
        ['/server/logout', 200, /^text\/html/, '<!DOCTYPE html>'],
        ['/config.toml', 200, /^text\/plain/, '[general]\napiEndpoint = "http'],
        ['/func/', 200, /^application\/json/, '{"version'],
        ['/func/ping', 200, /^application\/json/, '{"version'],
        ['/func/session/nosuch', 401, /^application\/problem\+json/, '{"type'],
        ['/func/stream/session/nosuch/apps', 401, /^application\/problem\+json/, '{"type'],
      ])('GET %s is %i', async (path, status, type, starts) => {
        const reply = await web.call('GET', path);
        expect([reply.status, reply.text.slice(0, starts.length)]).toEqual([status, starts]);
        expect(reply.headers.get('content-type')).toMatch(type);
      });

      test('a path that no page can have is refused by its method', async () => {
        expect(await web.call('PUT', '/server/login')).toMatchObject({ status: 405, id: undefined });
      });

      test('the handshake is that of the manager, with the limit of those who are nobody', async () => {
        for (const given of [{}, { id: dead }, { cookie: dead }]) {
          const reply = await web.call('GET', '/func/', given);
          expect(reply.json).toMatchObject({ version: expect.stringMatching(/^v\d/), manager: /./ });
          expect(reply.headers.get('x-ratelimit-limit')).toBe('1000');
        }
      });
    });

    describe('logging in', () => {
      test('right: an id by header and by cookie, whose date is none for cookies', async () => {
        const reply = await web.logIn(right);
        const data = { access_key: expect.stringMatching(/^AKIA/), role: 'user', status: 'active' };
        expect([reply.status, reply.json]).toEqual([200, { authenticated: true, data }]);
        expect(reply.id).toMatch(/^[0-9a-f]{32}$/);
        const parts = reply.headers.get('set-cookie')?.split('; ') ?? [];
        expect(parts).toContain(`AIOHTTP_SESSION=${reply.id}`);
        expect(parts).toContain('Max-Age=604800');
        expect(parts.join()).toMatch(/expires=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00/);
      });

      test.each([
        ['wrong password', () => ({ ...right, password: 'wrong' })],
        ['unknown user', () => ({ ...right, username: 'nobody-at-all@example.test' })],
        ['user name in place of the e-mail', () => ({ ...right, username: ground.user })],
      ])('%s: refused, with an id that opens nothing', async (_, fields) => {
        const reply = await web.logIn(fields());
        expect([reply.status, reply.json]).toEqual([refused(401), { authenticated: false, data: mismatch }]);
        expect(reply.headers.get('set-cookie')).toContain(`AIOHTTP_SESSION=${reply.id};`);
        expect(await web.knock({ id: reply.id })).toBe(401);
        const success = await web.logIn(right, { id: reply.id });
        expect(success.json).toMatchObject({ authenticated: true });
        expect(success.id).not.toBe(reply.id);
      });

      test.each([
        ['inactive', 401, mismatch],
        [
          'before-verification',
          401,
          reason('auth-failed', 'Credential/signature mismatch.', 'This account needs email verification.'),
        ],
        [
          'expired',
          401,
          reason(
            'password-expired',
            'Password has expired.',
            expect.stringMatching(/^Password expired on 20/),
          ),
        ],
      ] as const)('an account that is %s', async (state, status, data) => {
        await become(state);
        const reply = await web.logIn(right);
        expect([reply.status, reply.json]).toEqual([refused(status), { authenticated: false, data }]);
        expect(reply.id).toBeDefined();
      });

      test('a code is asked for with 200, and refused with 400', async () => {
        await become('with-code');
        const needed = reason(
          'require-totp-authentication',
          'Two-Factor Authentication needed.',
          'You must authenticate using Two-Factor Authentication.',
        );
        const wrong = reason(
          'rejected-by-hook',
          'Operation rejected by a hook plugin.',
          'Invalid TOTP code provided',
        );
        for (const [more, status, data] of [
          [{}, 200, needed],
          [{ otp: '' }, 200, needed],
          [{ otp: '000000' }, refused(400), wrong],
          [{ otp: await ground.code(), password: 'wrong' }, refused(401), mismatch],
        ] as const) {
          const reply = await web.logIn({ ...right, ...more });
          expect([reply.status, reply.json]).toEqual([status, { authenticated: false, data }]);
        }
        for (const _ of [1, 2]) {
          const reply = await web.logIn({ ...right, otp: await ground.code() });
          expect([reply.status, reply.json]).toMatchObject([200, { authenticated: true }]);
        }
      });

      test('at the cap of logins 409, and with force the oldest is ended', async () => {
        await become('capped');
        const first = (await web.logIn({ ...right, force: true })).id;
        const second = (await web.logIn({ ...right, force: true })).id;
        const reply = await web.logIn(right);
        const title = 'Too many concurrent login sessions for this user.';
        const data = reason('active-login-session-exists', title, null);
        expect([reply.status, reply.json]).toEqual([refused(409), { authenticated: false, data }]);
        const third = (await web.logIn({ ...right, force: true })).id;
        expect(await Promise.all([first, second, third].map((id) => web.knock({ id })))).toEqual([
          401, 404, 404,
        ]);
      });

      test('again while logged in: 400, by header as by cookie', async () => {
        const id = await entered();
        for (const given of [{ id }, { cookie: id }]) {
          const reply = await web.logIn(right, given);
          expect([reply.status, reply.json]).toEqual([
            400,
            { type: `${probs}generic-bad-request`, title: 'You have already logged in.' },
          ]);
        }
        expect(await web.knock({ id })).toBe(404);
      });

      test.each([
        ['nothing', '', 'username'],
        ['no JSON', 'hello', 'username'],
        ['a list', '[1]', 'username'],
        ['a form', 'username=a&password=b', 'username'],
        ['an empty name', '{"username":"","password":"x"}', 'username'],
        ['no password', '{"username":"a@example.test"}', 'password'],
      ])('%s: 400, with neither id nor cookie', async (_, body, field) => {
        const reply = await web.logIn(body);
        expect([reply.status, reply.json, reply.id]).toEqual([
          400,
          { type: `${probs}invalid-api-params`, title: `You must provide the ${field} field.` },
          undefined,
        ]);
        expect(reply.headers.get('set-cookie')).toBeNull();
      });

      test('a body that is encoded for this address is taken, for another it is 500', async () => {
        const headers = { 'X-BackendAI-Encoded': 'true' };
        const body = (address: string) => encoded(JSON.stringify(right), address);
        expect((await web.logIn(body(ground.endpoint), { headers })).json).toMatchObject({
          authenticated: true,
        });
        expect((await web.logIn(body(`${ground.endpoint}/`), { headers })).status).toBe(500);
      });

      test('the eleventh of wrong passwords is 429, without a time to wait', async () => {
        const username = `nobody-${Date.now()}@example.test`;
        for (let tries = 0; tries < 10; tries += 1) {
          expect((await web.logIn({ username, password: 'wrong' })).status).toBe(refused(401));
        }
        const reply = await web.logIn({ username, password: 'wrong' });
        expect([reply.status, reply.json, reply.id]).toEqual([
          429,
          { type: `${probs}too-many-requests`, title: 'Too many failed login attempts' },
          undefined,
        ]);
        expect(reply.headers.get('retry-after')).toBeNull();
      });
    });

    describe('calls', () => {
      let id: string;
      beforeAll(async () => {
        id = await entered();
      });
      const signed = {
        Authorization: 'BackendAI signMethod=HMAC-SHA256, credential=AKIA:0123',
        Date: new Date().toISOString(),
      };

      test.each([
        ['header', () => ({ id }), 404],
        ['cookie', () => ({ cookie: id }), 404],
        ['none', () => ({}), 401],
        ['unknown header', () => ({ id: dead }), 401],
        ['unknown cookie', () => ({ cookie: dead }), 401],
        ['unknown header beside the cookie', () => ({ id: dead, cookie: id }), 401],
        ['header beside an unknown cookie', () => ({ id, cookie: dead }), 404],
        ['signed with a keypair', () => ({ headers: signed }), 401],
        ['signed and logged in', () => ({ id, headers: signed }), 404],
      ])('%s', async (_, given, status) => {
        const reply = await web.call('GET', '/func/session/nosuch', given());
        expect(reply.status).toBe(status);
        if (status === 401) {
          expect(reply.json).toEqual({ type: `${probs}auth-failed`, title: 'Unauthorized access' });
        } else {
          expect(reply.headers.get('x-ratelimit-limit')).toBe('30000');
          expect(reply.json).toMatchObject({ type: expect.stringMatching(/not-found$/) });
        }
      });

      test('the account’s keypair is in what the manager tells, its secret too', async () => {
        const query = 'query { keypair { access_key secret_key } }';
        const headers = { 'Content-Type': 'application/json' };
        const reply = await web.call('POST', '/func/admin/gql', { id, headers, body: { query } });
        expect(reply.json).toMatchObject({ data: { keypair: { secret_key: expect.any(String) } } });
      });

      test('a login is checked, extended and ended by itself', async () => {
        const own = await entered();
        const checked = { authenticated: true, session_id: own, data: { status: 'active' } };
        expect((await web.call('POST', '/server/login-check', { id: own })).json).toMatchObject(checked);
        const extended = await web.call('POST', '/server/extend-login-session', { cookie: own });
        expect([extended.status, extended.id, extended.json]).toEqual([
          200,
          own,
          { status: 201, expires: expect.stringMatching(/^\d{4}-.*\+00:00$/) },
        ]);
        const out = await web.call('POST', '/server/logout', { id: own });
        expect([out.status, out.text, out.id]).toEqual([
          200,
          ground.refusesByStatus ? '' : '200: OK',
          undefined,
        ]);
        expect(out.headers.get('set-cookie')).toContain('AIOHTTP_SESSION=""; expires=Thu, 01 Jan 1970');
        const over = { authenticated: false, data: null, session_id: own };
        expect((await web.call('POST', '/server/login-check', { id: own })).json).toEqual(over);
        expect([await web.knock({ id: own }), await web.knock({ id })]).toEqual([401, 404]);
      });

      test('to be checked, extended and logged out nobody needs a login', async () => {
        expect((await web.call('POST', '/server/login-check', { id: dead })).json).toEqual({
          authenticated: false,
          data: null,
          session_id: null,
        });
        for (const path of ['/server/extend-login-session', '/server/logout']) {
          const reply = await web.call('POST', path);
          expect(reply.status).toBe(200);
          expect(await web.knock({ id: reply.id })).toBe(401);
        }
      });

      test('a password is changed without a login, when it has expired too', async () => {
        await become('expired');
        const path = '/server/update-password-no-auth';
        const fields = { username: ground.email, current_password: ground.password };
        const change = (more: object) => web.call('POST', path, { body: { ...fields, ...more } });
        const wrong = await change({ current_password: 'x', new_password: 'Another-password-1' });
        expect([wrong.status, wrong.json]).toEqual([401, { data: mismatch, password_changed_at: null }]);
        const same = await change({ new_password: ground.password });
        expect([same.status, same.json]).toMatchObject([
          401,
          { data: { details: 'Cannot update to the same password as an existing password.' } },
        ]);
        const changed = await change({ new_password: 'Another-password-1' });
        expect([changed.status, changed.json]).toEqual([
          200,
          { data: null, password_changed_at: expect.stringMatching(/^\d{4}-/) },
        ]);
        expect((await web.logIn({ ...right, password: 'Another-password-1' })).json).toMatchObject({
          authenticated: true,
        });
      });
    });

    describe('tunnels', () => {
      let id: string;
      const name = `console-${process.pid}`;
      beforeAll(async () => {
        id = await entered();
        await runSession(web, id, name, ground.image);
      });
      afterAll(async () => void (await web.call('DELETE', `/func/session/${name}?forced=true`, { id })));

      test.each([
        ['header', () => ({ id })],
        ['cookie', () => ({ cookie: id })],
      ])('with the %s: what sshd says first', async (_, given) => {
        const socket = web.tunnel(`${name}/tcpproxy?app=sshd`, given());
        expect(await firstFrame(socket)).toMatchObject({
          text: expect.stringMatching(/^SSH-2\.0-/),
          isBinary: true,
        });
        socket.terminate();
      });

      test.each([
        ['no login', () => ({}), `${name}/tcpproxy?app=sshd`, 401],
        ['a dead login', () => ({ id: dead }), `${name}/tcpproxy?app=sshd`, 401],
        ['an unknown session', () => ({ id }), 'nosuch/tcpproxy?app=sshd', 502],
        ['an unknown app', () => ({ id }), `${name}/tcpproxy?app=nope`, 502],
        ['no app', () => ({ id }), `${name}/tcpproxy`, 502],
        ['an app that cannot start', () => ({ id }), `${name}/tcpproxy?app=jupyter`, 502],
      ])('%s is refused before the upgrade', async (_, given, path, status) => {
        expect(await endOf(web.tunnel(path, given()))).toEqual({ status });
      });

      test('compression is taken where it is offered', async () => {
        const socket = web.tunnel(`${name}/tcpproxy?app=sshd`, { id }, true);
        expect(await firstFrame(socket)).toMatchObject({ isBinary: true });
        expect(socket.extensions).toContain('permessage-deflate');
        socket.terminate();
      });

      test('a frame of 5 MiB ends the connection', async () => {
        const socket = web.tunnel(`${name}/tcpproxy?app=sshd`, { id });
        await firstFrame(socket);
        const ended = endOf(socket);
        socket.send(Buffer.alloc(5 * 1024 * 1024));
        // The close frame, or the reset that follows it.
        expect([1006, 1009]).toContain(((await ended) as { code: number }).code);
      });

      test('what sshd ends stays open, before and after more is sent', async () => {
        const socket = web.tunnel(`${name}/tcpproxy?app=sshd`, { id });
        await firstFrame(socket);
        let isEnded = false;
        socket.on('close', () => {
          isEnded = true;
        });
        // Neither a text frame nor a greeting that is none of SSH: the first is dropped, the second makes sshd hang up.
        socket.send('text');
        socket.send(Buffer.from('GET / HTTP/1.0\r\n\r\n'));
        await silence(socket);
        socket.send(Buffer.from('more'));
        await silence(socket);
        expect([isEnded, socket.readyState]).toEqual([false, WebSocket.OPEN]);
        socket.terminate();
      });

      test('the end of an app’s first tunnel undoes a logout, and that of the next does not', async () => {
        const own = await entered();
        const logOutBefore = async (socket: WebSocket) => {
          await firstFrame(socket);
          await web.call('POST', '/server/logout', { id: own });
          expect(await web.knock({ id: own })).toBe(401);
          socket.close();
          await endOf(socket);
          await until(() => !ground.emulated?.console.openTunnels, 'the console knows of the end');
        };
        await logOutBefore(web.tunnel(`${name}/tcpproxy?app=sshd`, { id: own }));
        await expect.poll(() => web.knock({ id: own })).toBe(404);
        await logOutBefore(web.tunnel(`${name}/tcpproxy?app=sshd`, { id: own }));
        expect(await web.knock({ id: own })).toBe(401);
      });
    });
  });
}

/** As `data` of a refused login has it. */
function reason(slug: string, title: string, details: unknown): object {
  return { type: probs + slug, title, details };
}

/** As the Python client sends it over plain HTTP. */
function encoded(text: string, address: string): string {
  const iv = 'ABCDEFGHIJKLMNOP';
  const key = (Buffer.from(address).toString('base64') + iv + iv).slice(0, 32);
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  return `${iv}:${cipher.update(text, 'utf8', 'base64')}${cipher.final('base64')}`;
}

/** Until the other side has answered to a ping: it has had all that was sent before. */
function silence(socket: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('pong', () => resolve());
    socket.ping();
  });
}

async function runSession(web: ConsoleClient, id: string, name: string, image: string): Promise<void> {
  const config = { resources: { cpu: '1', mem: '256m' } };
  const body = {
    ...{ name, image, config, enqueueOnly: true },
    type: 'interactive',
    group: 'default',
    domain: 'default',
  };
  const headers = { 'Content-Type': 'application/json' };
  const made = await web.call('POST', '/func/session', { id, headers, body });
  expect([made.status, made.text]).toEqual([201, expect.anything()]);
  await until(async () => {
    const { json } = await web.call('GET', `/func/session/${name}`, { id });
    return (json as { status?: string }).status === 'RUNNING';
  }, 'the session runs');
}
