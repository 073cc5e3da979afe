/** How numbers are written in tables. What was not measured is a dash. */

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const written = (value: number, text: string): string => (Number.isNaN(value) ? '–' : text);

export const count = (value: number): string => written(value, whole.format(value));

/** Three digits, or all before the point. */
export const digits = (value: number): string =>
  written(value, Math.abs(value) >= 100 ? whole.format(value) : value.toPrecision(Math.abs(value) < 0.1 ? 2 : 3));

/** A ratio. */
export const times = (value: number): string => written(value, value.toFixed(2));
