/** Who may use the emulated platform, and what stands in the settings of their profiles. */

export interface RescaleAccount {
  readonly email: string;
  readonly apiKey: string;
  /** SSH Public Key of the profile's Job Settings: for jobs that have none of their own. */
  readonly publicKey?: string;
  /** Access Restriction (CIDR) there; every address when left out. */
  readonly cidrRule?: string;
}

export const defaultRescaleAccount: RescaleAccount = {
  email: 'user@local.test',
  apiKey: '5f0c0000000000000000000000000000000000ba',
};

/** `Token KEY`, or `Bearer KEY` for keys that live shortly, as the vendor's own client sends them. */
export function accountOf(
  authorization: string | undefined,
  accounts: readonly RescaleAccount[],
): RescaleAccount | undefined {
  const [, scheme, key] = /^(Token|Bearer) (\S+)$/.exec(authorization ?? '') ?? [];
  const isShortLived = /^ey[^.]*\.[^.]+\.[^.]+$/.test(key ?? '');
  if (scheme !== (isShortLived ? 'Bearer' : 'Token')) return undefined;
  return accounts.find(({ apiKey }) => apiKey === key);
}
