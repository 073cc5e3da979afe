import { commandErrors } from '../../cli/local-failure.ts';
import { errorTable, type DamageReason, type ErrorKind } from '../../transport/errors.ts';
import { docCommentBefore } from './comments.ts';
import { code, page, table } from './markdown.ts';

const source = 'transport/errors.ts';

/** What each reason means; the compiler holds this against the type. */
const damageReasons: Record<DamageReason, string> = {
  noise:
    'Bytes where a frame should begin: a print of another program, line noise, the rest of an earlier session; or what this side said, from a line that echoes.',
  truncated: 'A frame that the next one, or the end of the stream, cut.',
  'bad-header':
    'A header that the protocol does not allow: a bare line feed, a line without a name, a tag that is too long; in virtagent-2, fields out of range.',
  'bad-length': 'A `Content-Length` that is missing or is not a plain number; in virtagent-2, a frame that is longer than it says.',
  'bad-checksum': 'A frame of which bytes were changed on the line: its checksum, or its escaping, is wrong.',
  'other-session': 'A whole frame that belongs to an earlier session, or that came before there was one.',
  'header-too-large': 'A header above `maxHeaderBytes`.',
  'message-too-large': 'A body or a line above `maxMessageBytes`.',
  'not-a-message': 'Well-formed, but nothing that could be answered: a response without a usable id, a broken notification.',
};

/** docs/errors.md. */
export function errorsPage(): string {
  const kinds: readonly [string, ErrorKind][] = Object.entries(errorTable);
  const [heading = '', ...known] = docCommentBefore(source, 'export type Known');
  return page('Errors', `${source} and cli/local-failure.ts`, [
    'Every failure is a `VirtagentError` with a stable `code`: match on it, never on the message. `blame`, `retryable` and `remedy` are getters of the error, so a program can print them without this page.',
    '## Codes',
    [
      '_Blame_ says who has to change something: this side (`us`), the other side (`peer`), or nobody (`line`).',
      '_Retry_: whether the same call can succeed later without a change.',
      '_JSON-RPC_ and _v7_: the number that stands for the code in a JSON-RPC error object and in the `errnum` of v7 (a negated Linux errno), where the code is ever sent.',
    ].join(' '),
    table(
      ['Code', 'Blame', 'Retry', 'JSON-RPC', 'v7', 'Meaning', 'What to do'],
      kinds.map(([name, { blame, retryable, jsonrpc, errnum, meaning, remedy }]) => [
        code(name),
        blame,
        retryable ? 'yes' : 'no',
        String(jsonrpc ?? ''),
        String(errnum ?? ''),
        meaning,
        remedy,
      ]),
    ),
    [
      'A number that is not in the table arrives as `REMOTE_ERROR`, with the number, message and data that were sent in `remote`.',
      'So does any number that a method gives a `MethodError`, with `virtagent-2`. In the other protocols a number that is in the table keeps its meaning there, and what `known` says with it, whoever sent it.',
    ].join(' '),
    '## Codes of the command alone',
    'The [command](cli.md) has these besides, for what goes wrong around a call. They are no errors of the library.',
    table(
      ['Code', 'Meaning', 'What to do'],
      Object.entries(commandErrors).map(([name, { meaning, remedy }]) => [code(name), meaning, remedy]),
    ),
    '## What is known of the other side: `known`',
    `${heading} It is a field, so that nobody has to read it out of a message. It is set on every call that fails.`,
    known.join('\n'),
    '`retryable` says that repeating can help; `known` says whether it is safe. Only `not-sent` and `refused` mean that nothing ran.',
    '## Damage',
    [
      'Bytes from the peer that break its protocol, and that no answer could name, are dropped up to the next frame, counted (`counters.damaged`, `counters.bytesDropped`)',
      'and told to `damage$` as a `RemoteProtocolError` with one of these reasons. They fail no call by themselves.',
    ].join(' '),
    table(
      ['Reason', 'Meaning'],
      Object.entries(damageReasons).map(([reason, meaning]) => [code(reason), meaning]),
    ),
  ]);
}
