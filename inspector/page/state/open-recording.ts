import { Model } from '../../model.ts';
import { RecordingReader } from '../../recording.ts';
import type { Connection } from './connection.ts';
import type { Store } from './store.ts';

/** Shows a recording in the place of the agent: from a file that was chosen or dropped. */
export async function openRecording(store: Store, connection: Connection, file: File): Promise<void> {
  const reader = new RecordingReader();
  const text = new TextDecoder();
  // Piece by piece: it may be larger than a text can be.
  for await (const bytes of piecesOf(file)) reader.push(text.decode(bytes, { stream: true }));
  reader.push(text.decode());
  const { records, problems, unread } = reader.end();
  const model = new Model();
  for (const record of records) model.add(record);
  connection.close();
  const last = model.side('near')?.last ?? 0;
  store.show(model, { type: 'recording', name: file.name, problems, unread }, last);
  store.set({ announcement: `The recording ${file.name} is shown` });
}

const pieceBytes = 4 * 1024 * 1024;

async function* piecesOf(file: File): AsyncGenerator<ArrayBuffer> {
  for (let from = 0; from < file.size; from += pieceBytes) yield file.slice(from, from + pieceBytes).arrayBuffer();
}
