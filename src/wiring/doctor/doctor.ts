/** What `bai doctor` works with: the settings, the platform and SSH as every command has them, opened stage by stage. */

import { access, constants, lstat } from 'node:fs/promises';
import { arch, release } from 'node:os';
import { dirname } from 'node:path';
import type { Context } from '../../context.ts';
import { followMilestones } from '../../core/milestones.ts';
import { definitionOf, type Settings, settingNames } from '../../core/settings/settings.ts';
import { noneIfMissing } from '../../core/undefined-if-missing.ts';
import { BaiError, ConflictError } from '../../errors.ts';
import { onThisMachine } from '../../files/local-error.ts';
import { checkReplaceable } from '../../files/plain-file.ts';
import { stageFile } from '../../files/whole-file.ts';
import type { ProxyEnvironment } from '../../net/proxy-choice.ts';
import { chooseProxy } from '../../net/proxy-choice.ts';
import { explainSystemError } from '../../output/describe-error.ts';
import type { BundleTools, DoctorTools } from '../../services/doctor/doctor-tools.ts';
import type { SshSettings } from '../../services/ssh/ssh-tools.ts';
import { seeFolders } from './own-folders.ts';

interface DoctorContext extends Context {
  readonly owner: string | undefined;
  settingsWithSecrets(): Promise<Settings>;
  closeLater(resource: { close(): Promise<void> }): void;
}

export function doctorTools(
  context: DoctorContext,
  sshSettings: (settings: Settings) => SshSettings,
): DoctorTools {
  const { reporter, signal, owner, environment } = context;
  return {
    ...{ reporter, signal, owner },
    explained: explainSystemError,
    profile: () => context.profile(),
    settings: () => context.settings(),
    provider: () => context.provider(),
    ssh: () => context.tools('ssh'),
    async folders() {
      // That they cannot be read is another stage's to tell.
      const settings = await context.settings().catch(noneIfExplained);
      return await seeFolders(environment, settings && sshSettings(settings));
    },
    bundle: bundleTools(context),
  };
}

function noneIfExplained(error: unknown): undefined {
  if (error instanceof BaiError || explainSystemError(error) !== undefined) return undefined;
  throw error;
}

/** More than a run has that ends well. */
const mostLines = 5_000;

function bundleTools(context: DoctorContext): BundleTools {
  const log: string[] = [];
  const begun = performance.now();
  const following = followMilestones(({ subject, text }) => {
    const at = ((performance.now() - begun) / 1000).toFixed(3);
    if (log.length < mostLines) log.push(`${at} ${subject}: ${text}`);
  });
  context.closeLater({ close: async () => following[Symbol.dispose]() });
  const system = `${process.platform} ${release()} ${arch()}`;
  return {
    machine: { bai: context.version, node: process.version, system },
    log: () => log,
    secrets: () => secretsOf(context),
    check,
    save,
  };
}

/** Of the settings and of the addresses of proxies, in every spelling that they have here. */
async function secretsOf(context: DoctorContext): Promise<string[]> {
  const { environment } = context;
  const opened = await context.settingsWithSecrets().catch(noneIfExplained);
  const settings = opened ?? (await context.settings().catch(noneIfExplained));
  const variables = settingNames
    .filter((name) => definitionOf(name).secret)
    .flatMap((name) => definitionOf(name).env);
  const found = [
    ...(settings === undefined ? [] : secretValues(settings)),
    ...variables.map((name) => environment[name]),
    ...proxyPasswords(environment),
  ];
  return found.flatMap((text) => (text === undefined ? [] : [text, text.trim()]));
}

function secretValues(settings: Settings): (string | undefined)[] {
  return settingNames.filter((name) => definitionOf(name).secret).map((name) => settings[name].value);
}

function proxyPasswords(environment: ProxyEnvironment): (string | undefined)[] {
  return ['http:', 'https:'].flatMap((protocol) => {
    try {
      const password = chooseProxy(
        { ...environment, NO_PROXY: '', no_proxy: '' },
        new URL(`${protocol}//a.invalid`),
      )?.login?.password;
      return password === undefined ? [] : [password, encodeURIComponent(password)];
    } catch (error) {
      return noneIfExplained(error) ?? [];
    }
  });
}

async function check(path: string, isForced: boolean): Promise<void> {
  const found = await onThisMachine('look at', path, lstat(path).catch(noneIfMissing));
  if (found !== undefined && !isForced) throw taken(path);
  await checkReplaceable(path);
  await onThisMachine('write', path, access(dirname(path), constants.W_OK));
}

async function save(path: string, text: string, isForced: boolean): Promise<void> {
  await onThisMachine('write', path, saveStaged(path, text, isForced));
}

async function saveStaged(path: string, text: string, isForced: boolean): Promise<void> {
  await using staged = await stageFile(path, text);
  if (isForced) await staged.replace();
  else if (!(await staged.create())) throw taken(path);
}

function taken(path: string): ConflictError {
  return new ConflictError(`${path} is there already`, {
    code: 'bundle-exists',
    hint: 'choose another name, or pass --force to replace it',
    details: { path },
  });
}
