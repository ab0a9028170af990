/** How the manager of `bai local up` is asked to prove who it is. */

/** With `?challenge=` and hexadecimal digits; the answer is JSON. No manager has it. */
export const proofPath = '/bai/proof';

/** What a challenge looks like. */
export function isChallenge(text: string | null): text is string {
  return text !== null && /^[0-9a-f]{64}$/.test(text);
}
