/** What `bai doctor` looks at, one stage after the other: each says what it saw, or why it failed. */

/** All there are, in the order of the way; scripts know them by these names (docs/json-output.md). */
export const stageNames = [
  'settings',
  'folders',
  'dns',
  'proxy',
  'connect',
  'tls',
  'clock',
  'release',
  'sign-in',
  'session',
  'apps',
  'address',
  'upgrade',
  'dial',
  'greeting',
  'host-key',
  'key',
  'login',
  'sftp',
] as const;

export type StageName = (typeof stageNames)[number];

/** What is no failure, and may become one. */
export const findingCodes = [
  'other-endpoint',
  'not-encrypted',
  'tls-not-checked',
  'certificate-ends',
  'clock-off',
  'open-to-others',
  'disk-low',
] as const;

export interface Finding {
  readonly code: (typeof findingCodes)[number];
  readonly message: string;
  readonly hint?: string;
}

/** What a stage saw. Never a secret. */
export interface Seen {
  /** For people, in one line. */
  readonly seen: string;
  readonly findings?: readonly Finding[];
  /** Of the JSON form. */
  readonly facts?: Readonly<Record<string, unknown>>;
}

export interface Stage {
  readonly name: StageName;
  /** It is not tried when one of these has failed, or was not tried; one that is not looked at at all does not count. */
  readonly needs: readonly StageName[];
  /** Somebody at a terminal may be asked something, which has no limit of time. */
  readonly mayAsk?: true;
  /** Rejects with a BaiError that tells the cause and the next step. */
  run(this: void, signal: AbortSignal): Promise<Seen>;
}

/** What a platform contributes. */
export interface Checkup {
  /** From this machine to the account, in order. */
  readonly stages: readonly Stage[];
  /** How its sessions are dialled: through a WebSocket of the platform, or at an address that is looked up. */
  readonly way: 'upgrade' | 'dial';
}

/** Whose the key, login or token is; of what is told of the account, all but `text` is for scripts. */
export function signInStage(
  ask: (signal: AbortSignal) => Promise<{ readonly text: string }>,
  more: Pick<Stage, 'needs' | 'mayAsk'>,
): Stage {
  return {
    ...{ name: 'sign-in', ...more },
    async run(signal) {
      const { text, ...facts } = await ask(signal);
      return { seen: text, facts };
    },
  };
}
