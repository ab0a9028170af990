/** What is known of forwards in the background: records, their processes, their logs. `wiring` builds it. */

import type { ForwardLog } from '../../config/forwards/log.ts';
import type {
  BackgroundAnswer,
  ControlAnswer,
  ControlRequest,
  ForwardRecord,
} from '../../core/forward/background.ts';
import type { Reporter } from '../../core/reporter.ts';
import type { BrowserTools } from './forward-tools.ts';

export interface ForwardStore {
  /** In the order in which they were started. */
  records(): Promise<readonly ForwardRecord[]>;
  write(record: ForwardRecord): Promise<void>;
  /** With its log and socket. */
  remove(record: Pick<ForwardRecord, 'id' | 'control'>): Promise<void>;
  removeSocket(control: string): Promise<void>;
  /** While one process looks and writes, no other does. */
  alone<T>(work: () => Promise<T>): Promise<T>;
  /** `unsure`: a process of that number is there, and this system does not say whether it is the same. */
  processState(record: ForwardRecord): Promise<'alive' | 'gone' | 'unsure' | 'elsewhere'>;
  /** Nothing when nobody is there. */
  ask(record: ForwardRecord, request: ControlRequest): Promise<ControlAnswer | 'silent' | undefined>;
  kill(record: ForwardRecord, signal: 'SIGTERM' | 'SIGKILL'): void;
  /** Of this process. */
  owner(): Promise<ForwardRecord['owner']>;
  controlAddress(id: string): Promise<string>;
  serve(address: string, answer: (request: ControlRequest) => ControlAnswer): Promise<AsyncDisposable>;
  logPath(id: string): string;
  openLog(id: string): ForwardLog;
  /** From this byte on; nothing when there is no log. */
  readLog(id: string, from: number): Promise<{ readonly text: string; readonly end: number } | undefined>;
  /** What a new process has said. */
  readAnswer(said: string): BackgroundAnswer | undefined;
}

/** For commands on forwards that are there. */
export interface ForwardsTools {
  readonly store: ForwardStore;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  readonly browser: BrowserTools;
}
