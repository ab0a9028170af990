/** `bai key upload [KEY]` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { decodeText } from '../../core/text/decode-text.ts';
import { UsageError } from '../../errors.ts';

interface Flags {
  readonly title?: string;
  readonly yes?: boolean;
  readonly allowHttp?: boolean;
}

export function define(command: Command, context: Context): void {
  command
    .argument(
      '[key]',
      'a private key without a passphrase (default: ~/.ssh/id_container); on UCloud a public one, FILE.pub',
    )
    .option('--title <text>', 'what the account is to call a public key')
    .option('-y, --yes', 'do not ask')
    .option('--allow-http', 'send the private key even where others can read it on the way')
    .action(async (key: string | undefined, flags: Flags) => {
      if ((await context.provider()).publicKeys !== undefined) return addPublicKey(key, flags, context);
      const { uploadKey } = await import('../../services/keys/upload-key.ts');
      const request = {
        path: key === undefined ? undefined : await context.wholePath(key),
        yes: flags.yes === true,
        allowClearText: flags.allowHttp === true,
      };
      const uploaded = await uploadKey(request, await context.tools('accountKey'));
      context.reporter.result(uploaded, `${uploaded.type} ${uploaded.fingerprint}`);
    });
}

/** Nobody has a public key that is larger. */
const fileLimit = { mostBytes: 1 << 16, thing: 'a public key may be (64 KiB)' };

async function addPublicKey(file: string | undefined, { title }: Flags, context: Context): Promise<void> {
  if (file === undefined) {
    throw new UsageError('which public key is to be added?', {
      hint: 'name its file, e.g. `bai key upload ~/.ssh/id_ed25519.pub`; `bai key generate` makes one',
    });
  }
  const { addAccountKey } = await import('../../services/keys/account-public-keys.ts');
  const text = decodeText(await context.readNamedFile(file, fileLimit));
  const upload = { text, origin: file, ...(title !== undefined && { title }) };
  const added = await addAccountKey(upload, await context.tools('sessions'));
  context.reporter.result(added, `${added.id} ${added.type} ${added.fingerprint ?? ''}`.trim());
}
