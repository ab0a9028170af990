/**
 * Why a manager did not create a session. What it says of a wrong name differs from release to release, so the names
 * of the request are compared with those that the account has.
 */

import { similarNames } from '../../../core/text/similar.ts';
import type { ErrorCode } from '../../../error-codes/index.ts';
import { type BaiError, NotFoundError, RetoldError } from '../../../errors.ts';
import type { ComputeSessionRequest, CreateChoices } from '../session/compute-session.ts';
import type { CreateDeps } from './create-deps.ts';

/** Those that a name in the request can be the reason of: 25.15.12 fails inside over an unknown project or domain. */
const statuses = new Set([400, 403, 404, 500]);
const otherReasons = new Set(['session-exists', 'quota-exceeded', 'clock-skew']);

/** The refusal itself when all names are right, or it is about something else. */
export async function explainCreation(
  refusal: BaiError,
  session: ComputeSessionRequest,
  { api, signal }: CreateDeps,
): Promise<BaiError> {
  const status = Number(refusal.details['status']);
  const isAboutNames = statuses.has(status) && !otherReasons.has(refusal.code) && !lacksRole(refusal);
  if (!isAboutNames || isNamedImage(refusal)) return refusal;
  const wrong = await wrongNameOf(session, { api, signal }, refusal);
  if (wrong !== undefined) return wrong;
  return status === 404 && !isAboutImage(refusal) ? withHint(refusal) : refusal;
}

/** What is wrong with a name in the request, as far as the account can see which there are; nothing when all are right. */
export async function wrongNameOf(
  session: ComputeSessionRequest,
  { api, signal }: Pick<CreateDeps, 'api' | 'signal'>,
  refusal?: BaiError,
): Promise<NotFoundError | undefined> {
  const wrong = firstWrong(session, await api.choices(session, signal));
  return wrong && wrongName(wrong, refusal);
}

/** Whether the image may be what the manager does not know: releases before 25.8 do not tell. */
export function isAboutImage(refusal: BaiError): boolean {
  const named = refusal.details['errorCode'];
  return refusal instanceof NotFoundError && (named === undefined || isNamedImage(refusal));
}

/** Such an account sees no project, whichever it is in. */
function lacksRole({ details }: BaiError): boolean {
  return details['type'] === 'not-enough-permission';
}

function isNamedImage({ details }: BaiError): boolean {
  const named = details['errorCode'];
  return typeof named === 'string' && named.startsWith('image_');
}

interface WrongName {
  readonly what: string;
  readonly code: ErrorCode;
  readonly name: string;
  /** Those there are. */
  readonly names: readonly string[];
  /** Where it is written. */
  readonly where: string;
}

function firstWrong(
  { domain, project, resourceGroup, mounts }: ComputeSessionRequest,
  { domains, projects, resourceGroups, folders }: CreateChoices,
): WrongName | undefined {
  const checks: readonly (readonly [
    Omit<WrongName, 'name' | 'names'>,
    readonly string[],
    readonly string[] | undefined,
  ])[] = [
    [ofDomain, [domain], domains],
    [ofProject, [project], projects],
    [ofResourceGroup, resourceGroup === undefined ? [] : [resourceGroup], resourceGroups],
    [ofFolder, Object.keys(mounts), folders],
  ];
  for (const [kind, wanted, names] of checks) {
    const name = names && wanted.find((each) => !names.includes(each));
    if (names !== undefined && name !== undefined) return { ...kind, name, names };
  }
  return undefined;
}

const ofDomain = {
  what: 'your account is not in the domain',
  code: 'domain-not-found',
  where: '--domain, BACKEND_DOMAIN or `bai config set domain NAME`',
} as const;
const ofProject = {
  what: 'your account is in no project called',
  code: 'project-not-found',
  where: '--project, BACKEND_GROUP or `bai config set project NAME`',
} as const;
const ofResourceGroup = {
  what: 'you can use no resource group called',
  code: 'resource-group-not-found',
  where: '--scaling-group',
} as const;
const ofFolder = {
  what: 'you have no virtual folder called',
  code: 'folder-not-found',
  where: '--mount, BACKEND_VFOLDER_MOUNTS or `bai config set mounts NAMES`',
} as const;

function wrongName({ what, code, name, names, where }: WrongName, refusal?: BaiError): NotFoundError {
  const near = [...new Set([...similarNames(name, names), ...names])];
  const shown = `${near.slice(0, 10).join(', ')}${near.length > 10 ? ', …' : ''}`;
  return new NotFoundError(`cannot create the session: ${what} ${name}`, {
    code,
    hint: `correct ${where}; ${near.length === 0 ? 'there is none' : `known: ${shown}`}`,
    cause: refusal,
    details: { ...refusal?.details },
  });
}

/** Of the class of the refusal, whose own hint is about sessions. */
function withHint(refusal: BaiError): BaiError {
  return new RetoldError(refusal, refusal.message, {
    hint: 'check --project, --domain, --scaling-group and --mount',
    details: refusal.details,
  });
}
