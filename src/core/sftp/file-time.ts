/** Times of files as SFTP 3 carries them: whole seconds since 1970 in 32 bits without a sign, up to the year 2106. */

const latestSecond = 2 ** 32 - 1;

/** The second to be sent; nothing for a time before 1970 or after 2106. */
export function sentSecond(seconds: number): number | undefined {
  const second = Math.floor(seconds);
  return second >= 0 && second <= latestSecond ? second : undefined;
}

/** Whether it is later than any time that a server can tell. */
export function isBeyondSftp(seconds: number): boolean {
  return Math.floor(seconds) > latestSecond;
}

/**
 * Whether such a second is what the file has, on every server and disk. 0 is also what those say that know no time, and
 * from 2038 on a time may have been cut to 31 bits, or be one before 1970 whose sign was lost.
 */
export function isTelling(seconds: number | undefined): seconds is number {
  return seconds !== undefined && seconds >= 1 && seconds < 2 ** 31;
}

/** What two times say of two files of one size: nothing where only their bytes can tell. */
export function haveSameTime(one: number | undefined, other: number | undefined): boolean | undefined {
  if (one === undefined || other === undefined) return undefined;
  const [first, second] = [Math.floor(one), Math.floor(other)];
  if (first === second && first > 0) return true;
  // FAT keeps every other second.
  if (Math.abs(first - second) === 1) return undefined;
  return isTelling(first) && isTelling(second) ? false : undefined;
}
