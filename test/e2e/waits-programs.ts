/** Waits for the programs that bai runs in a session: they say nothing, or print without end. */

import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Place, Wait, Waiting } from './waits-bed.ts';
import { fillBoth } from './waits-session.ts';

/** bash reads it whenever its input comes over the network, whatever it is to run. */
const startUpFile = '.bashrc';
/** Programs in this folder come before the system's; what is in it is no leftover. */
export const fakes = '.fakes';
const started = 'started';

const isSilent = `touch "$HOME/${fakes}/${started}"; exec sleep 1000`;
const floods = `touch "$HOME/${fakes}/${started}"; exec yes "$(printf '%1000s' x)"`;
const floodsErrors = `touch "$HOME/${fakes}/${started}"; exec yes "$(printf '%1000s' x)" >&2`;

function misbehave({ remoteHome }: Place, programs: readonly string[], script: string): void {
  const folder = join(remoteHome, fakes);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  writeFileSync(join(remoteHome, startUpFile), `PATH="$HOME/${fakes}:$PATH"\n`);
  for (const name of programs) writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

interface Misbehaving {
  readonly name: string;
  readonly covers?: readonly string[];
  readonly programs: readonly string[];
  readonly script: string;
  readonly args: readonly string[];
  readonly limit: Waiting['limit'];
}

const checksums = ['openssl', 'sha256sum'];
const get = ['sftp', 'get', '--verify', 'demo:small.txt', 'got'];
const put = ['sftp', 'put', '--verify', 'small.txt', 'demo:new'];
const sync = ['sftp', 'sync', '--checksum', 'demo:folder', 'folder'];
const getTar = ['sftp', 'get', '-r', '--via', 'tar', 'demo:folder', 'got'];
const putTar = ['sftp', 'put', '-r', '--via', 'tar', 'folder', 'demo:new'];

/** Who cannot be asked is done without: the files come all the same. */
const readBack = { code: 0, says: /read back, because a program of the session was silent for \d+ seconds/ };
const readBackOfFlood = { code: 0, says: /read back, because a program of the session printed without end/ };
const bySftp = {
  code: 0,
  says: /by SFTP, because a program of the session was silent for \d+ seconds/,
  withinMs: 60_000,
};
const bySftpOfFlood = { code: 0, says: /by SFTP, because .*(without end|does not end|damaged)/ };

const rows: Misbehaving[] = [
  {
    name: 'a checksum that does not come, get',
    covers: ['verify.ts'],
    programs: checksums,
    script: isSilent,
    args: get,
    limit: readBack,
  },
  {
    name: 'a checksum that does not come, put',
    programs: checksums,
    script: isSilent,
    args: put,
    limit: readBack,
  },
  {
    name: 'a checksum that prints for ever, get',
    programs: checksums,
    script: floods,
    args: get,
    limit: readBackOfFlood,
  },
  {
    name: 'a checksum that prints for ever, put',
    programs: checksums,
    script: floods,
    args: put,
    limit: readBackOfFlood,
  },
  {
    name: 'a checksum that complains for ever',
    programs: checksums,
    script: floodsErrors,
    args: get,
    limit: { code: 0, says: /small\.txt|1 file/ },
  },
  {
    name: 'checksums that do not come, sync',
    covers: ['remote-checksums.ts'],
    programs: checksums,
    script: isSilent,
    args: sync,
    limit: readBack,
  },
  {
    name: 'checksums that print for ever, sync',
    programs: checksums,
    script: floods,
    args: sync,
    limit: readBackOfFlood,
  },
  {
    name: 'a tar that says nothing, get',
    covers: ['get-by-tar.ts'],
    programs: ['tar'],
    script: isSilent,
    args: getTar,
    limit: bySftp,
  },
  {
    name: 'a tar that prints for ever, get',
    programs: ['tar'],
    script: floods,
    args: getTar,
    limit: bySftpOfFlood,
  },
  {
    name: 'a tar that complains for ever, get',
    programs: ['tar'],
    script: floodsErrors,
    args: getTar,
    limit: bySftpOfFlood,
  },
  {
    name: 'a tar that says nothing, put',
    covers: ['remote-staging.ts'],
    programs: ['tar'],
    script: isSilent,
    args: putTar,
    limit: bySftp,
  },
  {
    name: 'a tar that prints for ever, put',
    programs: ['tar'],
    script: floods,
    args: putTar,
    limit: bySftpOfFlood,
  },
  {
    name: 'a tar that complains for ever, put',
    programs: ['tar'],
    script: floodsErrors,
    args: putTar,
    limit: bySftpOfFlood,
  },
];

function misbehaving({ name, covers = [], programs, script, args, limit }: Misbehaving): Wait {
  return {
    name,
    covers,
    begin(place) {
      fillBoth(place);
      misbehave(place, programs, script);
      return {
        args,
        isShort: script !== isSilent,
        reached: () => existsSync(join(place.remoteHome, fakes, started)),
        ...(limit && { limit }),
      };
    },
  };
}

/** What the shell itself does before it looks for tar. */
function probing(name: string, script: string, told: RegExp): Wait {
  return {
    name,
    covers: ['tar-use.ts'],
    begin(place) {
      fillBoth(place);
      misbehave(place, [], '');
      writeFileSync(join(place.remoteHome, startUpFile), script);
      return {
        args: getTar,
        isShort: script !== isSilent,
        reached: () => existsSync(join(place.remoteHome, fakes, started)),
        limit: { code: 4, says: told },
      };
    },
  };
}

export const programWaits: Wait[] = [
  ...rows.map(misbehaving),
  probing(
    'a shell that does not come to look for tar',
    isSilent,
    /no tar, or runs no programs: .*silent for \d+ seconds/,
  ),
  probing(
    'a shell that floods when it looks for tar',
    floods,
    /no tar, or runs no programs: .*printed without end/,
  ),
];
