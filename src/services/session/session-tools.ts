/** What the services on sessions work with. */

import type { Questions } from '../../core/questions.ts';
import type { Reporter } from '../../core/reporter.ts';
import type { LastImage } from '../../core/session/last-image.ts';
import type { Provider } from '../../core/session/provider.ts';

export interface SessionTools {
  readonly provider: Provider;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  /** Whose sessions `provider` has, where they are not the caller's own. */
  readonly owner?: string | undefined;
  /** The profile that the settings come from; the default one when left out. */
  readonly profile?: string | undefined;
  /** Nothing where nobody can be asked. Enter means no. */
  readonly ask?: ((question: string) => Promise<boolean>) | undefined;
  /** Of the server that the settings name. */
  readonly lastImage?: LastImage | undefined;
}

/** For what asks more than yes or no. */
export interface AskingTools extends Pick<SessionTools, 'provider' | 'reporter' | 'signal' | 'lastImage'> {
  readonly ask: Questions;
}
