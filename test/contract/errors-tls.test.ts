/** TLS that does not come about: each reason with its own words and its own cure. */

import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { bai } from '../support/bai.ts';
import { type Certificate, issueCertificate, makeCertificate } from '../support/certificate.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';

const keys = { BACKEND_ACCESS_KEY: 'AKIATEST', BACKEND_SECRET_KEY: 'a-secret-key-nobody-may-see' };
const hello: RequestListener = (_, outgoing) =>
  void outgoing.end(JSON.stringify({ version: 'v9.20250722', manager: '26.9.6' }));

interface Told {
  readonly code: string;
  readonly exitCode: number;
  readonly message: string;
  readonly hint: string;
}

async function told(home: TempFolder, endpoint: string, env: Record<string, string> = {}): Promise<Told> {
  const { stderr } = await bai(['session', 'list', '--json'], {
    home: home.path,
    env: { ...keys, BACKEND_ENDPOINT: endpoint, ...env },
  });
  return JSON.parse(stderr.trim().split('\n').at(-1) ?? '').error;
}

async function against(
  home: TempFolder,
  options: ServerOptions,
  env: Record<string, string> = {},
): Promise<Told> {
  const server = createServer(options, hello);
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // A TCP server that listens has one.
  try {
    return await told(home, `https://127.0.0.1:${port}`, env);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

const trusting = ({ file }: Certificate): Record<string, string> => ({ NODE_EXTRA_CA_CERTS: file });
const day = new Date().toISOString().slice(0, 10);

test('a certificate that has expired: renew it, or correct this clock', async () => {
  using home = tempFolder();
  const certificate = issueCertificate(home.path, { from: -20, to: -10 });
  const error = await against(home, certificate, trusting(certificate));
  expect(error).toMatchObject({ code: 'tls', exitCode: 5, message: expect.stringContaining('has expired') });
  expect(error.hint).toMatch(new RegExp(`renewed.*this machine's clock, which says ${day}`));
  expect(error.hint).not.toContain('NODE_EXTRA_CA_CERTS');
});

test('a certificate that is not valid yet: correct this clock', async () => {
  using home = tempFolder();
  const certificate = issueCertificate(home.path, { from: 10, to: 20 });
  const error = await against(home, certificate, trusting(certificate));
  expect(error).toMatchObject({ code: 'tls', message: expect.stringContaining('is not valid yet') });
  expect(error.hint).toContain(`correct this machine's clock, which says ${day}`);
  expect(error.hint).not.toContain('NODE_EXTRA_CA_CERTS');
});

test('a certificate for another name: the names it was made for', async () => {
  using home = tempFolder();
  const certificate = issueCertificate(home.path, { names: 'DNS:elsewhere.test,DNS:there.test' });
  const error = await against(home, certificate, trusting(certificate));
  expect(error).toMatchObject({ code: 'tls', message: expect.stringContaining('another host name') });
  expect(error.hint).toContain('elsewhere.test, there.test');
});

test('a self-signed certificate: trust it by its file', async () => {
  using home = tempFolder();
  const error = await against(home, makeCertificate(home.path));
  expect(error).toMatchObject({ code: 'tls', message: expect.stringContaining('it is self-signed') });
  expect(error.hint).toMatch(/that certificate with NODE_EXTRA_CA_CERTS=FILE.*BAI_SKIP_TLS_VERIFY/);
});

test.each([
  [true, /a CA that this machine does not know/, /that CA, your organisation's or that of a proxy/],
  [false, /its issuer is not known/, /the server has to send the certificates in between/],
])('an unknown CA (which the server sends along: %s): give it', async (withAuthority, message, hint) => {
  using home = tempFolder();
  const error = await against(home, issueCertificate(home.path, { withAuthority }));
  expect(error).toMatchObject({ code: 'tls' });
  expect(error.message).toMatch(message);
  expect(error.hint).toMatch(hint);
  expect(error.hint).toContain('NODE_EXTRA_CA_CERTS');
});

test('https:// of a port that speaks plain HTTP: write http://', async () => {
  using home = tempFolder();
  const server = createHttpServer(hello);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // A TCP server that listens has one.
  const error = await told(home, `https://127.0.0.1:${port}`);
  server.close();
  expect(error).toMatchObject({
    code: 'unreachable',
    message: expect.stringContaining('no TLS is spoken there'),
  });
  expect(error.hint).toContain('write http://');
});

test('http:// of a port that speaks TLS: write https://', async () => {
  using home = tempFolder();
  const server = createServer(makeCertificate(home.path), hello);
  server.on('tlsClientError', (_, socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // A TCP server that listens has one.
  const error = await told(home, `http://127.0.0.1:${port}`);
  server.close();
  expect(error.exitCode).toBe(5);
  expect(error.hint).toContain('https://');
});

test('a server that wants a certificate of the client says so', async () => {
  using home = tempFolder();
  const certificate = issueCertificate(home.path);
  const options = { ...certificate, requestCert: true, rejectUnauthorized: true, ca: certificate.cert };
  const error = await against(home, options, trusting(certificate));
  expect(error).toMatchObject({ code: 'unreachable', exitCode: 5 });
  expect(error.message).toMatch(/certificate of the client|the connection was cut/);
});

test('a server that knows TLS 1.1 only: both sides speak nothing in common', async () => {
  using home = tempFolder();
  const certificate = issueCertificate(home.path);
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const;
  const error = await against(home, { ...certificate, ...old }, trusting(certificate));
  expect(error).toMatchObject({ code: 'unreachable', exitCode: 5 });
  expect(error.message).toContain('no version or cipher of TLS is spoken on both sides');
});
