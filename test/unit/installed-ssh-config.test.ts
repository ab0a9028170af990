import { expect, test } from 'vitest';
import { choosesAlike, hostOfSession, readInstalled } from '../../src/core/ssh/installed-ssh-config.ts';
import { listHosts, type SshConfigFacts, sshConfigText } from '../../src/core/ssh/ssh-config.ts';
import { backendAi } from '../../src/providers/backend-ai/provider.ts';
import { facts, idOf, session } from '../support/ssh-config-facts.ts';

const program = facts.bai;

function installed(of: SshConfigFacts, ...sessions: ReturnType<typeof session>[]) {
  const read = readInstalled(sshConfigText(of, listHosts(sessions, backendAi)));
  if (read === undefined) throw new Error('nothing was read');
  return { ...read, isId: backendAi.isId };
}

test('what was written is read back', () => {
  const read = installed({ ...facts, user: 'root' }, session('demo'), session('other', '2'));
  expect(read.user).toBe('root');
  expect([...read.listed]).toEqual([
    ['demo.bai', idOf('1')],
    ['other.bai', idOf('2')],
  ]);
});

test.each([
  [],
  ['--profile', 'prod'],
  ['--endpoint', 'https://api.example.com'],
  ['--env-file', "/it's/50% off/$x #.env"],
  ['--profile', 'app', '--env-file', '/--stdio'],
])('the options %j, %j, %j, %j are what ssh starts bai with', (...words: string[]) => {
  const options = words.filter((word) => word !== undefined);
  const read = installed({ ...facts, bai: [...program, ...options] });
  expect(read.choice).toEqual(options);
  expect(choosesAlike(read, { bai: ['/elsewhere/node', '/else/where/bai.cjs', ...options] })).toBe(true);
  expect(choosesAlike(read, { bai: [...program, ...options, '--profile', 'x'] })).toBe(false);
});

test.each(['', 'Include x\n', 'Host demo.bai\n  User me\n'])('the file %j is none of bai’s', (text) => {
  expect(readInstalled(text)).toBeUndefined();
});

test('a session goes by its name, listed or not', () => {
  expect(hostOfSession(session('demo'), 'demo', installed(facts, session('demo')))).toBe('demo.bai');
  expect(hostOfSession(session('demo'), 'demo', installed(facts))).toBe('demo.bai');
});

test.each(['Demo', 'my session', '$(x)', '-demo', 'a\nb', 'a/b', idOf('3')])(
  'a session called %j goes by its id',
  (name) => {
    expect(hostOfSession(session(name), name, installed(facts))).toBe(`${idOf('1')}.bai`);
  },
);

test('a session goes by its id when the list has an older one of its name', () => {
  const stale = installed(facts, session('demo', '2'));
  expect(hostOfSession(session('demo'), 'demo', stale)).toBe(`${idOf('1')}.bai`);
});

test('a session that was asked for by its id goes by it, for others may have the name', () => {
  expect(hostOfSession(session('demo'), idOf('1'), installed(facts))).toBe(`${idOf('1')}.bai`);
});

test('what the manager calls an id never becomes a host when it is none', () => {
  const evil = { id: 'x/y?z', name: 'Demo', status: 'RUNNING' };
  expect(() => hostOfSession(evil, 'Demo', installed(facts))).toThrow(/the id of session/);
});
