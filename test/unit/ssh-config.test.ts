import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { listHosts, sessionOfHost, sshConfigText } from '../../src/core/ssh/ssh-config.ts';
import { backendAi } from '../../src/providers/backend-ai/provider.ts';
import { facts, idOf, session } from '../support/ssh-config-facts.ts';
import { tempFolder } from '../support/temp-folder.ts';

test('a session with a plain name is a host of that name, and found by its id', () => {
  const text = sshConfigText(facts, listHosts([session('demo')], backendAi));
  expect(text).toContain(
    [
      'Host demo.bai',
      `  HostKeyAlias bai-${idOf('1')}`,
      '  UserKnownHostsFile /home/you/.local/share/bai/known_hosts',
      `  ProxyCommand /usr/bin/node /usr/lib/bai/bin/bai.cjs app ssh --stdio --ssh-host demo.bai -- ${idOf('1')}`,
    ].join('\n'),
  );
});

test.each([
  'my session',
  "it's",
  'a"b',
  '$(touch x)',
  '`x`',
  '$HOME',
  '-oProxyCommand=x',
  '%h',
  'a*',
  'a?b',
  '!a',
  'Demo',
  'a/../b',
  '..',
  '.hidden',
  'a;b',
  'a\nHost *\n  ProxyCommand evil',
  'a\r\nUser root',
  '\u001b[31mred',
  'ü',
  '',
  'a'.repeat(129),
])('a session called %j is a host by its id alone, and its name means nothing to ssh', (name) => {
  const hosts = listHosts([session(name)], backendAi);
  expect(hosts.map(({ host, named }) => [host, named])).toEqual([[`${idOf('1')}.bai`, 'by-id-unsafe']]);
  const lines = sshConfigText(facts, hosts).split('\n');
  const plain = sshConfigText(facts, listHosts([], backendAi)).split('\n');
  const added = lines.filter((line) => !plain.includes(line) && !line.startsWith('# session '));
  expect(added).toEqual([
    `Host ${idOf('1')}.bai`,
    `  HostKeyAlias bai-${idOf('1')}`,
    '  UserKnownHostsFile /home/you/.local/share/bai/known_hosts',
    `  ProxyCommand /usr/bin/node /usr/lib/bai/bin/bai.cjs app ssh --stdio --ssh-host ${idOf('1')}.bai -- ${idOf('1')}`,
  ]);
});

test('whatever a session is called, its name stands in a comment or is made of harmless characters', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (name) => {
      const added = sshConfigText(facts, listHosts([session(name)], backendAi)).split('\n');
      const plain = new Set(sshConfigText(facts, listHosts([], backendAi)).split('\n'));
      for (const line of added) {
        if (!plain.has(line) && !line.startsWith('# session ')) expect(line).toMatch(/^[\w ./-]*$/);
      }
    }),
  );
});

test('what is no id of a session is no host, whatever the manager calls it', () => {
  const evil = ['x; touch y', `${idOf('1')}\nHost *`, '', '../x'].map((id) => ({ ...session('demo'), id }));
  expect(listHosts(evil, backendAi)).toEqual([]);
});

test('sessions that share a name are hosts by their ids', () => {
  const hosts = listHosts([session('demo', '2'), session('demo', '1'), session('other', '3')], backendAi);
  expect(hosts.map(({ host, named }) => [host, named])).toEqual([
    [`${idOf('1')}.bai`, 'by-id-ambiguous'],
    [`${idOf('2')}.bai`, 'by-id-ambiguous'],
    ['other.bai', 'by-name'],
  ]);
});

test('the order of the sessions does not change the file', () => {
  const sessions = [session('b', '2'), session('a', '1'), session('my c', '3')];
  expect(sshConfigText(facts, listHosts(sessions.toReversed(), backendAi))).toBe(
    sshConfigText(facts, listHosts(sessions, backendAi)),
  );
});

test('host key checking is never off, and nothing is asked', () => {
  const text = sshConfigText(facts, listHosts([session('demo')], backendAi));
  expect(text.match(/StrictHostKeyChecking.*/g)).toEqual(['StrictHostKeyChecking yes']);
  expect(text).not.toMatch(/\/dev\/null(?!\n {2}HostKeyAlgorithms)/);
});

test.each([
  ['demo.bai', 'demo'],
  ['Demo.bai', 'Demo'],
  ['a.b.bai', 'a.b'],
  ['x.bai.bai', 'x.bai'],
  [`${idOf('1')}.bai`, idOf('1')],
  ['demo', undefined],
  ['.bai', undefined],
  ['../x.bai', undefined],
  ['-o.bai', undefined],
  ["a'b.bai", undefined],
  ['a b.bai', undefined],
  ['a\n.bai', undefined],
  ['demo.bai\n', undefined],
])('the host %j stands for session %j', (host, name) => {
  expect(sessionOfHost(host)).toBe(name);
});

test('any host name that the pattern matches is one word for the shell that ssh asks', () => {
  const command = /^ {2}ProxyCommand (.*)$/m.exec(sshConfigText(facts, []))?.[1] ?? '';
  const names = fc.string({
    unit: fc.constantFrom(...'aB.$`"\\;&|<>(){}[]*?!~#%^-= \t\n'.split('')),
    maxLength: 12,
  });
  fc.assert(
    fc.property(names, (name) => {
      const host = `${name}.bai`;
      const shell = command.replaceAll('%n', () => host);
      const words = execFileSync('/bin/sh', ['-c', `printf '%s\\0' ${shell}`], { encoding: 'utf8' });
      expect(words.split('\0').slice(-5)).toEqual(['--ssh-host', host, '--', host, '']);
    }),
  );
});

test.each([
  ['spaces', '/a folder/of mine'],
  ['quotes', "/it's/here"],
  ['percent signs', '/50%/of %n'],
  ['dollars', '/a$(x)/$HOME'],
])('a program in a folder with %s is one word for the shell that ssh asks', (_, folder) => {
  using temp = tempFolder();
  const config = join(temp.path, 'config');
  writeFileSync(config, sshConfigText({ ...facts, bai: [`${folder}/node`, `${folder}/bai.cjs`] }, []));
  const shown = execFileSync('ssh', ['-G', '-F', config, 'demo.bai'], { encoding: 'utf8' });
  const command = /^proxycommand (.*)$/m.exec(shown)?.[1] ?? '';
  // What ssh does with it when it connects: tokens first, then the shell.
  const expanded = command.replaceAll(/%[%n]/g, (token) => (token === '%%' ? '%' : 'demo.bai'));
  const words = execFileSync('/bin/sh', ['-c', `printf '%s\\0' ${expanded}`], { encoding: 'utf8' });
  expect(words.split('\0').slice(0, -1)).toEqual([
    `${folder}/node`,
    `${folder}/bai.cjs`,
    ...['app', 'ssh', '--stdio', '--ssh-host', 'demo.bai', '--', 'demo.bai'],
  ]);
});
