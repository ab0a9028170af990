import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { checkBeside, readAccountPair } from '../../src/keys/account-pair.ts';
import {
  checkKeyRoom,
  createKeyFile,
  readKeyFile,
  removeKeyFileIf,
  tightenKeyFile,
  tightenKeyFolder,
  writeKeyFile,
} from '../../src/keys/key-file.ts';
import { openKeyLedger } from '../../src/keys/key-ledger.ts';
import { readIssuedKey } from '../../src/keys/private-key.ts';
import { publicBlobOf } from '../../src/keys/public-half.ts';
import { negotiate } from '../../src/providers/backend-ai/manager/release.ts';
import type { AccountKeyTools } from '../../src/services/keys/account-key-tools.ts';
import { rotateKey } from '../../src/services/keys/rotate-key.ts';
import { pathBeside } from '../../src/services/keys/save-key.ts';
import { fingerprints, keyType } from '../../src/ssh/files/known-hosts.ts';
import { recordingReporter } from '../e2e/transfer-session.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';

const [first, second, foreign] = [makeKey(), makeKey(), makeKey()];

test('a file swapped for a link while the manager answers is not written through', async () => {
  using folder = tempFolder();
  const bed = bedIn(folder, second);
  await rotateKey({ force: false }, bedIn(folder, first).deps);
  const target = join(folder.path, 'target');
  writeFileSync(target, 'untouched');
  const swapped = rotateKey(
    { force: false },
    bed.meanwhile(() => {
      rmSync(bed.path);
      symlinkSync(target, bed.path);
    }),
  );
  await expect(swapped).rejects.toMatchObject({
    code: 'key-not-saved',
    exitCode: 1,
    hint: expect.stringContaining('bai key fetch'),
    details: { fingerprint: fingerprintOf(second) },
  });
  expect(readFileSync(target, 'utf8')).toBe('untouched');
  expect(readFileSync(pathBeside(bed.path, fingerprintOf(first)), 'utf8')).toBe(first);
});

test('another key that comes while the manager answers is left, and the new one goes beside it', async () => {
  using folder = tempFolder();
  const bed = bedIn(folder, second);
  await rotateKey({ force: false }, bedIn(folder, first).deps);
  const meanwhile = bed.meanwhile(() => writeFileSync(bed.path, foreign));
  const rotated = await rotateKey({ force: false }, meanwhile);
  expect(rotated.path).toBe(pathBeside(bed.path, fingerprintOf(second)));
  expect([readFileSync(bed.path, 'utf8'), readFileSync(rotated.path, 'utf8')]).toEqual([foreign, second]);
});

test('a folder that goes while the manager answers is made anew', async () => {
  using folder = tempFolder();
  const bed = bedIn(folder, second);
  const gone = bed.meanwhile(() => rmSync(dirname(bed.path), { recursive: true }));
  expect(await rotateKey({ force: false }, gone)).toMatchObject({ path: bed.path, change: 'created' });
  expect(statSync(bed.path).mode & 0o777).toBe(0o600);
});

test('something else where the old key should be kept stops it before the account changes', async () => {
  using folder = tempFolder();
  await rotateKey({ force: false }, bedIn(folder, first).deps);
  const bed = bedIn(folder, second);
  mkdirSync(pathBeside(bed.path, fingerprintOf(first)));
  await expect(rotateKey({ force: false }, bed.deps)).rejects.toMatchObject({ code: 'key-conflict' });
  expect([bed.calls(), readFileSync(bed.path, 'utf8')]).toEqual([0, first]);
});

test('the copy of a foreign key is not in the ledger: bai never takes it away', async () => {
  using folder = tempFolder();
  const bed = bedIn(folder, second);
  mkdirSync(dirname(bed.path), { mode: 0o700 });
  writeFileSync(bed.path, foreign, { mode: 0o600 });
  const { previous } = await rotateKey({ force: true }, bed.deps);
  const copy = pathBeside(bed.path, fingerprintOf(foreign));
  expect(previous).toEqual({ path: copy, fingerprint: fingerprintOf(foreign) });
  expect(await bed.deps.ledger.wrote(copy, fingerprintOf(foreign))).toBe(false);
  expect(await bed.deps.ledger.wrote(bed.path, fingerprintOf(second))).toBe(true);
});

test('halves that do not belong together are not saved', async () => {
  using folder = tempFolder();
  const bed = bedIn(folder, second, first);
  await expect(rotateKey({ force: false }, bed.deps)).rejects.toMatchObject({ code: 'account-key-broken' });
  expect(readdirSync(dirname(bed.path))).toEqual([]);
});

test('a key that somebody else gave the account meanwhile is told of', async () => {
  using folder = tempFolder();
  const bed = bedIn(folder, second);
  const other = {
    ...bed.deps,
    account: { ...bed.deps.account, read: async () => publicBlobOf(Buffer.from(first)) },
  };
  await rotateKey({ force: false }, other);
  expect(bed.warnings).toEqual([expect.stringMatching(/somebody else has changed/)]);
});

test('over plain HTTP to another machine it warns', async () => {
  using folder = tempFolder();
  const bed = bedIn(folder, second);
  await rotateKey({ force: false }, { ...bed.deps, endpoints: ['http://manager.example:8080'] });
  expect(bed.warnings).toEqual([expect.stringMatching(/in the clear/)]);
});

function bedIn(folder: TempFolder, answer: string, publicHalf = answer) {
  const path = join(folder.path, '.ssh', 'id_container');
  const warnings: string[] = [];
  let calls = 0;
  const publicKey = publicBlobOf(Buffer.from(publicHalf)) ?? new Uint8Array();
  const generate = async () => {
    calls += 1;
    return { publicKey, privateText: answer };
  };
  const deps: AccountKeyTools = {
    reporter: recordingReporter(),
    signal: new AbortController().signal,
    account: {
      reach: async () => negotiate('v9.20250722', '26.9.6'),
      formOf: async ({ text }) => text,
      read: async () => publicKey,
      generate,
      upload: async () => {},
    },
    endpoints: ['http://127.0.0.1:8080'],
    keyPath: path,
    ask: undefined,
    readFile: async () => undefined,
    readPair: readAccountPair,
    checkBeside,
    readIssuedKey,
    publicHalf: publicBlobOf,
    fingerprint: (blob) => fingerprints(blob).sha256,
    keyType,
    checkRoom: checkKeyRoom,
    removeCopy: removeKeyFileIf,
    files: {
      read: readKeyFile,
      write: writeKeyFile,
      create: createKeyFile,
      tightenFolder: tightenKeyFolder,
      tighten: tightenKeyFile,
      fingerprintOf: (bytes) => fingerprintOf(Buffer.from(bytes).toString()),
    },
    ledger: openKeyLedger(join(folder.path, 'ledger')),
    warn: (message) => warnings.push(message),
  };
  const meanwhile = (happens: () => void): AccountKeyTools => ({
    ...deps,
    account: {
      ...deps.account,
      generate: () => {
        happens();
        return generate();
      },
    },
  });
  return { path, deps, warnings, meanwhile, calls: () => calls };
}

function makeKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return String(privateKey.export({ type: 'sec1', format: 'pem' }));
}

function fingerprintOf(text: string): string {
  return readIssuedKey(Buffer.from(text), 'a key').fingerprint;
}
