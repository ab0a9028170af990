/** What the `bai sftp` services work with. */

import type { Readable } from 'node:stream';
import type { Reporter } from '../../core/reporter.ts';
import type { SessionRef } from '../../core/session/session.ts';
import type { NewPart } from '../../core/sftp/look-ahead.ts';
import type { TransferOptions } from '../../core/sftp/transfer-options.ts';
import type { LocalFiles } from '../../transfer/local/local-files.ts';
import type { RemoteFiles } from '../../transfer/remote-files.ts';
import type { SftpWish } from './open-sftp.ts';

export interface SftpTools {
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  readonly stdin: Readable;
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly local: LocalFiles;
  /** Connects to the session's file server; the caller disposes of the result. */
  open(session: string, wish?: SftpWish): Promise<RemoteFiles>;
  /** What may be made for a source along with the first look at its target; nothing where that is of no use. */
  readonly partAhead?: (
    target: string,
    source: { readonly size: number },
    options: TransferOptions,
  ) => NewPart | undefined;
  /** Names of the virtual folders that a session has; nothing when the manager does not tell. */
  readonly mountsOf?: (session: SessionRef) => Promise<readonly string[] | undefined>;
  /** Whether no run before has told of this session what is told once; remembered from then on. */
  readonly isFirstTime?: (session: SessionRef) => Promise<boolean>;
}
