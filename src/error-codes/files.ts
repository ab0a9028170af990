/** Files. */

import type { CodeTable } from './code-table.ts';

export const fileCodes = {
  transfer: { status: '1', meaning: 'a file could not be moved, for a reason that has no code' },
  'size-differs': {
    status: '1',
    meaning: 'the copy does not have the announced size; it was not put in place',
  },
  'checksum-differs': {
    status: '1',
    meaning: 'the copy has another checksum than the source; it was not put in place',
  },
  'time-unknown': {
    status: '1',
    meaning:
      '`--if-exists newer`: neither the times (before 1970, from 2038 on, or none) nor equal bytes tell which file is to stay',
  },
  unfinished: {
    status: '0',
    meaning: 'left out, in `skipped` only: the part or journal of another transfer',
  },
  'busy-target': {
    status: '6',
    meaning:
      "another transfer on this machine writes the same file, or another program the session's `authorized_keys`",
  },
  'part-replaced': {
    status: '6',
    meaning: 'another program replaced the unfinished file during the transfer',
  },
  'source-changed': { status: '1', meaning: 'the file became shorter while it was read' },
  'checksum-failed': {
    status: '0',
    meaning:
      'in events `retry` only: a program of the session gave no checksum in time, and the file is read back',
  },
  'endless-output': { status: '1', meaning: 'a program of the session that bai ran printed without end' },
  'tar-failed': {
    status: '0',
    meaning:
      'in events `retry` only: a tar stream of the session is damaged or not complete, and its files go by SFTP',
  },
  'no-size': {
    status: '1',
    meaning: 'the file has content and claims a size of 0, as those of `/proc` do',
  },
  'not-a-file': {
    status: '1',
    meaning:
      'no regular file: as a source, or in the place where a file should go, which is then left as it is',
  },
  'special-file': {
    status: '1',
    meaning: 'a pipe, socket, device or file of unknown type in a folder that is moved; the rest is moved',
  },
  'no-match': { status: '4', meaning: 'nothing matches the pattern' },
  'is-folder': {
    status: '1, or 6 when a folder is where a file should go',
    meaning: 'a folder, and `-r` was not given',
  },
  'not-a-folder': { status: '6', meaning: 'a file where a folder should be' },
  'bundle-exists': {
    status: '6',
    meaning: '`doctor --bundle`: something has that name, and `--force` was not given',
  },
  exists: { status: '6', meaning: 'the new folder is already there' },
  'leads-outside': {
    status: '6',
    meaning:
      'a link leads out of the folder that is written to, or may do so, such as one in the place of a fetched file',
  },
  loop: { status: '1', meaning: 'a link leads back to a folder above it' },
  'refused-name': {
    status: '1',
    meaning:
      'the server listed a name that must not become a path, or put one, or a link to one, that was not asked for into a tar stream',
  },
  'not-renamed': {
    status: '1',
    meaning:
      'the old file was removed, but the new one could not get its name; it is whole under the name in the message',
  },
  'too-many-problems': { status: '1', meaning: 'the transfer gave up after 10,000 problems' },
  unsupported: { status: '1', meaning: "the session's file server does not support the request" },
  'remote-disk-full': { status: '1', meaning: 'the disk in the session is full' },
  'disk-full': { status: '1', meaning: 'the disk here is full' },
  'no-room': {
    status: '1',
    meaning: 'a file is larger than the room on the disk here; nothing of it was fetched',
  },
  'local-denied': { status: '1', meaning: 'permission denied on this machine' },
  'file-in-use': {
    status: '1',
    meaning:
      'Windows: another program has had a file open for two seconds, so it could not be replaced or removed',
  },
} as const satisfies CodeTable;
