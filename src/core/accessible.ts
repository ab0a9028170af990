/** Whether somebody wants whole lines in place of what is drawn again and again: for screen readers and braille. */

export const accessibleVariable = 'ACCESSIBLE';

/** Any value but these says yes, as elsewhere. */
export function saysYes(text: string): boolean {
  return !/^\s*(?:|0|n|no|f|false|off)\s*$/i.test(text);
}

export function isAccessible(environment: Readonly<Record<string, string | undefined>>): boolean {
  return saysYes(environment[accessibleVariable] ?? '');
}
