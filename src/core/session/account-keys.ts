/** The keys that a platform keeps for an account: see `Provider`. */

/** The key pair that every new session of the account has. */
export interface AccountKey {
  /** Whether the provider answers at all; rejects when it does not. */
  reach(this: void, signal: AbortSignal): Promise<unknown>;
  /** The public half, as SSH sends it; nothing when the account has none, and each session makes its own. */
  read(this: void, signal: AbortSignal): Promise<Uint8Array | undefined>;
  /** Makes the provider replace it. From then on only this answer, and new sessions, have the private half. */
  generate(this: void, signal: AbortSignal): Promise<GeneratedKeyPair>;
  /** The private half in the form that this provider takes; throws a UsageError that names `path` when there is none. */
  formOf(this: void, pair: PrivateForms, path: string, signal: AbortSignal): Promise<string>;
  upload(this: void, pair: UploadedKeyPair, signal: AbortSignal): Promise<void>;
}

/** The public keys that new sessions of the account let in; their private halves stay with the user. */
export interface PublicKeys {
  /** What a key counts for once it is added, e.g. `jobs that start from now on`. */
  readonly countFor: string;
  list(this: void, signal: AbortSignal): Promise<readonly AccountPublicKey[]>;
  /** Throws a UsageError for what is not one public key, and a ConflictError `key-exists` for one that is there. */
  add(this: void, upload: PublicKeyUpload, signal: AbortSignal): Promise<AccountPublicKey>;
  /** By id or by fingerprint, every copy of it; the removed ones. Throws a NotFoundError `key-not-found`. */
  remove(this: void, reference: string, signal: AbortSignal): Promise<readonly AccountPublicKey[]>;
}

export interface AccountPublicKey {
  readonly id: string;
  readonly title: string;
  /** ISO 8601. */
  readonly createdAt: string;
  /** Such as `ssh-ed25519`; empty for what is no key. */
  readonly type: string;
  /** `SHA256:…`; nothing for what is no key. */
  readonly fingerprint: string | undefined;
  readonly comment: string;
}

export interface PublicKeyUpload {
  /** What a `.pub` file holds. */
  readonly text: string;
  /** Names the file in errors. */
  readonly origin: string;
  readonly title?: string;
}

export interface GeneratedKeyPair {
  readonly publicKey: Uint8Array;
  /** As the provider wrote it; not checked. */
  readonly privateText: string;
}

export interface UploadedKeyPair {
  readonly publicLine: string;
  readonly privateText: string;
}

/** One private key in the forms that it has. */
export interface PrivateForms {
  readonly type: string;
  /** OpenSSH's. */
  readonly text: string;
  /** Nothing where the type has no such form. */
  readonly pem?: string | undefined;
}
