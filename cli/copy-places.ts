import { basename, win32 } from 'node:path';
import { quote, VirtagentError } from '../transport/errors.ts';

/** One side of a copy. */
export interface Place {
  readonly side: 'guest' | 'here';
  /** `-` here is standard input or output. */
  readonly path: string;
}

/** What marks a path in the guest. A file here whose name begins so is `./guest:NAME`. */
const mark = 'guest:';

/** The two sides of a copy. Throws INVALID_OPTION unless exactly one of them is the guest. */
export function copyPlaces(source: string, target: string): { readonly from: Place; readonly to: Place } {
  const [from, to] = [placeOf('SRC', source), placeOf('DST', target)];
  if (from.side === to.side) {
    const which = from.side === 'guest' ? 'one of them without guest:' : 'one of them as guest:PATH';
    throw new VirtagentError('INVALID_OPTION', `SRC and DST are ${quote(source)} and ${quote(target)}; they take ${which}`);
  }
  if (to.side === 'guest' && from.path === '-' && to.path.endsWith('/')) {
    throw new VirtagentError('INVALID_OPTION', `DST is ${quote(target)}; with standard input it takes a file's path, not a directory`);
  }
  return { from, to };
}

/** The path in the guest at which a copy of that file is to be: `DIRECTORY/` takes the file's own name. */
export function withName(directory: string, source: string): string {
  return `${directory.endsWith('/') ? directory : `${directory}/`}${basename(source)}`;
}

/** The name of the file itself. A guest may run Windows. */
export function nameOf({ side, path }: Place): string {
  return side === 'guest' && /^[a-z]:[\\/]/i.test(path) ? win32.basename(path) : basename(path);
}

/** A place as messages show it. */
export function shownPlace({ side, path }: Place): string {
  return side === 'guest' ? `${mark}${path}` : path;
}

function placeOf(name: string, text: string): Place {
  const isGuest = text.startsWith(mark);
  const path = isGuest ? text.slice(mark.length) : text;
  if (path === '' || path.includes('\0') || (isGuest && !isAbsolute(path))) {
    const allowed = isGuest ? 'guest: and an absolute path' : 'a path, guest:PATH for one in the guest';
    throw new VirtagentError('INVALID_OPTION', `${name} is ${quote(text)}; it takes ${allowed}`);
  }
  return { side: isGuest ? 'guest' : 'here', path };
}

/** Of Linux, or of a Windows guest of qemu-ga. */
function isAbsolute(path: string): boolean {
  return path.startsWith('/') || /^[A-Za-z]:[\\/]/.test(path);
}
