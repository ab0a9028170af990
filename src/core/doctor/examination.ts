/** Runs stages, and remembers what became of each. */

import { BaiError, type ErrorFacts, reasonOf, TimeoutError } from '../../errors.ts';
import { startStopwatch, within } from '../time-limit.ts';
import type { Finding, Seen, Stage, StageName } from './stages.ts';

interface Timed {
  readonly stage: StageName;
  readonly ms: number;
}

interface Passed extends Timed {
  readonly state: 'ok' | 'warning';
  readonly seen: string;
  readonly findings: readonly Finding[];
  readonly facts: Readonly<Record<string, unknown>>;
}

export interface Failed extends Timed {
  readonly state: 'failed';
  readonly error: BaiError;
}

/** `because`: the stage that failed; or only its owner gets into a session. */
interface NotTried {
  readonly stage: StageName;
  readonly state: 'not-tried';
  readonly because: StageName | 'owner';
}

export type Outcome = Passed | Failed | NotTried;

interface ExaminationOptions {
  readonly signal: AbortSignal;
  /** Whether somebody can be asked: then stages that may ask have no limit. */
  readonly asks: boolean;
  readonly begins: (stage: StageName) => Disposable;
  readonly ended: (outcome: Outcome) => void;
  /** What this machine's system says of a file is the failure of a stage, too; nothing for a mistake of bai's own. */
  readonly explained: (error: unknown) => BaiError | undefined;
}

export class Examination {
  readonly outcomes: Outcome[] = [];
  /** For one stage: what all its waits take together, at their longest. */
  limitMs = 120_000;
  readonly #options: ExaminationOptions;

  constructor(options: ExaminationOptions) {
    this.#options = options;
  }

  /** One after the other. Rejects when the signal aborts, and for what is a mistake of bai's own. */
  async run(stages: readonly Stage[]): Promise<void> {
    for (const stage of stages) {
      const because = this.#obstacle(stage);
      this.#end(because === undefined ? await this.#try(stage) : notTried(stage.name, because));
    }
  }

  /** Stages that nobody tries, for a reason that is known before. */
  skip(stages: readonly StageName[], because: NotTried['because']): void {
    for (const stage of stages) this.#end(notTried(stage, because));
  }

  get failed(): Failed | undefined {
    return this.outcomes.find((outcome): outcome is Failed => outcome.state === 'failed');
  }

  /** Why the last stage did not pass; nothing when it did. */
  get obstacle(): NotTried['because'] | undefined {
    const last = this.outcomes.at(-1);
    return last === undefined || isPassed(last.state) ? undefined : causeOf(last);
  }

  hasPassed(stage: StageName): boolean {
    return this.outcomes.some(({ stage: name, state }) => name === stage && isPassed(state));
  }

  #end(outcome: Outcome): void {
    this.outcomes.push(outcome);
    this.#options.ended(outcome);
  }

  #obstacle({ needs }: Stage): NotTried['because'] | undefined {
    const found = this.outcomes.find(({ stage, state }) => needs.includes(stage) && !isPassed(state));
    return found && causeOf(found);
  }

  async #try(stage: Stage): Promise<Outcome> {
    const { signal } = this.#options;
    using watch = startStopwatch();
    const timed = (): Timed => ({ stage: stage.name, ms: Math.round(watch.elapsedMs) });
    using _shown = this.#options.begins(stage.name);
    try {
      const seen = await this.#inTime(stage);
      return passed(seen, timed());
    } catch (error) {
      if (signal.aborted) throw reasonOf(signal);
      const failure = error instanceof BaiError ? error : this.#options.explained(error);
      if (failure === undefined) throw error;
      return { ...timed(), state: 'failed', error: failure };
    }
  }

  #inTime(stage: Stage): Promise<Seen> {
    const { signal, asks } = this.#options;
    if (asks && stage.mayAsk === true) return stage.run(signal);
    const ms = this.limitMs;
    return within((until) => stage.run(until), { signal, ms, late: () => tooLate(stage.name, ms / 1000) });
  }
}

function passed({ seen, findings = [], facts = {} }: Seen, timed: Timed): Passed {
  return { ...timed, state: findings.length === 0 ? 'ok' : 'warning', seen, findings, facts };
}

function causeOf(outcome: Outcome): NotTried['because'] {
  return outcome.state === 'not-tried' ? outcome.because : outcome.stage;
}

function isPassed(state: Outcome['state']): boolean {
  return state === 'ok' || state === 'warning';
}

function notTried(stage: StageName, because: NotTried['because']): NotTried {
  return { stage, state: 'not-tried', because };
}

function tooLate(stage: StageName, seconds: number): TimeoutError {
  const facts: ErrorFacts = { hint: 'try again; `bai doctor --verbose` tells what it waits for' };
  return new TimeoutError(`the stage ${stage} did not end in ${Math.round(seconds)} s`, facts);
}
