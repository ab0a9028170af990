/**
 * What `--json` prints, byte for byte but for what differs with each run: programs of users read it. A snapshot that changes is
 * a change for them, and stands in CHANGELOG.md.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EmulatorBed, openEmulator } from './app-bed.ts';

let bed: EmulatorBed;

beforeAll(async () => {
  bed = await openEmulator({ release: '26.9.6' });
  await bed.create('demo', '--mount', 'kept');
  await bed.create('ended');
  await bed.bai(['session', 'terminate', '--yes', 'ended']);
  mkdirSync(join(bed.home, 'tree', 'below'), { recursive: true });
  writeFileSync(join(bed.home, 'tree', 'a.txt'), 'a\n');
  writeFileSync(join(bed.home, 'tree', 'below', 'b.txt'), 'b\n');
  await bed.bai(['ssh', 'demo', '--', 'true']);
});
afterAll(() => bed[Symbol.asyncDispose]());

/** In this order: later ones find what earlier ones have left. */
const lines: readonly string[] = [
  'session list',
  'session list --all',
  'session list --status BOGUS',
  'session info demo',
  'session info ended',
  'session info nosuch',
  'session logs demo',
  'session wait demo',
  'session create python --name demo',
  'session create nosuch --name other',
  'session create python --name b@d',
  'vfolder list',
  'resource list',
  'project list',
  'app list demo',
  'app forward demo nosuch',
  'ssh demo -- exit 3',
  'exec demo echo out',
  'sftp ls demo:',
  'sftp put -r tree demo:kept/tree',
  'sftp put -r tree demo:kept/tree --if-exists skip',
  'sftp put tree/a.txt tree/none demo:kept/',
  'sftp put tree demo:kept/',
  'sftp ls demo:kept',
  'sftp stat demo:kept/tree/a.txt',
  'sftp stat demo:kept/none',
  'sftp get demo:kept/tree/a.txt got.txt',
  'sftp get demo:kept/none got.txt',
  'sftp sync tree demo:kept/synced',
  'sftp sync tree demo:kept/synced --dry-run',
  'sftp mkdir demo:kept/made',
  'sftp mv demo:kept/made demo:kept/moved',
  'sftp rm demo:kept/none',
  'sftp rm -r demo:kept/moved',
  'sftp site demo --filezilla site.xml',
  'key list',
  'key show',
  'key status',
  'key fetch demo --output fetched',
  'key generate --type ed25519 --no-passphrase --comment me@here --output made',
  'key convert made --to ppk --output made.ppk',
  'key convert nosuch --to ppk',
  'key authorize demo made.pub',
  'key deauthorize demo made.pub',
  'key prune',
  'key prune --yes',
  'host-key show demo',
  'host-key forget demo',
  'host-key forget demo',
  'ssh-config print',
  'ssh-config install --dry-run',
  'config list',
  'config get endpoint',
  'config set user somebody',
  'config get user',
  'config unset user',
  'config path',
  'config get nosuch',
  'local status',
  'session rename demo renamed',
  'session terminate --yes renamed nosuch',
];

test.each(lines)('%s', async (line) => {
  const [group, ...words] = line.split(' ');
  const answer = await bed.bai(['--json', group ?? '', ...words], { cwd: bed.home });
  expect(told(answer, bed)).toMatchSnapshot();
});

interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Ids and keys are numbered as they come in one answer; times, ports, rates and folders of this run have a word. */
function told({ code, stdout, stderr }: Answer, { home, env }: EmulatorBed): string {
  const fixed = [
    [home, 'HOME'],
    [env['BACKEND_ENDPOINT'] ?? '', 'ENDPOINT'],
    [env['BACKEND_ACCESS_KEY'] ?? '', 'ACCESS-KEY'],
  ] as const;
  const seen = new Map<string, string>();
  const numbered = (text: string, word: string): string => {
    const known =
      seen.get(text) ?? `${word}-${[...seen.values()].filter((each) => each.startsWith(word)).length + 1}`;
    seen.set(text, known);
    return known;
  };
  const all = `status ${code}\n${stdout}--\n${stderr}`;
  return fixed
    .reduce((text, [from, to]) => text.replaceAll(from, to), all)
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, (id) => numbered(id, 'ID'))
    .replaceAll(/SHA256:[\w+/]{43}|MD5:[0-9a-f:]{47}/g, (print) => numbered(print, 'PRINT'))
    .replaceAll(/AAAA[\w+/]{40,}=*/g, (blob) => numbered(blob, 'KEY'))
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)/g, 'TIME')
    .replaceAll(
      /"(\w*(?:[pP]id|[pP]ort|Ms|[sS]econds|PerSecond|uid|gid|mtime|modified\w*|age\w*))": ?-?[\d.]+/g,
      '"$1": N',
    )
    .replaceAll(/("name": "id_container",\s+"kind": "file",\s+"size": )\d+/g, '$1N')
    .replaceAll(/"\|.{17}\|"/g, '"ART"')
    .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:N')
    .replaceAll(/-p \d{4,5}\b/g, '-p N')
    .replaceAll(process.execPath, 'NODE')
    .replaceAll(/[^\s"']*\/bin\/bai\.cjs/g, 'BAI')
    .replaceAll(/[0-9a-f]{64}/g, (hash) => numbered(hash, 'HASH'));
}
