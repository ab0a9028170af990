/** NO_PROXY, with curl as the judge where it has an opinion. */

import { spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { isExempt } from '../../src/net/no-proxy.ts';
import { chooseProxy } from '../../src/net/proxy-choice.ts';

const hosts = [
  'api.example.com',
  'example.com',
  'notexample.com',
  'example.com.evil.test',
  'localhost',
  '127.0.0.1',
  '127.9.9.9',
  '10.1.2.3',
  '192.168.1.10',
  '[::1]',
  '[fd00::1]',
  '[2001:db8::7]',
];

const lists = [
  '',
  '*',
  'example.com',
  '.example.com',
  'EXAMPLE.com',
  'api.example.com',
  'example.com.',
  'ample.com',
  'com',
  '127.0.0.1',
  '127.0.0.0/8',
  '10.0.0.0/8,192.168.0.0/16',
  '10.1.2.3/32',
  '10.1.2.3/33',
  '::1',
  '[::1]',
  'fd00::/8',
  '2001:db8::/32',
  'localhost,127.0.0.1,::1',
  'localhost 127.0.0.1',
  ' localhost , example.com ',
  ',,,',
];

const target = (hostname: string, port = 80) => ({ hostname, port });
const hasCurl = spawnSync('curl', ['--version']).error === undefined;

test.skipIf(!hasCurl)('whatever curl takes out is taken out', async () => {
  const asked = new Set<string>();
  const proxy = createServer((incoming, outgoing) => {
    asked.add(incoming.url ?? '');
    outgoing.end();
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.address() as AddressInfo; // A TCP server that listens has one.
  const wrong: string[] = [];
  for (const list of lists) {
    asked.clear();
    await curl({ http_proxy: `http://127.0.0.1:${port}`, no_proxy: list });
    for (const host of hosts)
      if (!asked.has(`http://${host}:9/`) && !isExempt(list, target(host, 9)))
        wrong.push(`${list} -> ${host}`);
  }
  proxy.close();
  proxy.closeAllConnections();
  expect(wrong).toEqual([]);
});

/** All hosts, at a port of this machine where nothing listens: what does not go to the proxy fails at once. */
async function curl(env: Record<string, string>): Promise<void> {
  const here = ['--interface', 'lo', '--resolve', '*:9:127.0.0.1'];
  const urls = hosts.map((host) => `http://${host}:9/`);
  const child = spawn('curl', ['-s', '-m', '5', ...here, ...urls], { env, stdio: 'ignore' });
  await new Promise((done) => child.once('close', done));
}

test.each([
  ['127.0.0.0/8', '127.9.9.9', true],
  ['example.com', 'api.example.com', true],
  ['example.com', 'notexample.com', false],
  ['.example.com', 'example.com', true],
  ['*.example.com', 'api.example.com', true],
  ['::1', '[::1]', true],
  ['[::1]', '[::1]', true],
  ['0:0:0:0:0:0:0:1', '[::1]', true],
  ['fd00::/8', '[fd12::1]', true],
  ['fe00::/8', '[fd12::1]', false],
  ['10.0.0.0/8', '[::ffff:10.1.1.1]', true],
  ['127.0.0.0/8', 'localhost', false],
  ['10.0.0.0/8', '10.0.0.0.example.com', false],
  ['*', 'anything.test', true],
  ['a,*', 'anything.test', true],
  ['', 'anything.test', false],
  ['.', 'anything.test', false],
])('NO_PROXY=%s and %s: %s', (list, host, exempt) => {
  expect(isExempt(list, target(new URL(`http://${host}`).hostname))).toBe(exempt);
});

test.each([
  ['example.com:8443', 8443, true],
  ['example.com:8443', 443, false],
  ['127.0.0.1:80', 80, false],
])('with a port it is for that port alone: %s at %d', (list, port, exempt) => {
  expect(isExempt(list, target('example.com', port))).toBe(exempt);
});

const url = (text: string): URL => new URL(text);

test('the variable of the scheme wins over ALL_PROXY, lower case over upper, and an empty one is none', () => {
  const environment = {
    ALL_PROXY: 'socks5://all:1080',
    HTTPS_PROXY: 'http://upper:1',
    https_proxy: 'http://lower:1',
    HTTP_PROXY: '',
  };
  expect(chooseProxy(environment, url('https://a.test'))).toMatchObject({
    host: 'lower',
    variable: 'https_proxy',
  });
  expect(chooseProxy(environment, url('wss://a.test'))).toMatchObject({ host: 'lower' });
  expect(chooseProxy(environment, url('http://a.test'))).toMatchObject({
    host: 'all',
    variable: 'ALL_PROXY',
  });
  expect(chooseProxy({}, url('http://a.test'))).toBeUndefined();
});

test.each([
  ['proxy.test:3128', 'http', 'proxy.test', 3128],
  ['proxy.test', 'http', 'proxy.test', 80],
  ['http://proxy.test:3128/', 'http', 'proxy.test', 3128],
  ['https://proxy.test', 'https', 'proxy.test', 443],
  ['socks5://proxy.test', 'socks5', 'proxy.test', 1080],
  ['SOCKS5H://[::1]:9050', 'socks5h', '::1', 9050],
  ['socks://127.0.0.1:1080/', 'socks5h', '127.0.0.1', 1080],
  ['[fd00::1]:3128', 'http', 'fd00::1', 3128],
  ['127.0.0.1:1', 'http', '127.0.0.1', 1],
])('%s is a proxy of kind %s', (value, kind, host, port) => {
  expect(chooseProxy({ HTTPS_PROXY: value }, url('https://a.test'))).toMatchObject({ kind, host, port });
});

test.each([
  ['http://kim:p%40ss%2F1@proxy.test:1', { user: 'kim', password: 'p@ss/1' }],
  ['kim:secret@proxy.test:1', { user: 'kim', password: 'secret' }],
  ['http://kim@proxy.test:1', { user: 'kim', password: '' }],
  ['http://100%:50%@proxy.test:1', { user: '100%', password: '50%' }],
  ['http://proxy.test:1', undefined],
])('the login of %s is read, and is no part of its name', (value, login) => {
  const proxy = chooseProxy({ http_proxy: value }, url('http://a.test'));
  expect(proxy).toMatchObject({ login, name: 'http://proxy.test:1' });
});
