/** `--owner`: an administrator's commands on the sessions of somebody else. */

import { Option } from 'commander';
import type { Context } from '../../context.ts';

export interface OwnerFlags {
  readonly owner?: string;
}

export function ownerOption(): Option {
  return new Option('-o, --owner <access-key>', "somebody else's session (administrators)");
}

export function useOwner(context: Context, { owner }: OwnerFlags): void {
  if (owner !== undefined) context.actFor(owner);
}
