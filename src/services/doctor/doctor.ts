/** `bai doctor`: the way from the settings to a session's file server, one stage after the other. */

import { Examination, type Failed, type Outcome } from '../../core/doctor/examination.ts';
import type { Checkup, Finding, StageName } from '../../core/doctor/stages.ts';
import { type Settings, settingValue } from '../../core/settings/settings.ts';
import { BaiError } from '../../errors.ts';
import type { SshTools } from '../ssh/ssh-tools.ts';
import type { DoctorTools } from './doctor-tools.ts';
import { insideStages, SessionVisit } from './session-stages.ts';
import { seeSettings } from './settings-stage.ts';

interface DoctorRequest {
  /** Nothing: up to the account. */
  readonly session?: string | undefined;
  /** Hears of each stage when it is over. */
  readonly ended: (outcome: Outcome) => void;
}

/** In the form of `--json`. */
export interface DoctorReport {
  readonly ok: boolean;
  /** The first stage that failed, and the status that its failure has. */
  readonly failed?: StageName;
  readonly exitCode: number;
  readonly session?: string;
  readonly stages: readonly StageReport[];
}

interface StageReport {
  readonly stage: StageName;
  readonly state: Outcome['state'];
  readonly ms?: number;
  readonly seen?: string;
  readonly facts?: Readonly<Record<string, unknown>>;
  readonly warnings?: readonly Finding[];
  readonly because?: string;
  /** As errors are in JSON everywhere. */
  readonly error?: Readonly<Record<string, unknown>>;
}

export interface Examined {
  readonly report: DoctorReport;
  readonly failed: Failed | undefined;
  readonly outcomes: readonly Outcome[];
}

/** Rejects only when it is interrupted: what does not work is what the report tells. */
export async function examine(request: DoctorRequest, tools: DoctorTools): Promise<Examined> {
  const examination = begin(request, tools);
  await examination.run([
    { name: 'settings', needs: [], mayAsk: true, run: () => seeSettings(tools) },
    { name: 'folders', needs: [], run: (signal) => tools.folders(signal) },
  ]);
  if (examination.hasPassed('settings')) await beyond(request, tools, examination);
  else examination.skip(request.session === undefined ? onEach : [...onEach, ...inEach], 'settings');
  return examined(examination, request.session);
}

/** What there is on every platform, where it is not known which one is meant. */
const onEach = ['dns', 'proxy', 'connect', 'tls', 'clock', 'sign-in'] as const;
const inEach = ['session', 'greeting', 'host-key', 'key', 'login', 'sftp'] as const;

async function beyond(
  { session: reference }: DoctorRequest,
  tools: DoctorTools,
  examination: Examination,
): Promise<void> {
  const [provider, settings] = [await tools.provider(), await tools.settings()];
  examination.limitMs = limitOf(settings);
  const checkup: Checkup = provider.checkup ?? { stages: [], way: 'dial' };
  await examination.run(checkup.stages);
  if (reference === undefined) return;
  const ssh = await sshTools(tools, checkup, examination);
  if (ssh === undefined) return;
  using visit = new SessionVisit({ reference, checkup, tools: ssh });
  await examination.run(visit.outside());
  if (tools.owner === undefined) await examination.run(visit.inside());
  else examination.skip(insideStages(checkup), examination.obstacle ?? 'owner');
}

/** No stage waits for more than a few answers. */
function limitOf(settings: Settings): number {
  const [connectMs, readMs] = [
    settingValue(settings, 'connectTimeout'),
    settingValue(settings, 'readTimeout'),
  ];
  return connectMs + readMs + 3 * settingValue(settings, 'answerTimeout');
}

/** What they need of this machine, such as a home, is a setting as well. */
async function sshTools(
  tools: DoctorTools,
  checkup: Checkup,
  examination: Examination,
): Promise<SshTools | undefined> {
  try {
    return await tools.ssh();
  } catch (error) {
    if (!(error instanceof BaiError) && tools.explained(error) === undefined) throw error;
    await examination.run([{ name: 'session', needs: [], run: () => Promise.reject(error) }]);
    examination.skip(insideStages(checkup), 'session');
    return undefined;
  }
}

function begin({ ended }: DoctorRequest, { signal, reporter, explained }: DoctorTools): Examination {
  return new Examination({
    ...{ signal, ended, explained, asks: reporter.interactive },
    begins(stage) {
      const busy = reporter.busy(`looking at: ${stage}`);
      return { [Symbol.dispose]: () => busy.stop() };
    },
  });
}

function examined(examination: Examination, session: string | undefined): Examined {
  const { failed, outcomes } = examination;
  return {
    ...{ failed, outcomes },
    report: {
      ok: failed === undefined,
      ...(failed !== undefined && { failed: failed.stage }),
      exitCode: failed?.error.exitCode ?? 0,
      ...(session !== undefined && { session }),
      stages: outcomes.map(reported),
    },
  };
}

function reported(outcome: Outcome): StageReport {
  const { stage, state } = outcome;
  if (state === 'not-tried') return { stage, state, because: outcome.because };
  const { ms } = outcome;
  if (state === 'failed') {
    const { code, message, hint, exitCode, details } = outcome.error;
    const error = { code, message, ...(hint !== undefined && { hint }), exitCode, ...details };
    return { stage, state, ms, error };
  }
  const { seen, findings, facts } = outcome;
  return { stage, state, ms, seen, facts, ...(findings.length > 0 && { warnings: findings }) };
}
