/** What follows `--` for the builtin ssh client, and which client takes it. */

import { describe, expect, test } from 'vitest';
import { parseSshArguments, type SshWork } from '../../src/core/ssh/ssh-arguments.ts';
import { builtinWork, type ClientChoice, wantsTerminal } from '../../src/core/ssh/ssh-client.ts';
import { UsageError } from '../../src/errors.ts';

function work(...words: string[]): SshWork {
  const parsed = parseSshArguments(words);
  if ('unsupported' in parsed) throw new Error(`unsupported: ${parsed.unsupported}`);
  return parsed.work;
}

describe('the words of ssh', () => {
  test('are options first, then a command whose words are joined', () => {
    expect(work().command).toBeUndefined();
    expect(work('ls', '-l', 'a  b').command).toBe('ls -l a  b');
    expect(work('-n', '--', '-x')).toMatchObject({ command: '-x', readsNothing: true });
    expect(work('-', 'x').command).toBe('- x');
    expect(work('-NT')).toMatchObject({ runsNothing: true, terminal: 'no', command: undefined });
  });

  test.each([
    ['8080:localhost:80', { bind: undefined, port: 8080, target: { host: 'localhost', port: 80 } }],
    ['*:8080:db:5432', { bind: '*', port: 8080, target: { host: 'db', port: 5432 } }],
    [':8080:db:5432', { bind: '', port: 8080, target: { host: 'db', port: 5432 } }],
    ['[::1]:8080:[fe80::1]:80', { bind: '::1', port: 8080, target: { host: 'fe80::1', port: 80 } }],
    ['0.0.0.0:1:h:65535', { bind: '0.0.0.0', port: 1, target: { host: 'h', port: 65_535 } }],
  ])('-L %s', (text, forward) => {
    expect(work('-L', text).localForwards).toEqual([forward]);
    expect(work(`-L${text}`).localForwards).toEqual([forward]);
    expect(work(`-NL${text}`)).toMatchObject({ runsNothing: true, localForwards: [forward] });
  });

  test.each([
    ['1080', { bind: undefined, port: 1080, target: undefined }],
    ['*:1080', { bind: '*', port: 1080, target: undefined }],
    ['[::1]:1080', { bind: '::1', port: 1080, target: undefined }],
  ])('-D %s and -R %s let each connection name its target', (text, forward) => {
    expect(work('-D', text).localForwards).toEqual([forward]);
    expect(work('-R', text).remoteForwards).toEqual([forward]);
  });

  test.each(['', 'x', '0', '1:h:80', '1:2:3', '70000'])('-D "%s" is refused', (text) => {
    expect(() => work('-D', text)).toThrow(UsageError);
  });

  test('-A forwards the agent, the last word about it counts', () => {
    expect(work().forwardsAgent).toBe(false);
    expect(work('-A').forwardsAgent).toBe(true);
    expect(work('-A', '-a').forwardsAgent).toBe(false);
    expect(work('-oForwardAgent=yes').forwardsAgent).toBe(true);
    expect(work('-A', '-o', 'ForwardAgent no').forwardsAgent).toBe(false);
  });

  test('-R may leave the port to the session, -L may not', () => {
    expect(work('-R', '0:h:1').remoteForwards[0]?.port).toBe(0);
    expect(() => work('-L', '0:h:1')).toThrow(UsageError);
  });

  test.each(['', '8080', '8080:h', 'h:80', '8080::80', '70000:h:80', '1:h:0', 'a:b:c:d:e', '1:2:h:3:4'])(
    '-L "%s" is refused',
    (text) => {
      expect(() => work('-L', text)).toThrow(UsageError);
    },
  );

  test.each([
    [['-t'], 'yes'],
    [['-tt'], 'force'],
    [['-t', '-t'], 'force'],
    [['-T'], 'no'],
    [['-o', 'RequestTTY=force'], 'force'],
    [['-oRequestTTY no'], 'no'],
    [[], 'auto'],
  ])('%j asks for a terminal: %s', (words, terminal) => {
    expect(work(...words).terminal).toBe(terminal);
  });

  test.each([
    [['-v'], '-v'],
    [['-J', 'host'], '-J'],
    [['-o', 'ForwardAgent=/run/agent.sock'], '-o ForwardAgent=/run/agent.sock'],
    [['-L', '/run/a.sock:/run/b.sock'], '-L'],
    [['-o', 'ProxyJump=x'], '-o ProxyJump=x'],
    [['-o', 'LogLevel=DEBUG3'], '-o LogLevel=DEBUG3'],
    [['-o', 'constructor=x'], '-o constructor=x'],
    [['-o', 'RequestTTY=toString'], '-o RequestTTY=toString'],
    [['--port', '1'], '--'],
  ])('%j is for the system’s ssh', (words, unsupported) => {
    expect(parseSshArguments(words)).toEqual({ unsupported });
  });

  test('an empty command is a shell, -N leaves a command out, an option without its value is refused', () => {
    expect(work('').command).toBeUndefined();
    expect(work('-N', 'ls')).toMatchObject({ runsNothing: true, command: undefined });
    expect(() => work('-L')).toThrow(UsageError);
  });
});

describe('the client', () => {
  const choose = (words: string[], choice: Partial<ClientChoice> = {}): Promise<'builtin' | 'system'> =>
    builtinWork({
      wish: 'auto',
      parsed: parseSshArguments(words),
      isTerminal: true,
      needsPort: false,
      hasSystem: async () => true,
      ...choice,
    }).then((found) => (found === undefined ? 'system' : 'builtin'));
  const without = { hasSystem: async () => false };

  test('is the builtin one for commands and forwards, the system’s for shells on a terminal', async () => {
    expect(await choose(['ls'])).toBe('builtin');
    expect(await choose(['-N', '-L', '1:h:1'])).toBe('builtin');
    expect(await choose([])).toBe('system');
    expect(await choose([], { isTerminal: false })).toBe('builtin');
    expect(await choose(['-t', 'top'])).toBe('system');
    expect(await choose(['-t', 'top'], { isTerminal: false })).toBe('builtin');
    expect(await choose(['ls'], { needsPort: true })).toBe('system');
    expect(await choose(['-v', 'ls'])).toBe('system');
  });

  test('is the builtin one where there is no other', async () => {
    expect(await choose([], without)).toBe('builtin');
    expect(await choose(['ls'], { ...without, needsPort: true })).toBe('builtin');
    await expect(choose(['-v', 'ls'], without)).rejects.toThrow('has no -v');
  });

  test('is the one that was asked for, or it says why not', async () => {
    expect(await choose(['ls'], { wish: 'system' })).toBe('system');
    expect(await choose([], { wish: 'builtin' })).toBe('builtin');
    await expect(choose(['-v'], { wish: 'builtin' })).rejects.toThrow('has no -v');
    await expect(choose([], { wish: 'builtin', needsPort: true })).rejects.toThrow(
      'does not open a local port',
    );
  });

  test('gives a terminal to shells, and to commands with -t', () => {
    expect(wantsTerminal(work(), true)).toBe(true);
    expect(wantsTerminal(work(), false)).toBe(false);
    expect(wantsTerminal(work('ls'), true)).toBe(false);
    expect(wantsTerminal(work('-N'), true)).toBe(false);
    expect(wantsTerminal(work('-t', 'ls'), false)).toBe(false);
    expect(wantsTerminal(work('-tt', 'ls'), false)).toBe(true);
    expect(wantsTerminal(work('-T'), true)).toBe(false);
  });
});
