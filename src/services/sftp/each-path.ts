/** Several paths of one command: each on its own, so that one that fails leaves none of the others out. */

import type { TransferProblem } from '../../core/sftp/transfer-plan.ts';
import { BaiError, UnreachableError } from '../../errors.ts';
import type { SftpTools } from './sftp-tools.ts';

/** What failed, told as `PATH: WHAT: why`; the failure of an only path, and a lost connection, are thrown. */
export async function eachPath(
  paths: readonly string[],
  { what, step }: { readonly what: string; readonly step: (path: string) => Promise<void> },
  { reporter, signal }: Pick<SftpTools, 'reporter' | 'signal'>,
): Promise<readonly TransferProblem[]> {
  const failed: TransferProblem[] = [];
  for (const path of paths) {
    try {
      await step(path);
    } catch (error) {
      const isFatal = !(error instanceof BaiError) || error instanceof UnreachableError || signal.aborted;
      if (isFatal || paths.length === 1) throw error;
      failed.push({ path, reason: error.message, code: error.code });
      reporter.warn(`${path}: ${what}: ${error.message}`);
    }
  }
  return failed;
}
