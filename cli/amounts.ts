/** A number of bytes, for people. */
export function units(bytes: number): string {
  if (bytes < 1024) return `${Math.round(bytes)} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KiB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

/** The same of a limit, where Infinity is `any`: JSON writes it as null. */
export function bytesText(bytes: number | null): string {
  return bytes === null || bytes === Infinity ? 'any' : units(bytes);
}

/** Milliseconds for people, in at most eight characters up to a hundred days. */
export function msText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.floor(seconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  const hours = Math.floor(whole / 3600);
  return hours < 100 ? `${hours}h${two(Math.floor((whole % 3600) / 60))}m` : `${Math.floor(hours / 24)}d${two(hours % 24)}h`;
}

/** A rate for people: whole where it is large. */
export function rateText(rate: number): string {
  return rate < 10 ? rate.toFixed(1) : String(Math.round(rate));
}
