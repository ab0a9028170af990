/** Misbehaviour on demand: what the emulator does wrong when a test asks for it. */

/** `METHOD /path`, where `*` stands for any text (`DELETE /session/*`), or an expression for such a line. */
type RoutePattern = string | RegExp;

export type Fault =
  /** Answers late. */
  | { readonly kind: 'delay'; readonly route: RoutePattern; readonly ms: number }
  /** Never answers; the connection stays open. */
  | { readonly kind: 'hang'; readonly route: RoutePattern }
  /** Resets the connection instead of answering. */
  | { readonly kind: 'reset'; readonly route: RoutePattern }
  /** Answers this instead; a string body goes out as it is, so it may be broken JSON. */
  | {
      readonly kind: 'answer';
      readonly route: RoutePattern;
      readonly status: number;
      readonly body?: unknown;
      readonly contentType?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Announces the whole body, sends its first bytes, and cuts the connection. */
  | { readonly kind: 'cut'; readonly route: RoutePattern; readonly afterBytes: number }
  /** Ends an accepted tunnel after that many bytes in either direction; 1006 is a lost connection. */
  | { readonly kind: 'tunnel'; readonly code: 1006 | 1011 | 1013; readonly afterBytes?: number }
  /** The session's sshd accepts and says nothing, or says `text` before its banner, or `text` and hangs up. */
  | { readonly kind: 'sshd-silent' }
  | { readonly kind: 'sshd-text'; readonly text: string | Uint8Array; readonly thenClose?: boolean }
  /** sshd comes this far with a connection, and never answers. */
  | { readonly kind: 'ssh-silent'; readonly at: SshStage }
  /** The file server never answers this request, nor what comes after it on the same channel. */
  | { readonly kind: 'sftp-silent'; readonly request: string }
  /** The file server answers this request with these bytes, as they are. */
  | { readonly kind: 'sftp-bytes'; readonly request: string; readonly bytes: Uint8Array }
  /** The file server announces no extension. */
  | { readonly kind: 'sftp-plain' }
  /** Downloads succeed with these bytes in place of each file. */
  | { readonly kind: 'download'; readonly content: string | Uint8Array }
  /** Every SFTP folder listing also has these names. */
  | { readonly kind: 'sftp-names'; readonly names: readonly string[] }
  /** SFTP reports this size for every file. */
  | { readonly kind: 'sftp-size'; readonly bytes: number };

/** What a client waits for, in the order of a connection; the names of requests are those of RFC 4254. */
export type SshStage =
  | 'key-exchange'
  | 'login'
  | 'channel'
  | 'subsystem'
  | 'pty-req'
  | 'exec'
  | 'shell'
  | 'auth-agent-req'
  | 'tcpip-forward'
  | 'direct-tcpip';

interface ActiveFault extends Disposable {
  /** How often it has struck. */
  readonly hits: number;
}

export interface EmulatorFaults {
  /** Active until it has struck `times` times (default: for ever), is disposed of, or all are cleared. */
  add(fault: Fault, times?: number): ActiveFault;
  clear(): void;
  /** While true new connections are refused by the kernel; open ones live on. Settles once it is so. */
  refuseConnections(refuse: boolean): Promise<void>;
}

type Kind = Fault['kind'];
type RoutedFault = Extract<Fault, { route: RoutePattern }>;
type Of<K extends Kind> = Extract<Fault, { kind: K }>;

interface Entry {
  readonly fault: Fault;
  left: number;
  hits: number;
}

/** Holds the active faults; asking for one counts as a strike. */
export class FaultBook {
  #entries: Entry[] = [];

  add(fault: Fault, times = Number.POSITIVE_INFINITY): ActiveFault {
    const entry: Entry = { fault, left: times, hits: 0 };
    this.#entries.push(entry);
    return {
      get hits() {
        return entry.hits;
      },
      [Symbol.dispose]: () => {
        this.#entries = this.#entries.filter((other) => other !== entry);
      },
    };
  }

  clear(): void {
    this.#entries = [];
  }

  /** The faults that strike this request, in the order they were added. */
  forRequest(method: string, path: string): RoutedFault[] {
    const struck: RoutedFault[] = [];
    for (const entry of this.#entries) {
      const { fault } = entry;
      if (!('route' in fault) || entry.left < 1 || !matches(fault.route, `${method} ${path}`)) continue;
      strike(entry);
      struck.push(fault);
    }
    return struck;
  }

  take<K extends Kind>(kind: K, fits: (fault: Of<K>) => boolean = () => true): Of<K> | undefined {
    // The search compares the kind, which the compiler does not follow through `find`.
    const entry = this.#entries.find(
      ({ fault, left }) => fault.kind === kind && left >= 1 && fits(fault as Of<K>),
    );
    if (entry === undefined) return undefined;
    strike(entry);
    return entry.fault as Of<K>;
  }

  /** Whether sshd falls silent here. */
  isSilentAt(stage: SshStage): boolean {
    return this.take('ssh-silent', ({ at }) => at === stage) !== undefined;
  }
}

function strike(entry: Entry): void {
  entry.left -= 1;
  entry.hits += 1;
}

function matches(pattern: RoutePattern, line: string): boolean {
  if (typeof pattern !== 'string') return pattern.test(line);
  const source = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${source.join('.*')}$`).test(line);
}
