/** Creates a session from the image that was meant, under a name that an ending one may still hold. */

import type { CreatedSession } from '../../../core/session/provider.ts';
import { BaiError } from '../../../errors.ts';
import type { ComputeSessionRequest } from '../session/compute-session.ts';
import { checkCreateRequest } from './create-check.ts';
import type { CreateDeps } from './create-deps.ts';
import { createUnderName } from './create-under-name.ts';
import { explainCreation, isAboutImage } from './explain-creation.ts';
import { findImage } from './find-image.ts';

/**
 * The manager wants the image's full name and takes its own machine's architecture for granted. Only when
 * it does not know the image are its images looked through for the one that was meant.
 */
export async function createSession(
  session: ComputeSessionRequest,
  deps: CreateDeps,
): Promise<CreatedSession> {
  checkCreateRequest(session);
  try {
    return { ...(await createUnderName(session, deps)), image: session.image };
  } catch (error) {
    if (!(error instanceof BaiError)) throw error;
    const refusal = await explainCreation(error, session, deps);
    const meant =
      refusal === error && isAboutImage(error) ? await findImage(session, error, deps) : undefined;
    if (meant === undefined) throw refusal;
    const exact = { ...session, image: meant.reference, architecture: meant.architecture };
    const created = await createUnderName(exact, deps);
    deps.info(`image: ${meant.reference} (${meant.architecture})`);
    return { ...created, image: meant.reference };
  }
}
