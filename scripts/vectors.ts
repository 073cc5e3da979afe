/**
 * Writes test/vectors: `npm run vectors`. With `--check` it writes nothing, names the files that are stale and exits with 1 if there
 * are any. They are for other implementers, so a change of one is a change of the protocol.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { droppedVectors, frameVectors } from './vectors/frames.ts';
import { messageVectors, refusedVectors } from './vectors/messages.ts';

const folder = join(import.meta.dirname, '../test/vectors');

/** Every file as it should be, by its name: a vector a line, as no formatter would have it. */
function files(): Map<string, string> {
  return new Map([
    ['frames.json', lines({ frames: frameVectors(), dropped: droppedVectors() })],
    ['messages.json', lines({ messages: messageVectors(), refused: refusedVectors() })],
  ]);
}

function lines(lists: Readonly<Record<string, readonly object[]>>): string {
  const parts = Object.entries(lists).map(
    ([name, list]) => `${JSON.stringify(name)}: [\n${list.map((one) => JSON.stringify(one)).join(',\n')}\n]`,
  );
  return `{\n${parts.join(',\n')}\n}\n`;
}

/** The names of files that are not as they should be. */
export function staleVectors(): string[] {
  return [...files()].filter(([name, text]) => read(name) !== text).map(([name]) => name);
}

function read(name: string): string | undefined {
  try {
    return readFileSync(join(folder, name), 'utf8');
  } catch {
    return undefined;
  }
}

function main(check: boolean): void {
  const stale = staleVectors();
  if (check) {
    for (const name of stale) console.error(`stale: test/vectors/${name} (npm run vectors)`);
    process.exitCode = stale.length > 0 ? 1 : 0;
    return;
  }
  for (const [name, text] of files()) {
    if (!stale.includes(name)) continue;
    writeFileSync(join(folder, name), text);
    console.log(`wrote test/vectors/${name}`);
  }
}

if (process.argv[1] === import.meta.filename) main(process.argv.includes('--check'));
