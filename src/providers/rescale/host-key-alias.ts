/** What the host key of a job is pinned under. */

/**
 * Of the platform and the job: ids are of one platform each, and a job that two accounts share is the same machine. ssh takes
 * names for the same that differ in upper and lower case only, and ids that do are two jobs: `OsKBd` is `_os_k_bd`.
 */
export function hostKeyAlias({ host }: URL, id: string): string {
  const place = host.replace(/[^a-z0-9.]+/g, '_');
  return `bai-rescale-${place}-${id.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
}
