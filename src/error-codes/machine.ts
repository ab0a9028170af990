/** This machine, and bai itself. */

import type { CodeTable } from './code-table.ts';

export const machineCodes = {
  'local-system': { status: '1', meaning: 'this machine refused, for a reason that has no code' },
  'local-enospc': { status: '1', meaning: 'the disk or the quota is full' },
  'local-edquot': { status: '1', meaning: 'the disk or the quota is full' },
  'local-eacces': { status: '1', meaning: 'not permitted, or a read-only file system' },
  'local-eperm': { status: '1', meaning: 'not permitted, or a read-only file system' },
  'local-erofs': { status: '1', meaning: 'not permitted, or a read-only file system' },
  'local-enoent': {
    status: '1',
    meaning: 'no such file, a folder in its place, or links that lead in a circle',
  },
  'local-eisdir': {
    status: '1',
    meaning: 'no such file, a folder in its place, or links that lead in a circle',
  },
  'local-eloop': {
    status: '1',
    meaning: 'no such file, a folder in its place, or links that lead in a circle',
  },
  'log-not-writable': { status: '1', meaning: 'the file that `BAI_LOG` names is none that bai can write to' },
  'file-busy': {
    status: '6',
    meaning:
      "another bai has been changing one of bai's own files, or ssh's configuration, for half a minute",
  },
  'local-eio': { status: '1', meaning: 'the disk reports an error' },
  'local-eaddrinuse': { status: '1', meaning: 'the port is taken' },
  'local-manager-failed': { status: '1', meaning: 'the local manager ended before it answered' },
  'bad-proxy': { status: '2', meaning: 'a proxy variable names no proxy that bai can use' },
  'session-ambiguous': {
    status: '6',
    meaning: 'several live sessions have this name, or several an id that begins so; `ids` names them',
  },
  'not-confirmed': { status: '1', meaning: 'the question on the terminal was answered with no' },
  'upgrade-failed': { status: '5', meaning: 'the WebSocket to the manager did not open' },
  'host-key-strange': {
    status: '1',
    meaning: 'a host key, or the name for it, has no form that can be pinned',
  },
  'local-emfile': { status: '1', meaning: 'too many open files' },
  'local-enotdir': {
    status: '1',
    meaning: 'the path has a file, or a link to nowhere, in the middle, or too long a name',
  },
  'local-enametoolong': {
    status: '1',
    meaning: 'the path has a file, or a link to nowhere, in the middle, or too long a name',
  },
  'local-manager-running': {
    status: '6',
    meaning:
      'a local manager with another port or release, or without the web console that is wanted, already runs',
  },
  'local-manager-down': { status: '4', meaning: 'no local manager is running' },
  'local-manager-silent': { status: '5', meaning: 'its process lives and does not answer' },
  failure: { status: '1', meaning: 'anything else that bai explains' },
  interrupted: { status: '129, 130 or 143', meaning: 'SIGHUP, Ctrl-C or SIGTERM' },
  bug: { status: '70', meaning: 'a bug in bai' },
} as const satisfies CodeTable;
