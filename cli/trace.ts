import type { Peer, TracedMessage } from '../actors/index.ts';
import type { IncomingMessage, Tag } from '../transport/messages.ts';
import { mask } from './mask.ts';
import { MethodsByTag } from './methods-by-tag.ts';
import type { Output } from './output.ts';
import { jsonLine, oneLine } from './text.ts';

/** What a trace shows of the messages: their shape, or (`payloads`) their content. */
export type TraceMode = 'none' | 'shapes' | 'payloads';

const MOST_CHARACTERS = 200;

/** Prints every message of a peer, both ways, a line each. */
export function trace(peer: Peer, err: Output, mode: TraceMode): void {
  if (mode === 'none') return;
  const methods = new MethodsByTag();
  peer.messages$.subscribe((traced) => {
    const method = methods.of(traced);
    err.line(traceLine(traced, method, mode, new Date()));
  });
}

/** One message: time, direction, type, tag, method, bytes, payload. */
export function traceLine({ direction, message, bytes }: TracedMessage, method: string | undefined, mode: TraceMode, at: Date): string {
  const sent = message as IncomingMessage;
  const words = [
    at.toISOString().slice(11, 23),
    direction === 'out' ? '→' : '←',
    sent.type,
    tagOf(sent),
    method === undefined ? undefined : oneLine(method, 60),
    `${bytes} B`,
    payload(sent, mode),
  ];
  return words.filter((word) => word !== undefined).join(' ');
}

function tagOf(message: IncomingMessage): string | undefined {
  if (message.type === 'notification' || message.type === 'limits') return undefined;
  const tag: Tag = message.type === 'progress' ? message.token : message.tag;
  return tag === undefined ? '(no tag)' : oneLine(String(tag), 40);
}

function payload(message: IncomingMessage, mode: TraceMode): string | undefined {
  const show = mode === 'payloads' ? (value: unknown): string => oneLine(jsonLine(value), MOST_CHARACTERS) : mask;
  const ofError = ({ code, message: text, data }: { code: string; message: string; data?: unknown }): string =>
    `${code} ${show(data === undefined ? { message: text } : { message: text, data })}`;
  switch (message.type) {
    case 'request':
    case 'notification':
      return message.params === undefined ? undefined : show(message.params);
    case 'response':
      if (!message.answer.ok) return ofError(message.answer.error);
      return message.answer.value === undefined ? undefined : show(message.answer.value);
    case 'progress':
    case 'item':
      return show(message.value);
    case 'rejected':
      return ofError(message.error);
    case 'limits':
      return jsonLine(message.limits);
    case 'status':
      return `of ${oneLine(message.of, 40)}`;
    case 'more':
      return `${message.items} items, ${message.itemBytes} B`;
    case 'cancel':
      return undefined;
  }
}
