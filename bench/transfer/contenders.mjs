/** bai and its rivals: how each is started, with its best flags. */

import { fileURLToPath } from 'node:url';

export const launcher = fileURLToPath(new URL('../../bin/bai.cjs', import.meta.url));

const quote = (words) => words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');

const viaBai = (flags) => ({
  start: ({ direction, name, local, remote, isTree, line }) => {
    const there = (path) => `${line.session}:${path}`;
    const paths =
      direction === 'put'
        ? [`${local}/${name}`, there(`${remote}/`)]
        : [there(`${remote}/${name}`), `${local}/`];
    const recursive = isTree ? ['-r'] : [];
    return {
      words: [process.execPath, launcher, '-q', 'sftp', direction, ...recursive, ...flags, ...paths],
      env: line.env,
    };
  },
});

const viaSftp = (flagsOf, forwarder) => ({
  forwarder,
  start: ({ direction, name, local, remote, isTree, line }) => {
    const recursive = isTree ? '-r ' : '';
    const paths =
      direction === 'put' ? [`${local}/${name}`, `${remote}/`] : [`${remote}/${name}`, `${local}/`];
    const { port, options, destination } = line.ssh(forwarder);
    return {
      words: [
        ...['sftp', '-q', ...flagsOf({ direction, line }), ...options, '-P', String(port)],
        ...['-b', '-', destination],
      ],
      input: `${direction} ${recursive}${paths.join(' ')}\n`,
    };
  },
});

/** The sessions' dropbear ignores the client's window: more than 2 MiB asked for breaks OpenSSH's get off. */
const bestSftpFlags = ({ direction, line }) =>
  direction === 'get' && line.ignoresWindow ? ['-B', '32768'] : ['-R', '256', '-B', '261120'];

const scp = {
  start: ({ direction, name, local, remote, line }) => {
    const { port, options, destination } = line.ssh();
    const there = (path) => `${destination}:${path}`;
    const paths =
      direction === 'put'
        ? [`${local}/${name}`, there(`${remote}/`)]
        : [there(`${remote}/${name}`), `${local}/`];
    const small = line.ignoresWindow && direction === 'get' ? ['-X', 'buffer=32768'] : [];
    return { words: ['scp', '-q', ...small, ...options, '-P', String(port), ...paths] };
  },
};

const rsync = {
  needs: 'rsync',
  start: ({ direction, name, local, remote, line }) => {
    const { port, options, destination } = line.ssh();
    const there = (path) => `${destination}:${path}`;
    const paths =
      direction === 'put'
        ? [`${local}/${name}`, there(`${remote}/`)]
        : [there(`${remote}/${name}`), `${local}/`];
    const shell = quote(['ssh', ...options, '-p', String(port)]);
    return { words: ['rsync', '-a', '--whole-file', '--inplace', '-e', shell, ...paths] };
  },
};

const tar = {
  needs: 'tar',
  start: ({ direction, name, local, remote, line }) => {
    const { port, options, destination } = line.ssh();
    const ssh = (command) => quote(['ssh', ...options, '-p', String(port), destination, command]);
    const pipe =
      direction === 'put'
        ? `tar -C ${local} -cf - ${name} | ${ssh(`tar -C ${remote} -xf -`)}`
        : `${ssh(`tar -C ${remote} -cf - ${name}`)} | tar -C ${local} -xf -`;
    return { words: ['bash', '-o', 'pipefail', '-c', pipe] };
  },
};

/** `forwarder`: through whose local port; bai's own when nothing is said. */
export const contenders = {
  bai: viaBai([]),
  'bai --no-verify': viaBai(['--no-verify']),
  sftp: viaSftp(bestSftpFlags, 'bai'),
  /** What OpenSSH's user would take; a contender of its own only where that breaks off. */
  'sftp -B 261120': {
    ...viaSftp(() => ['-R', '256', '-B', '261120'], 'bai'),
    isFor: ({ direction, line }) => direction === 'get' && line.ignoresWindow,
  },
  scp,
  rsync,
  'tar over ssh': tar,
  'python + sftp': {
    ...viaSftp(bestSftpFlags, 'python'),
    isFor: ({ line }) => line.hasPython,
  },
};
