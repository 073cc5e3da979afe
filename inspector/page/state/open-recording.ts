import { Model } from '../../model.ts';
import { recordFrom } from '../../record-check.ts';
import type { InspectRecord } from '../../records.ts';
import type { Connection } from './connection.ts';
import type { Store } from './store.ts';

/** Shows a recording in the place of the agent: from a file that was chosen or dropped. */
export async function openRecording(store: Store, connection: Connection, file: File): Promise<void> {
  const { records, problems } = readRecording(await file.text());
  const model = new Model();
  for (const record of records) model.add(record);
  connection.close();
  const last = model.side('near')?.last ?? 0;
  store.show(model, { type: 'recording', name: file.name, problems }, last);
  store.set({ announcement: `The recording ${file.name} is shown` });
}

/** At most so many lines that could not be read are named. */
const mostProblems = 50;

function readRecording(text: string): { records: InspectRecord[]; problems: string[] } {
  const records: InspectRecord[] = [];
  const problems: string[] = [];
  text.split('\n').forEach((line, place) => {
    if (line.trim() === '') return;
    const record = parsed(line);
    if (record !== undefined) records.push(record);
    else if (problems.length < mostProblems) problems.push(`line ${place + 1} is no record`);
  });
  return { records, problems };
}

function parsed(line: string): InspectRecord | undefined {
  try {
    return recordFrom(JSON.parse(line));
  } catch {
    return undefined;
  }
}
