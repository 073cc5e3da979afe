/** Bundles a program of this package, by the path of its module, into one file that needs nothing but Node. */
export function bundle(entry: string, outfile: string): Promise<void>;
