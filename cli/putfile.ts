import type { Handler } from '../actors/index.ts';
import { VirtagentError } from '../actors/index.ts';
import { errnoError } from './errno.ts';
import { MOST_BYTES } from './getfile.ts';
import { absolutePath, optionalCount, optionalFlag, optionalText, readParams, type Param } from './params.ts';
import type { PutTransfers } from './put-transfers.ts';

const sha256 = optionalText('64 hexadecimal digits', /^[\da-f]{64}$/);
const size = optionalCount(Number.MAX_SAFE_INTEGER - MOST_BYTES);
const mode = optionalCount(0o777);

/** Base64 as every encoder writes it, and no other spelling; bytes, where the protocol carries them. */
const piece: Param<string | Uint8Array> = {
  allowed: `base64 of at most ${MOST_BYTES} bytes`,
  accepts: (value): value is string | Uint8Array =>
    value instanceof Uint8Array
      ? value.length <= MOST_BYTES
      : typeof value === 'string' && value.length <= Math.ceil(MOST_BYTES / 3) * 4 && isBase64(value),
};

const optionalPiece: Param<string | Uint8Array | undefined> = {
  allowed: piece.allowed,
  accepts: (value): value is string | Uint8Array | undefined => value === undefined || piece.accepts(value),
};

/** Named by the answer to the first call. */
const transfer: Param<string> = {
  allowed: 'the transfer that the first call answered with',
  accepts: (value): value is string => typeof value === 'string' && /^[\da-f]{24}$/.test(value),
};

const shapes = {
  first: { path: absolutePath, data: optionalPiece, size, sha256, mode },
  piece: { transfer, offset: size, data: piece },
  last: { transfer, size, sha256, mode },
  abort: { transfer, abort: optionalFlag },
};

/** The parameters of a small file, and of the first call for a larger one. */
export const putfileShape = shapes.first;

/**
 * `putfile`: writes a file below an allowed directory, under a temporary name until all of it is there.
 *
 * - `{path, data, sha256?, mode?}`: a small file, at once. `{size, sha256}`.
 * - `{path, size?, mode?}`: begins a larger one. `{transfer, most}`: its name, and the bytes that a piece may have.
 * - `{transfer, offset, data}`: a piece; several may be under way. `{reached}`.
 * - `{transfer, size, sha256?}`: all is there: checked, and moved to its place. `{size, sha256}`.
 * - `{transfer, abort: true}`: given up. `{}`.
 */
export function putfile(transfers: PutTransfers): Handler {
  return async (params: unknown, { signal }): Promise<object> => {
    const given = typeof params === 'object' && params !== null ? params : {};
    if (!Object.hasOwn(given, 'transfer')) return begin(transfers, params, signal);
    refuseUnlessAllowed(transfers);
    if (Object.hasOwn(given, 'data')) {
      const { transfer: name, offset = 0, data } = readParams('putfile', params, shapes.piece);
      return { reached: await transfers.piece(name, offset, bytesIn(data)) };
    }
    if (Object.hasOwn(given, 'abort')) {
      await transfers.abort(readParams('putfile', params, shapes.abort).transfer);
      return {};
    }
    const last = readParams('putfile', params, shapes.last);
    // Without it a piece that went missing at the end would not be missed.
    if (last.size === undefined) throw new VirtagentError('INVALID_PARAMS', `putfile: size: it takes the bytes that the whole file has`);
    return transfers.finish(last.transfer, last, signal);
  };
}

async function begin(transfers: PutTransfers, params: unknown, signal: AbortSignal): Promise<object> {
  const { path, data, ...details } = readParams('putfile', params, shapes.first);
  refuseUnlessAllowed(transfers);
  if (data !== undefined) return transfers.putWhole(path, bytesIn(data), details, signal);
  return { transfer: await transfers.begin(path, details), most: MOST_BYTES };
}

function bytesIn(data: string | Uint8Array): Buffer {
  return typeof data === 'string' ? Buffer.from(data, 'base64') : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

function refuseUnlessAllowed(transfers: PutTransfers): void {
  if (!transfers.isAllowed) throw errnoError('EACCES', 'putfile is not allowed here: --allow-write');
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z\d+/]*={0,2}$/.test(text) && Buffer.from(text, 'base64').toString('base64') === text;
}
