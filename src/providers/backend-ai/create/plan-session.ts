/** What a request for a session would come to, with everything checked that can be; nothing is made. */

import { orNothing } from '../../../core/or-nothing.ts';
import { amountWords } from '../../../core/session/amount-words.ts';
import type { CreatePlan } from '../../../core/session/creation.ts';
import type { ResourceOffer, ResourceScope } from '../../../core/session/offers.ts';
import type { CreateTools } from '../../../core/session/provider.ts';
import type { SessionRef } from '../../../core/session/session.ts';
import { ConflictError } from '../../../errors.ts';
import { account, holdsName, phaseOf } from '../manager/states.ts';
import type { ComputeSessionRequest, ImageSummary, SessionCalls } from '../session/compute-session.ts';
import { checkLeast, checkSlots, impossibilityOf, shortageOf } from './amounts-there.ts';
import { checkCreateRequest } from './create-check.ts';
import { wrongNameOf } from './explain-creation.ts';
import { meantImage } from './find-image.ts';

interface ComputeSessionPlan extends CreatePlan {
  readonly name: string;
  readonly architecture: string;
  readonly type: string;
  readonly project: string;
  readonly domain: string;
  /** `null`: the manager chooses. */
  readonly resourceGroup: string | null;
  readonly clusterSize: number;
  readonly clusterMode: string;
  readonly resources: Readonly<Record<string, string>>;
  readonly mounts: Readonly<Record<string, string>>;
  /** Names alone: values may be secrets. */
  readonly environment: readonly string[];
  readonly resourceOptions: Readonly<Record<string, string>>;
  readonly preopenPorts: readonly number[];
  readonly startupCommand: string | null;
  readonly bootstrapScript: boolean;
  readonly tag: string | null;
  readonly priority: number | null;
  /** Why it would not start at once, for people; `null` when nothing is known to be in the way. */
  readonly waitsFor: string | null;
  /** A session that has the name, and would be used as it is. */
  readonly existing: Pick<SessionRef, 'id' | 'status'> | null;
}

interface PlanTools extends Pick<CreateTools, 'signal'> {
  readonly api: SessionCalls;
  readonly resources: (scope: ResourceScope) => Promise<ResourceOffer>;
}

/** Throws what the creation would throw, as far as anybody can tell before. */
export async function planSession(
  session: ComputeSessionRequest,
  { api, resources, signal }: PlanTools,
): Promise<ComputeSessionPlan> {
  checkCreateRequest(session);
  const { project, resourceGroup: group } = session;
  const [images, wrong, holders, offer] = await Promise.all([
    api.images(signal),
    wrongNameOf(session, { api, signal }),
    api.match(session.name, signal),
    // Who may not know what is free can create sessions all the same.
    orNothing(resources({ project, group })),
  ]);
  if (wrong !== undefined) throw wrong;
  const image = meantImage(session, images);
  const holder = holders.find(({ status }) => holdsName(status) && phaseOf(status) !== 'ending');
  if (holder === undefined) return planOf(session, image, shortageIn(session, image, offer));
  // Used again as it is, whatever amounts are asked for.
  const isSame = session.reuse && (await api.describe(holder.id, signal))?.image === image.reference;
  if (!isSame) throw nameTaken(holder, session.reuse);
  return planOf(session, image, { holder });
}

/** Throws a UsageError for what every manager refuses. */
function shortageIn(
  session: ComputeSessionRequest,
  image: ImageSummary,
  offer: ResourceOffer | undefined,
): Shortage {
  checkLeast(session, image);
  if (offer === undefined) return {};
  checkSlots(session, offer);
  const never = impossibilityOf(session, image.least, offer);
  return { shortage: never ?? shortageOf(session, image.least, offer), isForGood: never !== undefined };
}

interface Shortage {
  readonly shortage?: string | undefined;
  /** It would wait for what will never be there as things are. */
  readonly isForGood?: boolean;
}

function planOf(
  session: ComputeSessionRequest,
  { reference, architecture }: ImageSummary,
  { holder, shortage, isForGood = false }: Shortage & { readonly holder?: SessionRef },
): ComputeSessionPlan {
  const { name, type, project, domain, resourceGroup = null, clusterSize, clusterMode, resources } = session;
  const { resourceOptions, preopenPorts, startupCommand = null, tag = null, priority = null } = session;
  const mounts = Object.fromEntries(
    Object.entries(session.mounts).map(([folder, path]) => [folder, path || `/home/${account}/${folder}`]),
  );
  const plan = {
    ...{ name, image: reference, architecture, type, project, domain, resourceGroup },
    ...{ clusterSize, clusterMode, resources, mounts, environment: Object.keys(session.environment) },
    ...{ resourceOptions, preopenPorts, startupCommand, tag, priority },
    bootstrapScript: session.bootstrapScript !== undefined,
    waitsFor: shortage ?? null,
    existing: holder === undefined ? null : { id: holder.id, status: holder.status },
  };
  return { ...plan, facts: factsOf(plan, isForGood) };
}

function factsOf(plan: Omit<ComputeSessionPlan, 'facts'>, isForGood: boolean): CreatePlan['facts'] {
  const { existing, clusterSize, clusterMode, resources, resourceGroup } = plan;
  return [
    ['name', plan.name],
    ['taken', existing === null ? '' : `by a session of yours (${existing.status}), which is used again`],
    ['image', `${plan.image} (${plan.architecture})`],
    ['type', plan.type],
    ['resources', amountWords(resources).join(' ') || 'what the manager gives to who asks for none'],
    [
      'options',
      Object.entries(plan.resourceOptions)
        .map((each) => each.join('='))
        .join(' '),
    ],
    ['starts', plan.waitsFor === null ? '' : `${isForGood ? 'never' : 'not at once'}: ${plan.waitsFor}`],
    [
      'folders',
      Object.entries(plan.mounts)
        .map(([folder, path]) => `${folder} on ${path}`)
        .join(', '),
    ],
    ['environment', plan.environment.join(', ')],
    ['command', plan.startupCommand ?? ''],
    ['script', plan.bootstrapScript ? 'runs before anything else' : ''],
    ['ports', plan.preopenPorts.join(', ')],
    ['tag', plan.tag ?? ''],
    ['priority', String(plan.priority ?? '')],
    ['nodes', clusterSize === 1 ? '' : `${clusterSize} (${clusterMode})`],
    ['resource group', resourceGroup ?? 'the one that the manager chooses'],
    ['project', plan.project],
    ['domain', plan.domain],
  ];
}

function nameTaken({ id, name, status }: SessionRef, mayReuse: boolean): ConflictError {
  const why = mayReuse ? `, made from another image` : '';
  return new ConflictError(`there is a session named ${name} already (${status})${why}`, {
    code: 'session-exists',
    hint: mayReuse ? 'choose another --name' : 'choose another --name, or use it with --reuse',
    details: { id, status },
  });
}
