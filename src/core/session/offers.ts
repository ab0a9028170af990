/** What a platform offers for new sessions: what `bai image list` and its like show, and `bai session create` asks about. */

/** Amounts by the platform's own names, such as `cpu`, `mem` (bytes) and `cuda.device`, as exact decimal numbers. */
export type Amounts = Readonly<Record<string, string>>;

export interface ImageOffer {
  /** What `session create` takes: registry, path and tag. */
  readonly reference: string;
  readonly aliases: readonly string[];
  readonly architecture: string;
  /** Whether a machine has it already; nothing where the platform does not say. */
  readonly isInstalled: boolean | undefined;
  readonly sizeBytes: number | undefined;
  /** What a session of it needs at least. */
  readonly least: Amounts;
}

export interface FolderOffer {
  readonly name: string;
  readonly id: string;
  /** What a session may do in it. */
  readonly permission: 'ro' | 'rw' | 'rw-delete';
  /** Whose it is: the account's own, one that somebody shares with it, or its project's. */
  readonly owner: 'own' | 'shared' | 'project';
  readonly project: string | undefined;
  /** The storage that it is on. */
  readonly host: string;
  readonly status: string;
  /** Every session has it without being asked for, as folders whose names begin with a dot. */
  readonly isAutomatic: boolean;
}

export interface ResourceGroup {
  readonly name: string;
  /** What all of its machines have; nothing where the caller may not know. */
  readonly total: Amounts | undefined;
  /** What the account can have of that now: no more than it is still allowed. An amount that is not in it is not known. */
  readonly free: Amounts;
}

/** Of what the resources are asked for; what is left out is as the settings have it, and every group. */
export interface ResourceScope {
  readonly project?: string | undefined;
  readonly group?: string | undefined;
}

export interface ResourceOffer {
  readonly groups: readonly ResourceGroup[];
  /** Of the account, the project and the domain together: what is still allowed. An amount that is not in it has no limit. */
  readonly allowed: Amounts;
  readonly used: Amounts;
  readonly presets: readonly {
    readonly name: string;
    readonly amounts: Amounts;
    readonly isAvailable: boolean;
  }[];
}

export interface ProjectOffer {
  readonly name: string;
  readonly id: string;
  readonly domain: string;
  /** Whether new sessions belong to it as things are. */
  readonly isChosen: boolean;
}
