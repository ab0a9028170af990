/** What bai is asked on Linux and on Windows, with the same answers, files and exit statuses. What a step returns is compared, too. */

import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';

/** Names as people have them, on both systems. */
export const names = [
  'readme.txt',
  'mit Leerzeichen.txt',
  'Grüße aus Köln.txt',
  '한글.txt',
  "o'hara & söhne (2).txt",
  'emoji 🐸.txt',
];

function plain(...commands) {
  return async (bed) => {
    for (const command of commands) await bed.bai(command);
  };
}

function at(bed, ...parts) {
  return join(bed.work, ...parts);
}

function bytesOf(length) {
  return Buffer.from(Array.from({ length }, (_, at) => (at * 7 + (at >> 8)) & 0xff));
}

/** Every file below a folder, with what is in it. */
export function tree(folder) {
  return readdirSync(folder, { recursive: true })
    .map((name) => name.replaceAll('\\', '/'))
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      return statSync(path).isDirectory() ? [`${name}/`] : [`${name} ${digest(readFileSync(path))}`];
    });
}

function digest(bytes) {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}

export function fillTree(folder) {
  mkdirSync(join(folder, 'src', 'leer'), { recursive: true });
  mkdirSync(join(folder, 'src', 'tief', 'tiefer'), { recursive: true });
  for (const name of names) writeFileSync(join(folder, 'src', name), name.repeat(50));
  writeFileSync(join(folder, 'src', 'tief', 'tiefer', 'groß.bin'), bytesOf(300_000));
}

/** What an SSH server says first. */
function greeting(port) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', reject);
    socket.once('data', (bytes) => {
      socket.destroy();
      resolve(bytes.toString('latin1').split('-', 2).join('-'));
    });
  });
}

const session = 'demo';

export const steps = [
  {
    name: 'version, help and mistakes',
    run: plain(
      ['--version'],
      ['--help'],
      ['sftp', 'put', '--help'],
      ['sesion', 'list'],
      ['session', 'list', '--nope'],
      ['ssh'],
      ['session', 'list', '--json', '--nope'],
    ),
  },
  { name: 'without an endpoint', run: plain(['session', 'list'], ['whoami'], ['session', 'list', '--json']) },
  {
    name: 'the settings of a profile',
    async run(bed) {
      const { endpoint, accessKey, secretKey } = bed.facts;
      await bed.bai(['config', 'set', 'secretStore', 'file']);
      await bed.bai(['config', 'set', 'endpoint', endpoint]);
      await bed.bai(['config', 'set', 'accessKey', accessKey]);
      await bed.bai(['config', 'set', 'secretKey'], { input: `${secretKey}\r\n` });
      for (const words of [
        ['config', 'get', 'endpoint'],
        ['config', 'path'],
        ['config', 'list', '--json'],
        ['whoami', '--json'],
      ])
        await bed.bai(words);
    },
  },
  {
    name: 'a second profile comes and goes',
    run: plain(
      ['config', 'set', 'user', 'work', '-P', 'other'],
      ['profile', 'list'],
      ['profile', 'rename', 'other', 'another'],
      ['profile', 'show', 'another', '--json'],
      ['profile', 'remove', 'another', '--yes'],
    ),
  },
  {
    name: 'settings that an editor of Windows has saved',
    async run(bed) {
      const { stdout } = await bed.quietly(['config', 'path']);
      const path = stdout.trim();
      const text = readFileSync(path, 'utf8');
      writeFileSync(path, `\ufeff${text.replaceAll('\n', '\r\n')}`);
      await bed.bai(['config', 'get', 'accessKey']);
      await bed.bai(['config', 'set', 'sshPort', '12345']);
      await bed.bai(['config', 'unset', 'sshPort']);
      return readFileSync(path, 'utf8').startsWith('{');
    },
  },
  {
    name: 'settings that are stored at the same time are all kept',
    async run(bed) {
      const profiles = ['a', 'b', 'c', 'd'];
      const store = (name) => bed.quietly(['config', 'set', 'user', name, '-P', name]);
      const stored = await Promise.all(profiles.map(store));
      const { stdout } = await bed.quietly(['config', 'path']);
      const { profiles: kept } = JSON.parse(readFileSync(stdout.trim(), 'utf8'));
      for (const name of profiles) await bed.quietly(['profile', 'remove', name, '--yes']);
      return [
        stored.map(({ status, stderr }) => (status === 0 ? 0 : stderr)),
        profiles.map((name) => kept[name].user),
      ];
    },
  },
  {
    name: 'environment files with a mark, with CRLF and in UTF-16',
    async run(bed) {
      const lines = 'BAI_USER=work\r\n# Kommentar ü\r\nBAI_SSH_PORT="12345"\r\n';
      writeFileSync(at(bed, 'a.env'), `\ufeff${lines}`);
      writeFileSync(at(bed, 'b.env'), Buffer.concat([Buffer.of(0xff, 0xfe), Buffer.from(lines, 'utf16le')]));
      for (const file of ['a.env', 'b.env'])
        for (const name of ['user', 'sshPort']) await bed.bai(['config', 'get', name, '--env-file', file]);
    },
  },
  {
    name: 'a session is made',
    run: plain(['session', 'create', 'python:3.11', '--name', session, '-r', 'cpu=1', '-r', 'mem=1g']),
  },
  {
    name: 'sessions are listed',
    run: plain(
      ['session', 'list'],
      ['session', 'list', '--json'],
      ['session', 'info', session],
      ['session', 'info', session, '--json'],
    ),
  },
  {
    name: 'the name is taken',
    run: plain(
      ['session', 'create', 'python:3.11', '--name', session, '-r', 'cpu=1', '-r', 'mem=1g'],
      ['session', 'wait', session],
    ),
  },
  {
    name: 'what there is',
    run: plain(
      ['image', 'list', '--json'],
      ['app', 'list', session],
      ['provider', 'list'],
      ['resource', 'list', '--json'],
    ),
  },
  {
    name: 'commands and their exit statuses',
    run: plain(
      ['ssh', session, '--', 'true'],
      ['ssh', session, '--', 'exit 7'],
      ['ssh', session, '--', 'echo out; echo err >&2; exit 3'],
      ['ssh', session, '--', 'printf', '%s\\n', "'a b'", '"it\'s"', '$USER"x"', 'größe'],
      ['exec', session, 'echo "$0" "ä b" | cat'],
      ['exec', session, '--json', 'echo out; echo err >&2; exit 5'],
      ['exec', session, 'kill -9 $$'],
    ),
  },
  {
    name: 'what goes in comes out',
    async run(bed) {
      const all = bytesOf(1 << 20);
      const { stdout } = await bed.quietly(['exec', session, 'sha256sum'], { input: all });
      await bed.bai(['ssh', session, '--', 'cat'], { input: 'line\r\nline\n' });
      await bed.bai(['exec', '-n', session, 'cat'], { input: 'not read' });
      return stdout.startsWith(createHash('sha256').update(all).digest('hex'));
    },
  },
  {
    name: 'the key of the session',
    async run(bed) {
      await bed.bai(['key', 'fetch', session, '--output', 'id_demo']);
      await bed.bai(['key', 'fetch', session, '--output', 'id_demo']);
      const text = readFileSync(at(bed, 'id_demo'), 'latin1');
      writeFileSync(at(bed, 'crlf'), `\ufeff${text.replaceAll('\n', '\r\n')}`);
      writeFileSync(at(bed, 'foreign'), 'not a key');
      for (const file of ['id_demo', 'crlf', 'missing', 'foreign']) await bed.bai(['key', 'show', file]);
      await bed.bai(['key', 'fetch', session, '--output', 'foreign']);
      await bed.bai(['ssh', session, '-i', 'crlf', '--', 'echo in']);
      for (const format of ['ppk', 'openssh', 'pem', 'pkcs8'])
        await bed.bai([
          'key',
          'convert',
          'id_demo',
          '--to',
          format,
          '--no-passphrase',
          '--output',
          `as.${format}`,
        ]);
      for (const format of ['ppk', 'openssh', 'pem', 'pkcs8']) await bed.bai(['key', 'show', `as.${format}`]);
      return [existsSync(at(bed, 'as.ppk')), text.includes('\r')];
    },
  },
  {
    name: 'keys of one’s own',
    async run(bed) {
      await bed.bai(['key', 'generate', '--no-passphrase', '--ppk', '-C', 'jürgen']);
      await bed.bai(['key', 'list']);
      await bed.bai(['key', 'list', '--json']);
      await bed.bai(['key', 'authorize', session, join(bed.home, '.ssh', 'id_ed25519.pub')]);
      await bed.bai(['ssh', session, '-i', '~/.ssh/id_ed25519', '--', 'echo in']);
      return tree(join(bed.home, '.ssh')).map((line) => line.split(' ')[0]);
    },
  },
  {
    name: 'host keys',
    run: plain(
      ['host-key', 'show', session, '--json'],
      ['host-key', 'forget', session],
      ['host-key', 'show', session],
      ['exec', session, 'true'],
    ),
  },
  {
    name: 'one file there and back',
    async run(bed) {
      writeFileSync(at(bed, 'one.bin'), bytesOf(70_000));
      utimesSync(at(bed, 'one.bin'), 1_700_000_000, 1_700_000_000);
      await bed.bai(['sftp', 'mkdir', '-p', `${session}:data/new`]);
      await bed.bai(['sftp', 'put', '-p', 'one.bin', `${session}:data/new/`]);
      await bed.bai(['sftp', 'put', 'one.bin', at(bed, 'one.bin'), `${session}:data/`]);
      await bed.bai(['sftp', 'ls', '-l', `${session}:data/new`]);
      await bed.bai(['sftp', 'stat', `${session}:data/new/one.bin`, '--json']);
      await bed.bai(['sftp', 'get', '-p', `${session}:data/new/one.bin`, 'back.bin']);
      return [digest(readFileSync(at(bed, 'back.bin'))), Math.round(statSync(at(bed, 'back.bin')).mtimeMs)];
    },
  },
  {
    name: 'mistakes with files',
    async run(bed) {
      await bed.bai(['sftp', 'put', 'missing', `${session}:`]);
      await bed.bai(['sftp', 'get', `${session}:missing`]);
      await bed.bai(['sftp', 'get', `${session}:data`]);
      await bed.bai(['sftp', 'put', 'one.bin', `${session}:nowhere/x/y`]);
      await bed.bai(['sftp', 'get', `${session}:data/one.bin`, 'no/such/folder/'], {});
      await bed.bai(['sftp', 'get', `${session}:data/one.bin`, 'back.bin', '--if-exists', 'fail']);
      await bed.bai(['sftp', 'put', 'one.bin', 'back.bin']);
    },
  },
  {
    name: 'a tree there and back, by tar and by SFTP',
    async run(bed) {
      fillTree(bed.work);
      await bed.bai(['sftp', 'put', '-r', 'src', `${session}:tree`, '--dry-run']);
      for (const way of ['tar', 'sftp']) {
        await bed.bai(['sftp', 'put', '-r', 'src', `${session}:${way}`, '--via', way]);
        await bed.bai(['sftp', 'get', '-r', `${session}:${way}`, `back-${way}`, '--via', way]);
      }
      await bed.bai(['sftp', 'ls', `${session}:tar`]);
      await bed.bai(['sftp', 'put', '*.bin', `${session}:data`]);
      await bed.bai(['sftp', 'get', `${session}:tar/*.txt`, 'texts/']);
      return ['src', 'back-tar', 'back-sftp', 'texts'].map((folder) => tree(at(bed, folder)));
    },
  },
  {
    name: 'folders in step',
    async run(bed) {
      await bed.bai(['sftp', 'sync', 'src', `${session}:mirror`]);
      rmSync(at(bed, 'src', names[0]));
      writeFileSync(at(bed, 'src', 'neu.txt'), 'neu');
      await bed.bai(['sftp', 'sync', 'src', `${session}:mirror`, '--delete', '--dry-run']);
      await bed.bai(['sftp', 'sync', 'src', `${session}:mirror`, '--delete', '--exclude', '*.bin']);
      await bed.bai(['sftp', 'sync', `${session}:mirror`, 'down', '--checksum']);
      writeFileSync(at(bed, 'down', 'weg.txt'), '');
      await bed.bai(['sftp', 'sync', `${session}:mirror`, 'down', '--delete', '--json']);
      return tree(at(bed, 'down'));
    },
  },
  {
    name: 'files are moved and removed, and streams are files',
    async run(bed) {
      await bed.bai(['sftp', 'put', '-', `${session}:stream.txt`], { input: 'a\r\nb\n' });
      await bed.bai(['sftp', 'mv', `${session}:stream.txt`, `${session}:Ströme.txt`]);
      await bed.bai(['sftp', 'get', `${session}:Ströme.txt`, '-']);
      await bed.bai(['sftp', 'rm', `${session}:mirror`]);
      await bed.bai(['sftp', 'rm', '-r', `${session}:mirror`, `${session}:tar`]);
      await bed.bai(['sftp', 'ls', session]);
    },
  },
  {
    name: 'the shell of sftp',
    async run(bed) {
      const lines = [
        'cd data',
        'pwd',
        'lcd src',
        'put "mit Leerzeichen.txt" kopie.txt',
        "put '한글.txt'",
        'ls',
        'rename kopie.txt umbenannt.txt',
        'lcd ..',
        'get -r . shell',
        '-get missing',
        'rm umbenannt.txt',
        'exit',
      ];
      await bed.bai(['sftp', 'shell', session, '-b', '-'], { input: `\ufeff${lines.join('\r\n')}`.slice(1) });
      writeFileSync(at(bed, 'lines.txt'), `\ufeff${['pwd', 'get missing', 'pwd'].join('\r\n')}`);
      await bed.bai(['sftp', 'shell', session, '-b', 'lines.txt']);
      return tree(at(bed, 'shell'));
    },
  },
  {
    name: 'a port that leads to the session',
    async run(bed) {
      const child = bed.start(['app', 'forward', session, '--json']);
      try {
        let text = '';
        child.stdout.on('data', (chunk) => (text += chunk));
        child.stderr.resume();
        const port = await bed.until(async () => /"port": ?(\d+)/.exec(text)?.[1], 'the port');
        return await greeting(Number(port));
      } finally {
        child.kill('SIGTERM');
      }
    },
  },
  {
    name: 'a forward in the background',
    async run(bed) {
      const { status, stdout, stderr } = await bed.quietly([
        'forward',
        session,
        'sshd',
        '--background',
        '--json',
      ]);
      const { stdout: listed } = await bed.quietly(['forward', 'list', '--json']);
      const port = Number(/"(?:localPort|port)": ?(\d+)/.exec(listed)?.[1]);
      const answer = await greeting(port);
      const logs = await bed.quietly(['forward', 'logs', session]);
      const stop = await bed.quietly(['forward', 'stop', '--all']);
      const after = await bed.quietly(['forward', 'list', '--json']);
      return {
        status,
        isJson: stdout.trim().startsWith('{') || stderr,
        answer,
        logs: logs.status,
        stop: stop.status,
        after: after.stdout,
      };
    },
  },
  {
    name: 'lines for other programs',
    run: plain(
      ['sftp', 'site', session, '--filezilla', 'site.xml'],
      ['completion', 'bash'],
      ['completion', 'powershell'],
      ['__complete', '--', 'bai session inf'],
    ),
  },
  {
    name: 'managers that are away, and refuse',
    async run(bed) {
      await bed.bai(['session', 'list', '--endpoint', 'http://127.0.0.1:1']);
      await bed.bai(['session', 'list', '--endpoint', 'http://127.0.0.1:1', '--json']);
      await bed.bai(['session', 'list', '--endpoint', 'http://name.invalid']);
      await bed.bai(['session', 'list'], { env: { BACKEND_SECRET_KEY: 'wrong' } });
      await bed.bai(['session', 'info', 'nobody']);
      await bed.bai(['ssh', 'nobody', '--', 'true']);
      await bed.bai(['exec', '--json', 'nobody', 'true']);
    },
  },
  {
    name: 'a session gets another name, and ends',
    run: plain(
      ['session', 'rename', session, 'other'],
      ['session', 'list', '--json'],
      ['session', 'terminate', 'other', '--yes'],
      ['session', 'list', '--json'],
      ['key', 'prune', '--yes'],
      ['ssh', 'other', '--', 'true'],
    ),
  },
];
