/** How often this process has changed profiles: what was read before then is not what is there. */

let count = 0;

export function profileChanges(): number {
  return count;
}

export function noteProfileChange(): void {
  count += 1;
}
