/** A duration in milliseconds, for people: `40 µs`, `0.4 ms`, `320 ms`, `1.24 s`, `3 m 05 s`, `2 h 11 m`. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return '–';
  const size = Math.abs(ms);
  if (size >= 0.0005 && size < 0.0995) return `${Math.round(ms * 1000)} µs`;
  if (size < 9.95) return `${ms.toFixed(1)} ms`;
  if (size < 999.5) return `${Math.round(ms)} ms`;
  if (size < 9_995) return `${(ms / 1000).toFixed(2)} s`;
  if (size < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  if (size < 3_599_500) return `${Math.floor(ms / 60_000)} m ${two(Math.floor((ms % 60_000) / 1000))} s`;
  return `${Math.floor(ms / 3_600_000)} h ${two(Math.floor((ms % 3_600_000) / 60_000))} m`;
}

const two = (value: number): string => String(value).padStart(2, '0');

/** A number of bytes, for people, as the command writes it: `812 B`, `1.4 KiB`, `3.2 MiB`. */
export function bytes(count: number): string {
  if (count < 1024) return `${Math.round(count)} B`;
  if (count < 1024 ** 2) return `${(count / 1024).toFixed(1)} KiB`;
  if (count < 1024 ** 3) return `${(count / 1024 ** 2).toFixed(1)} MiB`;
  return `${(count / 1024 ** 3).toFixed(1)} GiB`;
}

/** A count with its thousands apart. */
export function count(value: number): string {
  return value.toLocaleString('en-GB');
}

/** A count where there is little room: `950`, `12.3k`, `4.1M`. */
export function shortCount(value: number): string {
  if (value < 10_000) return String(value);
  if (value < 999_500) return `${(value / 1000).toFixed(value < 99_950 ? 1 : 0)}k`;
  return `${(value / 1e6).toFixed(1)}M`;
}

/** The time of day of a moment, to the millisecond: `14:03:22.417`. `epoch` is what the computer's clock said at 0. */
export function timeOfDay(epoch: number, at: number): string {
  const date = new Date(epoch + at);
  if (Number.isNaN(date.getTime())) return '–';
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/** A moment since a beginning, signed: `+0.0 ms`, `+1.24 s`. */
export function after(ms: number): string {
  return `${ms < 0 ? '−' : '+'}${duration(Math.abs(ms))}`;
}

/** The same to the tenth of a millisecond, however long ago: `+12.3 ms`, `+2.9143 s`. */
export function momentAfter(ms: number): string {
  return ms < 1000 ? `+${ms.toFixed(1)} ms` : `+${(ms / 1000).toFixed(4)} s`;
}

/** One thing or several: `1 job`, `2,000 jobs`. */
export function several(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}
