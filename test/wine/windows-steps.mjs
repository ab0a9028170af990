/** What is there on Windows alone. Each step throws when something is not as it has to be. */

import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fillTree, tree } from './steps.mjs';

const session = 'windows';

/** Its output is what the step looks at. */
async function succeeds(bed, args, options) {
  const call = await bed.quietly(args, options);
  equal(call.status, 0, `${args.join(' ')}: ${call.status}\n${call.stdout}${call.stderr}`);
  return call;
}

async function fails(bed, args, status, options) {
  const call = await bed.quietly(args, options);
  equal(call.status, status, `${args.join(' ')}: ${call.status}\n${call.stdout}${call.stderr}`);
  return call;
}

function folderOf(bed, name) {
  const folder = join(bed.work, name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

export const windowsSteps = [
  {
    name: 'a session to begin with',
    async run(bed) {
      await succeeds(bed, [
        'session',
        'create',
        'python:3.11',
        '--name',
        session,
        '-r',
        'cpu=1',
        '-r',
        'mem=1g',
      ]);
      await succeeds(bed, [
        'exec',
        session,
        'printf hello > x; mkdir -p odd; cd odd; for n in CON nul.txt aux "dot." "blank " "a:b" "a\\\\b" COM1.log good; do echo "$n" > "$n"; done',
      ]);
    },
  },
  {
    name: 'names that Windows reads as something else are refused and named, and the others come',
    async run(bed) {
      for (const [target, ...words] of [
        ['got', 'get', '-r', `${session}:odd`, 'got'],
        ['got-sftp', 'get', '-r', `${session}:odd`, 'got-sftp', '--via', 'sftp'],
        ['synced', 'sync', `${session}:odd`, 'synced'],
      ]) {
        const { stderr } = await fails(bed, ['sftp', ...words], 1);
        for (const name of ['CON', 'nul.txt', 'aux', 'dot.', 'blank ', 'a:b', 'COM1.log'])
          ok(stderr.includes(name), `${name} is not named: ${stderr}`);
        const came = tree(join(bed.work, target));
        deepEqual(
          came.map((line) => line.split(' ')[0]),
          ['good'],
        );
      }
    },
  },
  {
    name: 'paths of more than 260 characters',
    async run(bed) {
      const deep = Array.from({ length: 8 }, (_, at) => `${at}-${'lang'.repeat(10)}`);
      const folder = join(folderOf(bed, 'deep'), ...deep);
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'unten.txt'), 'unten');
      ok(folder.length > 300);
      // Back into a folder is not to be seen here: Wine gives no real path of more than 260 characters.
      for (const way of ['sftp', 'tar'])
        await succeeds(bed, ['sftp', 'put', '-r', 'deep', `${session}:deep-${way}`, '--via', way]);
      const { stdout } = await succeeds(bed, ['exec', session, 'cat deep-*/*/*/*/*/*/*/*/*/unten.txt']);
      equal(stdout, 'untenunten');
      await succeeds(bed, ['sftp', 'get', `${session}:x`, folder]);
      equal(readFileSync(join(folder, 'x'), 'utf8'), 'hello');
    },
  },
  {
    name: 'a share of another machine',
    async run(bed) {
      const { share } = bed.facts;
      fillTree(folderOf(bed, 'shared'));
      await succeeds(bed, ['sftp', 'put', '-r', 'shared/src', `${session}:shared`]);
      await succeeds(bed, ['sftp', 'get', '-r', `${session}:shared`, `${share}\\got`]);
      deepEqual(tree(`${share}\\got`), tree(join(bed.work, 'shared', 'src')));
      await succeeds(bed, ['sftp', 'sync', `${share}\\got`, `${session}:shared-again`]);
      await succeeds(bed, ['sftp', 'get', `${session}:x`, share]);
      const lines = [`lcd ${share}`, 'lcd got', `put ${share}\\x from-share`, `get x ${share}\\y`];
      await succeeds(bed, ['sftp', 'shell', session, '-b', '-'], { input: lines.join('\r\n') });
      deepEqual(
        ['x', 'y'].map((name) => readFileSync(`${share}\\${name}`, 'utf8')),
        ['hello', 'hello'],
      );
      const { stdout } = await succeeds(bed, ['exec', session, 'cat from-share; ls shared-again']);
      ok(stdout.startsWith('hello') && stdout.includes('Grüße'));
    },
  },
  {
    name: 'a drive alone is its current folder',
    async run(bed) {
      const cwd = folderOf(bed, 'here');
      const drive = cwd.slice(0, 2);
      await succeeds(bed, ['sftp', 'get', `${session}:x`, drive], { cwd });
      await succeeds(bed, ['sftp', 'get', `${session}:x`, `${drive}y`], { cwd });
      deepEqual(
        tree(cwd).map((line) => line.split(' ')[0]),
        ['x', 'y'],
      );
      await succeeds(bed, ['sftp', 'put', `${drive}y`, `${session}:from-drive`], { cwd });
      ok(!existsSync(`${drive}\\x`) && !existsSync(`${drive}\\y`));
    },
  },
  {
    name: 'backslashes in the shell of sftp',
    async run(bed) {
      const folder = folderOf(bed, 'tree of mine');
      writeFileSync(join(folder, 'a.txt'), 'a');
      const quoted = bed.work.replaceAll(' ', '\\ ');
      const lines = [
        `lcd ${quoted}\\tree\\ of\\ mine`,
        'lpwd',
        'put a.txt',
        `put ${quoted}\\tree\\ of\\ mine\\*.txt b.txt`,
        `lcd '${bed.work}'`,
        'lcd .\\here',
        'get a.txt',
        '',
      ];
      const { stdout } = await succeeds(bed, ['sftp', 'shell', session, '-b', '-'], {
        input: lines.join('\r\n'),
      });
      ok(stdout.includes(folder));
      ok(existsSync(join(bed.work, 'here', 'a.txt')));
    },
  },
  {
    name: 'no modes are sent from Windows',
    async run(bed) {
      fillTree(folderOf(bed, 'modes'));
      await succeeds(bed, ['exec', session, 'umask 022; printf 1 > old; chmod 640 old']);
      writeFileSync(join(bed.work, 'old'), 'new');
      await succeeds(bed, ['sftp', 'put', '-p', 'old', `${session}:`]);
      await succeeds(bed, ['sftp', 'put', '-p', 'old', `${session}:fresh`]);
      for (const way of ['tar', 'sftp'])
        await succeeds(bed, [
          'sftp',
          'put',
          '-p',
          '-r',
          'modes/src',
          `${session}:modes-${way}`,
          '--via',
          way,
        ]);
      const { stdout } = await succeeds(bed, [
        'exec',
        session,
        'stat -c %a old fresh modes-*/readme.txt; umask',
      ]);
      const [old, fresh, ...others] = stdout.trim().split(/\s+/);
      equal(old, '640');
      const usual = (0o666 & ~Number.parseInt(others.pop(), 8)).toString(8);
      deepEqual([fresh, ...others], [usual, usual, usual]);
    },
  },
  {
    name: 'a target that another program has open is waited for, then named',
    async run(bed) {
      const target = join(folderOf(bed, 'held'), 'x');
      // What cmd.exe opens for a program's input, nobody may replace.
      const hold = async (seconds) => {
        writeFileSync(target, 'old');
        const holder = `"${process.execPath}" -e "console.log(1);setTimeout(()=>{},${seconds * 1000})" < "${target}"`;
        const child = spawn(
          process.env.ComSpec ?? 'C:\\Windows\\System32\\cmd.exe',
          ['/d', '/s', '/c', `"${holder}"`],
          {
            stdio: ['ignore', 'pipe', 'inherit'],
            windowsVerbatimArguments: true,
          },
        );
        const closed = once(child, 'close');
        await Promise.race([once(child.stdout, 'data'), closed]);
        equal(child.exitCode, null);
        return { child, closed };
      };
      const short = await hold(1);
      await succeeds(bed, ['sftp', 'get', `${session}:x`, target]);
      equal(readFileSync(target, 'utf8'), 'hello');
      await short.closed;
      const long = await hold(20);
      const { stderr } = await fails(bed, ['sftp', 'get', `${session}:x`, target], 1);
      match(stderr, /another program/);
      equal(readFileSync(target, 'utf8'), 'old');
      await long.closed;
      await succeeds(bed, ['sftp', 'get', `${session}:x`, target]);
    },
  },
  {
    name: 'the agent of OpenSSH is found at its pipe',
    async run(bed) {
      const asked = [];
      const server = createServer((socket) => {
        socket.on('error', () => {});
        socket.on('data', (bytes) => {
          asked.push(bytes[4]);
          socket.write(Buffer.of(0, 0, 0, 5, 12, 0, 0, 0, 0));
        });
      }).listen('\\\\.\\pipe\\openssh-ssh-agent');
      await once(server, 'listening');
      const { stderr } = await bed.quietly([
        'ssh',
        session,
        '-i',
        'agent',
        '--client',
        'builtin',
        '--',
        'true',
      ]);
      server.close();
      ok(asked.includes(11), `nobody asked the agent: ${stderr}`);
    },
  },
  {
    name: 'a local manager of Windows runs commands by cmd.exe',
    async run(bed) {
      const env = { BAI_HOME: join(bed.home, 'Lokal ü'), BAI_SECRET_STORE: 'file' };
      await succeeds(bed, ['local', 'up'], { env });
      try {
        await succeeds(
          bed,
          ['session', 'create', 'python:3.11', '--name', 'here', '-r', 'cpu=1', '-r', 'mem=1g'],
          { env },
        );
        const said = await succeeds(bed, ['exec', 'here', 'echo %USERNAME%& exit 0'], { env });
        match(said.stdout, /^work/);
        await fails(bed, ['exec', 'here', 'exit 7'], 7, { env });
        fillTree(folderOf(bed, 'local'));
        await succeeds(bed, ['sftp', 'put', '-r', 'local/src', 'here:'], { env });
        await succeeds(bed, ['sftp', 'get', '-r', 'here:src', 'from-here'], { env });
        deepEqual(tree(join(bed.work, 'from-here')), tree(join(bed.work, 'local', 'src')));
        const typed = await fails(bed, ['ssh', 'here', '-tt', '--client', 'builtin', '--', 'ver'], 1, {
          env,
        });
        match(typed.stderr, /no terminal/);
        await succeeds(bed, ['session', 'terminate', 'here', '--yes'], { env });
      } finally {
        await succeeds(bed, ['local', 'down', '--yes'], { env });
      }
    },
  },
  {
    name: 'the session ends',
    async run(bed) {
      await succeeds(bed, ['session', 'terminate', session, '--yes']);
    },
  },
];
