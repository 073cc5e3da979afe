/** Bundles a program of this package, by the path of its module, into one file that needs nothing but Node. */
export function bundle(entry: string, outfile: string): Promise<string[]>;
/** The same with what it loads only when asked for in `parts/` beside it. */
export function bundleWithParts(entry: string, outfile: string): Promise<string[]>;
