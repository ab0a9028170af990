/** What the services of each kind are built by. Edges are imported here, when a command first needs them. */

import type { StoredProfiles } from '../config/store.ts';
import type { Context, GlobalFlags, ProcessFacts, ToolKinds } from '../context.ts';
import { type Settings, settingValue } from '../core/settings/settings.ts';
import type { SessionTools } from '../services/session/session-tools.ts';
import type { AppParts } from './apps.ts';
import type { ProfileParts } from './profiles/profile-tools.ts';
import type { UserSsh } from './user-ssh.ts';

/** What the context has beside what commands see of it. */
export interface BuilderContext extends Context {
  readonly facts: ProcessFacts;
  readonly flags: GlobalFlags;
  readonly owner: string | undefined;
  userSsh(): Promise<UserSsh>;
  settingsWithSecrets(): Promise<Settings>;
  /** As they were when the command began; nothing where no home is known. */
  storedProfiles(): Promise<StoredProfiles | undefined>;
  /** What the process is for that keeps a login in use; nothing where it has none. */
  holdLogin(what: string): void;
  /** Reads the account anew; whether it is another one by now, which `provider()` then has. */
  renewAccount(): Promise<boolean>;
  /** Closed when the command is over. */
  closeLater(resource: { close(): Promise<void> }): void;
}

type Builders = { readonly [N in keyof ToolKinds]: (context: BuilderContext) => Promise<ToolKinds[N]> };

export const builders: Builders = {
  sessions: sessionTools,
  asking: async (context) => (await import('./asking.ts')).askingTools(context),
  ssh: async (context) => (await import('./apps.ts')).sshTools(await partsOf(context)),
  clients: async (context) => (await import('./clients.ts')).clientTools(await partsOf(context)),
  forward: async (context) => (await import('./forward.ts')).forwardTools(context, () => partsOf(context)),
  forwards: async (context) => (await import('./forward.ts')).forwardsTools(context),
  exec: async (context) => (await import('./apps.ts')).execTools(await partsOf(context), context.flags.color),
  async sshStdio(context) {
    // ssh has started bai, and shows what it prints as it comes.
    context.reporter.withoutSpinner();
    return (await import('./ssh-stdio.ts')).sshStdioTools(await partsOf(context), context.facts);
  },
  // Not its parts: what is taken away may be of a manager that is gone.
  async sshConfig(context) {
    const chosen = { profile: await context.profile(), flags: context.flags };
    return (await import('./ssh-config.ts')).sshConfigTools(context, chosen, await context.userSsh());
  },
  open: async (context) =>
    (await import('./open.ts')).openTools(await partsOf(context), await context.tools('sshConfig')),
  sftp: async (context) => (await import('./apps.ts')).sftpTools(await partsOf(context)),
  speedTest: async (context) => (await import('./apps.ts')).speedTestTools(await partsOf(context)),
  hostKeys: async (context) => (await import('./apps.ts')).hostKeyTools(await partsOf(context)),
  async keys(context) {
    const [settings, userSsh] = await Promise.all([context.settings(), context.userSsh()]);
    const parts = { settings, userSsh, reporter: context.reporter, provider: () => context.provider() };
    return (await import('./keys.ts')).keyTools(parts, context.facts);
  },
  accountKey: async (context) => (await import('./account-key.ts')).accountKeyTools(await partsOf(context)),
  authorize: async (context) => (await import('./authorize.ts')).authorizeTools(await partsOf(context)),
  pruneKeys: async (context) => (await import('./apps.ts')).pruneTools(await partsOf(context)),
  configuration: async (context) =>
    (await import('./profiles/profile-tools.ts')).configureTools(await profileParts(context)),
  profiles: async (context) =>
    (await import('./profiles/profile-tools.ts')).profileTools(await profileParts(context)),
  async doctor(context) {
    const { sshSettings } = await import('./app-settings.ts');
    return (await import('./doctor/doctor.ts')).doctorTools(context, sshSettings);
  },
  signIn: async (context) => (await import('./sign-in.ts')).signInTools(context),
  completion: async (context) => (await import('./completion.ts')).completionTools(context),
  providers: async () => (await import('./providers.ts')).listProviders(),
  async localManager(context) {
    const provider = settingValue(await context.settings(), 'provider');
    return (await import('./local/local.ts')).localManagerTools(context, {
      ...{ environment: context.environment, provider, ask: askOf(context) },
    });
  },
  async serveLocal(context) {
    const provider = settingValue(await context.settings(), 'provider');
    return (await import('./local/local.ts')).serveLocalTools(context.facts, provider);
  },
};

async function profileParts(context: BuilderContext): Promise<ProfileParts> {
  const { facts, flags, environment, reporter } = context;
  const { lockWait } = await import('./lock-wait.ts');
  const stored = (): Promise<StoredProfiles | undefined> => context.storedProfiles();
  const [wait, ask] = [lockWait(context), askOf(context)];
  return { context, facts, flags, environment, reporter, stored, wait, ask };
}

async function sessionTools(context: BuilderContext): Promise<SessionTools> {
  const { reporter, signal, owner } = context;
  const [provider, profile, ask] = [await context.provider(), await context.profile(), askOf(context)];
  const lastImage = await (await import('./asking.ts')).lastImageOf(context);
  return { provider, reporter, signal, owner, profile, lastImage, ...(ask !== undefined && { ask }) };
}

/** Nothing where nobody can answer. */
function askOf({
  reporter,
  signal,
  stdin,
  stderr,
}: BuilderContext): ((question: string) => Promise<boolean>) | undefined {
  if (stdin.isTTY !== true || !reporter.interactive) return undefined;
  return async (question) => {
    const { askYesOrNo } = await import('../config/yes-or-no.ts');
    return askYesOrNo(question, { stdin, stderr, signal }, 'no');
  };
}

async function partsOf(context: BuilderContext): Promise<AppParts> {
  const { facts, environment } = context;
  const [settings, sessions] = await Promise.all([context.settings(), sessionTools(context)]);
  const { leaveInterruptsToChild } = facts;
  const userSsh = await context.userSsh();
  const holdLogin = (what: string): void => context.holdLogin(what);
  return { ...sessions, settings, environment, leaveInterruptsToChild, userSsh, holdLogin, streams: facts };
}
