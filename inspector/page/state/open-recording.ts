import { Model } from '../../model.ts';
import { RecordingReader } from '../../recording.ts';
import type { Connection } from './connection.ts';
import type { Store } from './store.ts';

/** Shows a recording in the place of the agent: from a file that was chosen or dropped. Of a file that is none it says why. */
export async function openRecording(store: Store, connection: Connection, file: File): Promise<void> {
  const reader = new RecordingReader();
  const text = new TextDecoder();
  // Piece by piece: it may be larger than a text can be.
  for await (const bytes of piecesOf(file)) reader.push(text.decode(bytes, { stream: true }));
  reader.push(text.decode());
  const { records, problems, unread } = reader.end();
  const model = new Model();
  for (const record of records) model.add(record);
  if (model.sides.length === 0) {
    // What is looked at stays: there is nothing to take its place.
    const [first] = problems;
    const why = first === undefined ? 'it is empty' : `line ${first.line}: ${first.problem}`;
    store.set({ unreadable: { name: file.name, why }, announcement: `${file.name} is no recording` });
    return;
  }
  connection.close();
  const last = model.side('near')?.last ?? 0;
  store.show(model, { type: 'recording', name: file.name, problems, unread }, last);
  store.set({ announcement: `The recording ${file.name} is shown` });
}

const pieceBytes = 4 * 1024 * 1024;

async function* piecesOf(file: File): AsyncGenerator<ArrayBuffer> {
  for (let from = 0; from < file.size; from += pieceBytes) yield file.slice(from, from + pieceBytes).arrayBuffer();
}
