/** `POST /session`: what a request may say in each release, and the session that comes of it. */

import { setTimeout as wait } from 'node:timers/promises';
import { mountFolder } from '../machine/home.ts';
import type { Account } from '../model/accounts.ts';
import { findImage, type Image } from '../model/images.ts';
import {
  checkRole,
  forbidden,
  internalError,
  invalidField,
  invalidParams,
  notFound,
  Problem,
} from '../model/problems.ts';
import type { ReleaseBehaviour } from '../model/release.ts';
import { type Answer, ok } from '../server/answer.ts';
import type { Exchange, Machine } from './exchange.ts';
import { type RequestParameters, readParameters } from './parameters.ts';
import type { Session, SessionSpec } from './session.ts';
import { type CreateConfig, readConfig } from './session-config.ts';
import { rawPorts, shownPorts } from './session-shapes.ts';

export async function createSession(machine: Machine, exchange: Exchange): Promise<Answer> {
  const { behaviour, sessions } = machine;
  checkRole(behaviour, exchange.account, 'create on session');
  const parameters = readParameters(exchange, behaviour, 'body').allowOnly(knownKeys(behaviour));
  const account = ownerOf(machine, exchange.account, parameters);
  const name = nameOf(behaviour, parameters);
  const image = imageOf(machine, parameters);
  checkProject(behaviour, parameters);
  const existing = sessions.newestNamed(name, account.accessKey, { live: true });
  if (existing !== undefined) {
    const mayReuse = parameters.flag(true, 'reuseIfExists', 'reuse') && existing.spec.image.id === image.id;
    if (!mayReuse) throw alreadyExists(existing);
    return ok(reusedAnswer(behaviour, existing), 201);
  }
  const config = readConfig(machine, exchange.apiVersion, parameters.value('config'));
  const session = sessions.create(specOf({ behaviour, parameters, account, name, image, config }));
  if (parameters.flag(false, 'enqueueOnly', 'enqueue')) return ok(createdAnswer(session, 'PENDING'), 201);
  const maxWaitSeconds = parameters.integer(0, 'maxWaitSeconds', 'maxWait', 'max_wait_seconds');
  return ok(createdAnswer(session, await waitFor(session, maxWaitSeconds, exchange.signal, behaviour)), 201);
}

function knownKeys(behaviour: ReleaseBehaviour): readonly string[] {
  const keys = [
    'name',
    'session_name',
    'clientSessionToken',
    'image',
    'lang',
    'architecture',
    'arch',
    'type',
  ];
  keys.push('sessionType', 'session_type', 'group', 'groupName', 'group_name', 'domain', 'domainName');
  keys.push(
    'domain_name',
    'clusterSize',
    'cluster_size',
    'clusterMode',
    'cluster_mode',
    'enqueueOnly',
    'enqueue',
  );
  keys.push('maxWaitSeconds', 'maxWait', 'max_wait_seconds', 'reuseIfExists', 'reuse', 'startupCommand');
  keys.push('startup_command', 'bootstrap_script', 'bootstrapScript', 'tag', 'callback_url', 'callbackUrl');
  keys.push('dependencies', 'owner_access_key', 'starts_at', 'startsAt', 'config', 'template_id');
  if (behaviour.atLeast('24.09')) keys.push('priority');
  if (behaviour.atLeast('24.12')) keys.push('batch_timeout');
  return keys;
}

function ownerOf(machine: Machine, caller: Account, parameters: RequestParameters): Account {
  const wanted = parameters.text('owner_access_key');
  if (wanted === undefined || wanted === caller.accessKey) return caller;
  const owner = machine.accounts.find(({ accessKey }) => accessKey === wanted);
  if (caller.role === 'admin' && owner !== undefined) return owner;
  throw forbidden('Only admins can perform operations on behalf of other users.');
}

function nameOf(behaviour: ReleaseBehaviour, parameters: RequestParameters): string {
  const keys = ['session_name', 'name', 'clientSessionToken'];
  const name = parameters.requiredText(...keys);
  // 26.3 and later stopped checking.
  if (behaviour.atLeast('26.3') || /^(?=.{4,64}$)\w[\w.-]*\w$/.test(name)) return name;
  const key = keys.find((candidate) => parameters.value(candidate) !== undefined) ?? 'name';
  throw invalidField(behaviour, key, 'does not match pattern ^(?=.{4,64}$)\\w[\\w.-]*\\w$');
}

function imageOf({ behaviour, images }: Machine, parameters: RequestParameters): Image {
  const wanted = parameters.requiredText('image', 'lang');
  const image = findImage(images, wanted);
  const architecture = parameters.text('architecture', 'arch') ?? image?.architecture ?? '';
  if (image !== undefined && image.architecture === architecture) return image;
  if (behaviour.entityErrors) {
    throw notFound(
      'No such image reference.',
      `Unknown image reference: ${wanted} (${architecture})`,
      'image_read_not-found',
    );
  }
  throw notFound(
    'No such environment image.',
    behaviour.atLeast('25.6')
      ? `Unknown image references: identifier:ImageIdentifier(canonical='${wanted}', architecture='${architecture || 'x86_64'}'), alias:'${wanted}'`
      : `Unknown image references: ref:'${wanted}', alias:'${wanted}'`,
    'image_read_not-found',
  );
}

/** There is one project and one domain, both called `default`. */
function checkProject(behaviour: ReleaseBehaviour, parameters: RequestParameters): void {
  const group = parameters.text('group', 'groupName', 'group_name') ?? 'default';
  const domain = parameters.text('domain', 'domainName', 'domain_name') ?? 'default';
  if (group === 'default' && domain === 'default') return;
  // As 25.15.12 does.
  if (behaviour.newScheduler && !behaviour.atLeast('26.3')) throw internalError();
  if (!behaviour.entityErrors) throw invalidParams(scopeWords(behaviour, group, domain));
  throw notFound('Entity not found.', 'No ProjectRow matches the given key', 'project_read_not-found');
}

function scopeWords(behaviour: ReleaseBehaviour, group: string, domain: string): string {
  if (!behaviour.atLeast('26.3')) return domain === 'default' ? 'Invalid group' : 'Invalid domain';
  return domain === 'default'
    ? `Invalid group (${group}): the group does not exist, is inactive, or the user is not a member.`
    : `Invalid or inactive domain: ${domain}`;
}

interface SpecParts {
  readonly behaviour: ReleaseBehaviour;
  readonly parameters: RequestParameters;
  readonly account: Account;
  readonly name: string;
  readonly image: Image;
  readonly config: CreateConfig;
}

function specOf({ behaviour, parameters, account, name, image, config }: SpecParts): SessionSpec {
  const type = (parameters.text('type', 'sessionType', 'session_type') ?? 'interactive').toLowerCase();
  if (!['interactive', 'batch', 'inference', 'system'].includes(type)) {
    throw invalidField(behaviour, 'type', `'${type}' is not a valid SessionTypes`);
  }
  const startupCommand = parameters.text('startupCommand', 'startup_command');
  if (type === 'batch' && !startupCommand) throw invalidParams('Batch session should have a startup command');
  if (type !== 'batch') {
    for (const key of ['starts_at', 'batch_timeout']) {
      if (parameters.value(key) !== undefined)
        throw invalidParams(`Parameter ${key} should be used only for batch sessions`);
    }
  }
  const clusterSize = parameters.integer(1, 'clusterSize', 'cluster_size');
  if (clusterSize < 1) throw invalidField(behaviour, 'clusterSize', 'value should be >= 1');
  const priority = parameters.integer(10, 'priority');
  if (priority < 0 || priority > 100)
    throw invalidField(behaviour, 'priority', 'Input should be less than or equal to 100');
  return {
    name,
    account,
    image,
    type,
    clusterSize,
    clusterMode: (parameters.text('clusterMode', 'cluster_mode') ?? 'single-node').toLowerCase(),
    environ: config.environ,
    cpu: config.cpu,
    memory: config.memory,
    resourceGroup: config.resourceGroup,
    mounts: foldersOf(config.mounts),
    preopenPorts: config.preopenPorts,
    startupCommand,
    tag: parameters.text('tag') ?? null,
    priority,
  };
}

/** Any folder name is taken for one the user has; those the home needs itself are refused. */
function foldersOf(mounts: CreateConfig['mounts']): Record<string, string> {
  const folders: Record<string, string> = {};
  for (const [name, target] of mounts) {
    const folder = mountFolder(name, target);
    if (folder === undefined)
      throw invalidParams(`Cannot mount ${name}: path ${target ?? name} is reserved or outside /home/work`);
    folders[name] = folder;
  }
  return folders;
}

async function waitFor(
  session: Session,
  maxWaitSeconds: number,
  signal: AbortSignal,
  behaviour: ReleaseBehaviour,
): Promise<string> {
  const done = new AbortController();
  const either = AbortSignal.any([signal, done.signal]);
  try {
    const timeout = wait(maxWaitSeconds * 1000, 'TIMEOUT', { signal: either });
    const settled = session.settled(either);
    const status = await (maxWaitSeconds > 0
      ? Promise.race([settled, timeout])
      : settledOnly(settled, timeout));
    if (behaviour.generation === 'C' && (status === 'TERMINATED' || status === 'CANCELLED')) {
      throw notFound('No such session.', 'Session terminated during scheduling', 'session_read_not-found');
    }
    return status;
  } catch (error) {
    if (signal.aborted) throw internalError();
    throw error;
  } finally {
    done.abort();
  }
}

async function settledOnly(settled: Promise<string>, unused: Promise<unknown>): Promise<string> {
  unused.catch(() => undefined);
  return settled;
}

function createdAnswer(session: Session, status: string): Record<string, unknown> {
  return {
    sessionId: session.id,
    sessionName: session.name,
    status,
    servicePorts: status === 'RUNNING' ? shownPorts(session) : [],
    created: true,
  };
}

/** Another shape than for a new session: the raw ports, and under another name before some patch releases. */
function reusedAnswer(behaviour: ReleaseBehaviour, session: Session): Record<string, unknown> {
  const ports = session.status === 'RUNNING' ? rawPorts(session) : null;
  const both =
    behaviour.atLeast('25.11.1') ||
    (behaviour.atLeast('25.6.13') && !behaviour.atLeast('25.7')) ||
    (behaviour.atLeast('24.09.13') && !behaviour.atLeast('24.12'));
  return {
    sessionId: session.id,
    sessionName: session.name,
    status: session.status,
    service_ports: ports,
    ...(both ? { servicePorts: ports } : {}),
    created: false,
  };
}

function alreadyExists(existing: Session): Problem {
  return new Problem(400, {
    slug: 'session-already-exists',
    title: 'The session already exists but you requested not to reuse existing one.',
    code: 'session_create_already-exists',
    data: { existingSessionId: existing.id },
  });
}
