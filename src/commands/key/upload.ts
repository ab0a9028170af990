/** `bai key upload [KEY]` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';

interface Flags {
  readonly yes?: boolean;
  readonly allowHttp?: boolean;
}

export function define(command: Command, context: Context): void {
  command
    .argument('[key]', 'a private key without a passphrase (default: ~/.ssh/id_container)')
    .option('-y, --yes', 'do not ask')
    .option('--allow-http', 'send the private key even where others can read it on the way')
    .action(async (key: string | undefined, flags: Flags) => {
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
