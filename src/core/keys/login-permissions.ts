/** What makes an SSH server ignore every key of an authorized_keys: others could have put theirs in. */

interface CheckedPath {
  readonly path: string;
  readonly mode: number | undefined;
  readonly uid: number | undefined;
}

export interface PermissionProblem {
  readonly path: string;
  readonly problem: 'writable-by-others' | 'foreign-owner';
  /** As four octal digits. */
  readonly mode?: string;
  /** What it should be; nothing where a mode mends nothing. */
  readonly mended?: number;
}

const othersWrite = 0o022;

/** `uid` is who logs in; root may own a file too. */
export function permissionProblems(
  steps: readonly CheckedPath[],
  uid: number | undefined,
): readonly PermissionProblem[] {
  return steps.flatMap(({ path, mode, uid: owner }): PermissionProblem[] => {
    if (owner !== undefined && uid !== undefined && owner !== uid && owner !== 0) {
      return [{ path, problem: 'foreign-owner' }];
    }
    if (mode === undefined || (mode & othersWrite) === 0) return [];
    return [{ path, problem: 'writable-by-others', mode: octal(mode), mended: mode & ~othersWrite }];
  });
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
