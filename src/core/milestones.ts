/**
 * What happens on the way of a command, for whoever follows it (`--verbose`, `BAI_LOG`): nothing is put together while nobody does. A
 * milestone never has a secret in it: of a request the method, the place and the status are told, of a key its fingerprint.
 */

type Subject = 'bai' | 'settings' | 'http' | 'tunnel' | 'ssh';

export interface Milestone {
  readonly subject: Subject;
  readonly text: string;
}

const followers = new Set<(milestone: Milestone) => void>();

export function milestone(subject: Subject, text: () => string): void {
  if (followers.size === 0) return;
  const told = { subject, text: text() };
  for (const hear of followers) hear(told);
}

/** Disposal ends it. */
export function followMilestones(hear: (milestone: Milestone) => void): Disposable {
  followers.add(hear);
  return { [Symbol.dispose]: () => void followers.delete(hear) };
}

const uuid = /^[\da-f]{8}-?(?:[\da-f]{4}-?){3}[\da-f]{12}$/i;

/** Where a request goes, without a query and with `…` for parts of the path that are nothing but a token. */
export function placeOf({ protocol, host, pathname }: URL): string {
  const path = pathname.split('/').map((part) => (part.length < 32 || uuid.test(part) ? part : '…'));
  return `${protocol}//${host}${path.join('/')}`;
}
