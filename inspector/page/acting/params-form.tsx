import { fieldsOf, type Field } from './fields.ts';

interface FormProps {
  readonly schema: object | undefined;
  /** What has been typed, by the name of the field. Without fields of its own: under `''`, as JSON. */
  readonly typed: Readonly<Record<string, string>>;
  readonly onTyped: (typed: Readonly<Record<string, string>>) => void;
}

/** Fields for the parameters that a schema names; where there is none, one for JSON. */
export function ParamsForm({ schema, typed, onTyped }: FormProps) {
  const fields = fieldsOf(schema);
  const type = (name: string, text: string): void => onTyped({ ...typed, [name]: text });
  if (fields === undefined) {
    return (
      <label class="field">
        <span>
          Parameters <span class="quiet">JSON; nothing for none</span>
        </span>
        <textarea rows={5} spellcheck={false} value={typed[''] ?? ''} onInput={(event) => type('', event.currentTarget.value)} />
      </label>
    );
  }
  if (fields.length === 0) return <p class="quiet">It takes no parameters.</p>;
  return (
    <>
      {fields.map((field) => (
        <label class="field" key={field.name}>
          <span>
            {field.name}
            {field.isRequired ? <b aria-label="required"> *</b> : null}{' '}
            <span class="quiet">{[field.type, field.description].filter((part) => part !== undefined && part !== '').join(' · ')}</span>
          </span>
          <Control field={field} value={typed[field.name] ?? ''} onTyped={(text) => type(field.name, text)} />
        </label>
      ))}
    </>
  );
}

function Control({ field, value, onTyped }: { field: Field; value: string; onTyped: (text: string) => void }) {
  const choices = field.type === 'boolean' ? ['true', 'false'] : field.choices;
  if (choices !== undefined) {
    return (
      <select value={value} required={field.isRequired} onChange={(event) => onTyped(event.currentTarget.value)}>
        <option value="">–</option>
        {choices.map((choice) => (
          <option key={choice} value={choice}>
            {choice}
          </option>
        ))}
      </select>
    );
  }
  if (field.type === 'json') {
    return (
      <textarea
        rows={3}
        spellcheck={false}
        required={field.isRequired}
        value={value}
        placeholder="JSON"
        onInput={(event) => onTyped(event.currentTarget.value)}
      />
    );
  }
  const shared = {
    required: field.isRequired,
    value,
    onInput: (event: { currentTarget: HTMLInputElement }) => onTyped(event.currentTarget.value),
  };
  if (field.type === 'string') return <input type="text" {...shared} />;
  return <input type="number" step={field.type === 'integer' ? '1' : 'any'} {...shared} />;
}
