import { expect, test } from 'vitest';
import type { OutgoingMessage } from '../../transport/messages.ts';
import { sent } from './v2-messages.ts';

const blob = Buffer.from([0xff, 0, 0xfe, 1]);
const request = (params: unknown): OutgoingMessage => ({ type: 'request', tag: 'a', method: 'm', params });
const paramsOf = (params: unknown): unknown => (sent(request(params)) as { params: unknown }).params;

class Point {
  x = 1;
  toJSON(): unknown {
    return this;
  }
}

const endless = { b: 2, toJSON: (): unknown => ({ ...endless }) };

const odd: Record<string, () => unknown> = {
  'that has one of its own': () => ({ toJSON: () => ({ a: 1, toJSON: () => 'never' }) }),
  'that inherits one': () => ({ toJSON: () => new Date(0) }),
  'that has one without end': () => endless,
  'that is what was asked': () => new Point(),
  'that is a list with one': () => ({ toJSON: () => Object.assign([1, new Point()], { toJSON: () => 'never' }) }),
  'whose members have one': () => ({ toJSON: () => ({ point: new Point(), at: new Date(0), toJSON: 5 }) }),
};

test.each(Object.entries(odd))('what toJSON gives is written as JSON has it: one %s', (_, made) => {
  const asJson: unknown = JSON.parse(JSON.stringify(made()));
  expect(paramsOf(made())).toEqual(asJson);
  expect(paramsOf({ in: [made()], blob })).toEqual({ in: [asJson], blob });
});

test('byte strings in it are taken out all the same', () => {
  const given = { blob, toJSON: () => 'never' };
  expect(paramsOf({ toJSON: () => given })).toEqual({ blob });
  expect(given).toHaveProperty('toJSON');
  expect(paramsOf({ toJSON: () => Object.assign([blob], { toJSON: () => 'never' }) })).toEqual([blob]);
});

test('one that gives itself is asked no second time by who prints it', () => {
  let asked = 0;
  const itself = {
    a: 1,
    toJSON() {
      asked++;
      return this;
    },
  };
  expect(paramsOf({ itself, blob })).toEqual({ itself: { a: 1 }, blob });
  expect(asked).toBe(1);
});
