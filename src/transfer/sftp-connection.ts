/** What this layer needs of an SSH connection; `src/ssh/` supplies it. */

import type { SFTPWrapper } from 'ssh2';

export interface SftpConnection extends AsyncDisposable {
  readonly sftp: SFTPWrapper;
  /**
   * Rejects with a BaiError when the connection is lost and never resolves; a catch is already attached.
   * ssh2 answers no request after that, so every wait has to end with this promise too.
   */
  readonly lost: Promise<never>;
}
