import { errorTable, quote, RemoteProtocolError, type DamageReason, type ErrorCode } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Answer, Codec, Decoded, OutgoingMessage, RequestMessage, ResponseMessage, Tag, WireError } from '../messages.ts';
import { ByteBuffer, findByte } from './byte-buffer.ts';
import { bodyLength, cutText, isObject, jsonText, parseJson, unsent } from './json.ts';
