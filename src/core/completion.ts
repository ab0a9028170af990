/** What a shell is offered where somebody presses Tab. */

/** Names that bai has to look up; `remote` is SESSION:PATH. */
export type NameKind = 'session' | 'image' | 'folder' | 'project' | 'group' | 'app' | 'profile' | 'remote';

export interface Candidate {
  readonly word: string;
  readonly about?: string;
}

export interface Question {
  /** What there is of the word so far, without what stands before it (`--like=`). */
  readonly typed: string;
  readonly prefix: string;
  readonly words: readonly Candidate[];
  readonly names: readonly NameKind[];
  /** Files of this machine as well, which the shell knows best. */
  readonly files: boolean;
  /** Where it is an app that is asked for. */
  readonly session?: string | undefined;
  /** That the line names before. */
  readonly profile?: string | undefined;
}

/**
 * Whether a name can stand in a command line of every shell as it is. Others are not offered: no name from a server is ever part of what a
 * shell could take for more than a word.
 */
export function isPlainWord(word: string): boolean {
  return /^[\w.@][\w.@/:-]*$/.test(word);
}
