/** Times as people read them. */

/**
 * As the clock on the wall has it, with the zone: `2026-12-07 22:38:05 +01:00`. What is no time stays as it is, and in JSON times are
 * ISO 8601.
 */
export function shownTime(time: string): string {
  const date = new Date(time);
  if (time === '' || Number.isNaN(date.getTime())) return time;
  const ofDay = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
  const day = [String(date.getFullYear()).padStart(4, '0'), two(date.getMonth() + 1), two(date.getDate())];
  return `${day.join('-')} ${ofDay} ${zoneOf(date)}`;
}

/** Of that moment: summer has another one. */
function zoneOf(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
