/** How a transfer treats what is already there, what it keeps of a file beside its bytes, and what it checks. */

export interface TransferOptions {
  /** Times and permission bits of the source; never setuid, setgid and sticky. */
  readonly preserve: boolean;
  /**
   * What happens to a file that is already there. `newer` replaces what is older than the source, `different`
   * what differs in size or in the second of its modification; `fail` throws a ConflictError.
   */
  readonly ifExists: 'overwrite' | 'skip' | 'newer' | 'different' | 'fail';
  /**
   * Whether checksums of both sides are compared before a file gets its name: `auto` does so for files from
   * `verifyFromBytes` on and for every file that was resumed. The size is compared always.
   */
  readonly verify: 'auto' | 'always' | 'never';
  /**
   * How the small files of folders go: many in one tar stream, or each by itself. `auto` takes tar where the session
   * has it and where it is faster. The outcome is the same.
   */
  readonly via: 'auto' | 'sftp' | 'tar';
  /**
   * Whether an entry of a folder that is moved takes part. The path is relative to that folder, with `/`
   * between names; a folder that is not accepted is not looked into. Not asked about the sources themselves.
   */
  readonly accepts: (relativePath: string, isFolder: boolean) => boolean;
  /** The most that the content of all files may take of the line; without it nothing is held back. */
  readonly bytesPerSecond?: number | undefined;
}

/** Below it a wrong copy is less likely than the time for a second look is noticeable. */
export const verifyFromBytes = 64 * 1024 * 1024;

export const defaultTransferOptions: TransferOptions = {
  preserve: false,
  ifExists: 'overwrite',
  verify: 'auto',
  via: 'auto',
  accepts: () => true,
};
