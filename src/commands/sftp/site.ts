/** `bai sftp site SESSION --filezilla FILE` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { parsePort } from '../../core/ssh/port-range.ts';
import { typed } from '../../core/text/typed.ts';
import type { SftpSite } from '../../services/sftp/sftp-site.ts';
import { type AccountFlags, addAccountOptions, useAccount } from '../app/account.ts';

interface Flags extends AccountFlags {
  readonly filezilla: string;
  readonly port?: string;
  readonly force?: boolean;
}

export function define(command: Command, context: Context): void {
  addAccountOptions(command)
    .argument('<session>', 'name or id of a running session')
    .requiredOption('--filezilla <file>', "the file to write, for FileZilla's File → Import")
    .option('-p, --port <port>', 'local port of the site (default: the setting sshPort, or a free one)')
    .option('-f, --force', 'replace a file that bai did not write')
    .addHelpText('after', help)
    .action(async (session: string, flags: Flags) => {
      useAccount(context, flags);
      const port = flags.port === undefined ? undefined : parsePort(flags.port, '--port');
      const { writeSftpSite } = await import('../../services/sftp/sftp-site.ts');
      const request = {
        session,
        path: await context.wholePath(flags.filezilla),
        port,
        force: flags.force === true,
      };
      const site = await writeSftpSite(request, await context.tools('clients'));
      context.reporter.info(
        `${site.change}: a site on ${site.host}:${site.port} with the key ${site.keyFile}`,
      );
      for (const line of nextSteps(site)) context.reporter.info(line);
      context.reporter.result(site, site.path);
    });
}

function nextSteps({ session, port, hostKeys }: SftpSite): string[] {
  const forward = typed(['bai', 'app', 'forward', session.name, '-p', String(port), '--strict-port']);
  return [
    'in FileZilla: File → Import, then File → Site Manager',
    `the site works while this port is open: ${forward}`,
    ...hostKeys.map(
      ({ sha256, md5 }) => `FileZilla asks once about an unknown host key; it must be ${sha256} (${md5})`,
    ),
  ];
}

const help = `
WinSCP takes the sites over from FileZilla (Tools → Import Sites), and opens
what \`bai app forward SESSION --for winscp\` prints.`;
