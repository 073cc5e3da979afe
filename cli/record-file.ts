import type { WriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { invalidOption, quote } from '../transport/errors.ts';
import { errnoOf, reasonOf } from './errno.ts';
import { recordingLine } from '../inspector/recording.ts';
import type { InspectRecord } from '../inspector/records.ts';
import type { Viewer } from '../inspector/watchable.ts';
import { notWritten } from './local-failure.ts';

/** Bytes that may wait for a slow disk before more is left out. */
const MOST_WAITING = 4 * 1024 * 1024;

/** A recording that is being written: a record a line. */
export class RecordFile implements Viewer {
  readonly #stream: WriteStream;
  readonly #failed: (reason: string) => void;
  #hasFailed = false;

  private constructor(stream: WriteStream, failed: (reason: string) => void) {
    this.#stream = stream;
    this.#failed = failed;
    stream.on('error', (error) => this.#fail(error));
  }

  /**
   * Makes the file. INVALID_OPTION where it is there already: a recording is never written over, nor into another.
   *
   * @param failed - told once, when no more can be written: what was written before stays.
   */
  static async create(path: string, failed: (reason: string) => void): Promise<RecordFile> {
    if (path === '' || path.includes('\0')) invalidOption('--record', path, 'the path of a file');
    try {
      // What is shown may be confidential: only this user reads it.
      const handle = await open(path, 'wx', 0o600);
      return new RecordFile(handle.createWriteStream(), failed);
    } catch (error) {
      if (errnoOf(error) === 'EEXIST')
        invalidOption('--record', path, 'the path of a file that is not there yet: remove it, or name another');
      notWritten(`--record ${quote(path)}`, reasonOf(error));
    }
  }

  readonly take = (records: readonly InspectRecord[]): void => {
    if (!this.#hasFailed) this.#stream.write(records.map(recordingLine).join(''));
  };

  readonly isReady = (): boolean => !this.#hasFailed && this.#stream.writableLength < MOST_WAITING;

  /** Writes what is left. Never rejects. */
  async close(): Promise<void> {
    if (this.#hasFailed) return;
    await new Promise<void>((resolve) => {
      this.#stream.once('close', resolve);
      this.#stream.end();
    });
  }

  #fail(error: Error): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#failed(error.message);
  }
}
