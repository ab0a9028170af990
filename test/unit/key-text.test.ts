/** Private keys as editors and copying leave them: bai reads them all, and knows which ones ssh does not read. */

import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readAccountPair } from '../../src/keys/account-pair.ts';
import { inspectKey, openKey, writeKey } from '../../src/keys/key-formats.ts';
import { keyPairOf } from '../../src/keys/key-pair.ts';
import { checkForSsh, hasPassphrase, readOwnKey, unlockOwnKey } from '../../src/keys/private-key.ts';
import { isPrivateKeyText, publicBlobOf } from '../../src/keys/public-half.ts';
import { makeKey } from '../support/key-programs.ts';
import { manglings, manglingsOfLines } from '../support/mangled-text.ts';
import { tempFolder } from '../support/temp-folder.ts';

const passphrase = 'secret words';

const forms: Readonly<Record<string, { readonly options: readonly string[]; readonly locked: boolean }>> = {
  'Ed25519 of OpenSSH': { options: ['-t', 'ed25519'], locked: false },
  'RSA of OpenSSH': { options: ['-t', 'rsa', '-b', '2048'], locked: false },
  'RSA as PEM': { options: ['-t', 'rsa', '-b', '2048', '-m', 'PEM'], locked: false },
  'RSA as PKCS#8': { options: ['-t', 'rsa', '-b', '2048', '-m', 'PKCS8'], locked: false },
  'ECDSA as PEM': { options: ['-t', 'ecdsa', '-m', 'PEM'], locked: false },
  'Ed25519 of OpenSSH, with a passphrase': { options: ['-t', 'ed25519'], locked: true },
  'RSA as PEM, with a passphrase': { options: ['-t', 'rsa', '-b', '2048', '-m', 'PEM'], locked: true },
};

const ways = { ...manglings, ...manglingsOfLines };

describe.each(Object.entries(forms))('%s', (_, { options, locked }) => {
  let text: Buffer;
  let blob: Buffer;
  const secret = locked ? passphrase : '';

  beforeAll(() => {
    using folder = tempFolder();
    const path = join(folder.path, 'key');
    execFileSync('ssh-keygen', ['-q', ...options, '-N', secret, '-C', 'me', '-f', path]);
    text = readFileSync(path);
    blob = Buffer.from(readFileSync(`${path}.pub`, 'utf8').split(' ')[1] ?? '', 'base64');
  });

  test.each(Object.entries(ways))(
    '%s: read by every reader, and known to ssh or not',
    async (_name, mangle) => {
      const bytes = mangle(text);
      expect(isPrivateKeyText(bytes)).toBe(true);
      const file = inspectKey(bytes, 'it');
      expect(file).toMatchObject({ kind: 'private', encrypted: locked });
      const pair = await openKey(bytes, 'it', locked ? Buffer.from(passphrase) : undefined);
      expect(pair.publicBlob.equals(blob)).toBe(true);
      expect(hasPassphrase(bytes)).toBe(locked);
      if (locked)
        expect(unlockOwnKey(bytes, passphrase, 'it')?.unlocked.getPublicSSH().equals(blob)).toBe(true);
      else {
        expect(readOwnKey(bytes, 'it').publicKey.split(' ')[1]).toBe(blob.toString('base64'));
        expect(Buffer.from(publicBlobOf(bytes) ?? []).equals(blob)).toBe(true);
        // What is uploaded is read by programs that mind.
        expect(isReadBySsh(Buffer.from(readAccountPair(bytes, 'it').text), '')).toBe(true);
      }
      const isRead = isReadBySsh(bytes, secret);
      expect([_name, file?.kind === 'private' && file.unreadableForSsh === undefined]).toEqual([
        _name,
        isRead,
      ]);
      const check = (): void => checkForSsh(bytes, '/home/me/my key');
      if (isRead) check();
      else
        expect(check).toThrow(
          expect.objectContaining({
            code: 'key-not-for-ssh',
            message: expect.stringMatching(/^\/home\/me\/my key (is|has|begins) .*, so ssh cannot read it$/),
            hint: expect.stringContaining(
              "bai key convert '/home/me/my key' --to openssh --output '/home/me/my key' --force",
            ),
          }),
        );
      // The cure, without its command.
      expect(isReadBySsh(await writeKey(pair, { format: 'openssh', passphrase: undefined }), '')).toBe(true);
    },
  );
});

/** By ssh-keygen, which reads keys as ssh does. */
function isReadBySsh(bytes: Buffer, secret: string): boolean {
  using folder = tempFolder();
  const path = join(folder.path, 'key');
  writeFileSync(path, bytes, { mode: 0o600 });
  return spawnSync('ssh-keygen', ['-y', '-P', secret, '-f', path]).status === 0;
}

test.each(Object.entries(manglings))('a file of PuTTY with %s is read', async (name, mangle) => {
  const pair = keyPairOf(makeKey('ecdsa 256'), 'me');
  for (const secret of [undefined, Buffer.from(passphrase)]) {
    const bytes = mangle(await writeKey(pair, { format: 'ppk', passphrase: secret }));
    // Blanks around the comment belong to it, and to what its checksum is of.
    const isComment = name.startsWith('blanks');
    if (isComment) await expect(openKey(bytes, 'it', secret)).rejects.toThrow();
    else expect((await openKey(bytes, 'it', secret)).publicBlob.equals(pair.publicBlob)).toBe(true);
  }
});
