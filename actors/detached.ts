/** The first characters of a text, as one that keeps nothing alive but itself: what is cut out of a text otherwise holds all of it. */
export function detached(text: string, characters: number): string {
  return Buffer.from(text.slice(0, characters), 'utf16le').toString('utf16le');
}
