/** What the `bai sftp` services ask for. */

import type { Reporter } from '../core/reporter.ts';
import type { LocalFiles } from '../transfer/local-files.ts';
import type { RemoteFiles } from '../transfer/remote-files.ts';

export interface SftpDeps {
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  readonly local: LocalFiles;
  /** Connects to the session's file server; the caller disposes of the result. */
  open(session: string): Promise<RemoteFiles>;
}
