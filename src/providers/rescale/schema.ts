/** Shapes of the platform's answers, as its clients show them. Unknown keys are dropped, never refused. */

import * as z from 'zod/mini';

const text = z.catch(z.string(), '');
const maybeText = z.catch(z.optional(z.nullable(z.string())), undefined);
const maybeNumber = z.catch(z.optional(z.nullable(z.number())), undefined);

/** A number, or its text. */
const amount = z.catch(z.optional(z.nullable(z.union([z.number(), z.string()]))), undefined);

/** Of a list of anything; each entry is checked by itself, so that one that is strange does not hide the others. */
export const pageSchema = z.object({
  next: z.optional(z.nullable(z.string())),
  results: z.array(z.unknown()),
});

export const accountSchema = z.object({ email: text });

const shownStatus = z.catch(z.optional(z.nullable(z.object({ content: maybeText }))), undefined);

/** Of the list. */
export const jobRowSchema = z.object({
  id: z.string(),
  name: text,
  owner: text,
  dateInserted: text,
  jobStatus: shownStatus,
  clusterStatusDisplay: shownStatus,
  analysisNames: z.catch(z.array(z.string()), []),
});

/** Of one job; it has no status. */
export const jobSchema = z.object({
  id: z.string(),
  name: text,
  owner: text,
  dateInserted: text,
  publicKey: maybeText,
  cidrRule: maybeText,
  sshPort: maybeNumber,
  jobanalyses: z.catch(
    z.array(
      z.object({
        analysis: z.catch(z.object({ code: text, name: maybeText }), { code: '' }),
        // `walltime`: hours after which the platform ends the job.
        hardware: z.catch(z.optional(z.nullable(z.object({ walltime: maybeNumber }))), undefined),
      }),
    ),
    [],
  ),
});

export const statusEntrySchema = z.object({
  status: z.string(),
  statusDate: text,
  statusReason: maybeText,
});

/** Seen live in 2023 on a cluster of one node; the platform calls the call undocumented. */
export const instanceSchema = z.object({
  role: text,
  username: text,
  publicIp: maybeText,
  publicHostname: maybeText,
  sshPort: maybeNumber,
  supportedServices: z.catch(z.optional(z.nullable(z.array(z.string()))), undefined),
});

/** `price`: of a core for an hour; for jobs that may be interrupted it is `lowPriorityPrice`, and is text there. */
export const coreTypeSchema = z.object({
  code: z.string(),
  name: text,
  isDeprecated: z.catch(z.boolean(), false),
  cores: z.catch(z.array(z.number()), []),
  price: amount,
  lowPriorityPrice: amount,
});

export const analysisSchema = z.object({
  code: z.string(),
  name: text,
  versions: z.catch(
    z.array(
      z.object({
        version: maybeText,
        versionCode: maybeText,
        allowedCoreTypes: z.catch(z.array(z.string()), []),
      }),
    ),
    [],
  ),
});

export const createdSchema = z.object({
  id: z.string(),
  name: text,
  publicKey: maybeText,
  cidrRule: maybeText,
});

export type JobRow = z.infer<typeof jobRowSchema>;
export type JobDetailsRow = z.infer<typeof jobSchema>;
export type Instance = z.infer<typeof instanceSchema>;
export type CoreType = z.infer<typeof coreTypeSchema>;
export type Analysis = z.infer<typeof analysisSchema>;
